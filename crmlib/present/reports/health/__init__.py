"""The report on health: what it says, draws and shows."""
