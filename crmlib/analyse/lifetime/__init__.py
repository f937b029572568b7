"""Purchase models, and what customers will still bring."""
