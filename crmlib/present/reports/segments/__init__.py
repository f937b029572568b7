"""The report on segments: what it says, draws and shows."""
