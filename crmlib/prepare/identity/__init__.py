"""Which records are the same customer: names and numbers made alike, compared, joined, and given a lasting id."""
