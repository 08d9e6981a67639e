"""Who did what: one row for each write."""
