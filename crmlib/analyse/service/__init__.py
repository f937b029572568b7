"""Service: how fast cases are answered and solved, and which products cause them."""
