"""Routers and the versions of their policies: draft, publish, restore."""
