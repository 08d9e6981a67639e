"""The root of the errors whose message is all that a person at the terminal needs."""


class Refused(Exception):
    """Says what stands in the way, and what to do about it."""
