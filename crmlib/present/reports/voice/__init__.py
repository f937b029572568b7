"""The report on what customers say."""
