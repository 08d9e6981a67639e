"""Try a request against a draft before anything is published."""
