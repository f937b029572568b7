"""Floor 2: tables to one row per customer."""
