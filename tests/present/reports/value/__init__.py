"""The report on value: what it says, draws and shows."""
