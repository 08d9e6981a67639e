"""Real exchanges, held against what the gateway makes of them."""
