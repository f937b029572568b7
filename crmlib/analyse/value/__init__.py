"""What customers are worth."""
