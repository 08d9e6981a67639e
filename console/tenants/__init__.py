"""Tenants, their members and roles, invitations and plans."""
