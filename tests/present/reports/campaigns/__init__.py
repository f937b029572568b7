"""The report on campaigns: what it says, draws and shows."""
