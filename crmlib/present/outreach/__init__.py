"""Lists and drafts for campaigns."""
