"""Statistical recipes that more than one room uses."""

FEWEST = 30
"""Customers, deals or rows of the rarer outcome, or of either side, below which nothing is concluded."""
