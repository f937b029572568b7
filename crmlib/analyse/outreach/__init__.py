"""From offers to lists: whom to address with what, through which channel, and whom to leave alone."""
