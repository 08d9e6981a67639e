"""A page a file: what is asked, what the books say, and how it is laid out."""
