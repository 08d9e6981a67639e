"""The tests mirror the code, and run on real PostgreSQL and Valkey."""
