"""The report on customers: what it says, draws and shows."""
