"""Service: how it does, what it costs, and whom to call before a case."""
