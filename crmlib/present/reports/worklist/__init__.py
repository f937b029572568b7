"""What to do next, as a page tells it."""
