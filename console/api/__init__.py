"""The REST interface for administration: the same actions and core types as the pages."""
