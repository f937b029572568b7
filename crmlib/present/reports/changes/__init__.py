"""The report on what changed, and why."""
