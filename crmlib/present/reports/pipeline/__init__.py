"""The report on pipeline: what it says, draws and shows."""
