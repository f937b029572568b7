"""What could be offered to whom, as one row per customer and product."""
