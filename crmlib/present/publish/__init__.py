"""Pages, the index of a run, and publishing by one rename."""
