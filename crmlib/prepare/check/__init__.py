"""Raw values to typed rows; what was set aside, and why."""
