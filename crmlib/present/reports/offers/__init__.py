"""The report on offers: what it says, draws and shows."""
