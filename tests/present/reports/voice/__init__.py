"""The report on leads: what it says, draws and shows."""
