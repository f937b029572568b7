"""One room a report: say (claims), draw (pictures), show (tables)."""
