"""One customer on one page."""
