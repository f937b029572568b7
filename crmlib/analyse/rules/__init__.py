"""What is bought together."""
