"""What customers say: concerns of deals, satisfaction, attitude, interest."""
