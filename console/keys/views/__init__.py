"""The pages of the three kinds of key. A secret is rendered once, by the answer that made it."""
