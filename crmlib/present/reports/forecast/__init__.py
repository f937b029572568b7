"""The report on forecast: what it says, draws and shows."""
