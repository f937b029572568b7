"""Statistical recipes that more than one room uses."""
