"""The report on rules: what it says, draws and shows."""
