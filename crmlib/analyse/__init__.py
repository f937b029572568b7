"""Floor 3: one row per customer to findings."""
