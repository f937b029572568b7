"""Floor 1: raw exports to trustworthy tables."""
