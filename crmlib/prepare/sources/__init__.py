"""Raw exports of every kind, as views of the engine."""
