"""The report on churn: what it says, draws and shows."""
