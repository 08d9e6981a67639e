"""Overview, spend, Route Optimization, overkill, and the request log."""
