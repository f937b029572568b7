"""Result columns: what one is, and those of the rooms that have many."""
