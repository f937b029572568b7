"""Learning from tables: features, candidates, evaluation, reasons, leaks."""
