"""What to offer each customer next, why, and whether such offers hold."""
