"""What is to come: won deals, sales, and how both stand against the plan."""
