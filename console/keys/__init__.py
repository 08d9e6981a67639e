"""Gateway keys (only a hash kept), provider keys (sealed) and admin tokens."""
