"""Who the customers are, and what to do for each."""
