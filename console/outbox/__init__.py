"""Tenants whose published snapshot is behind what the console holds."""
