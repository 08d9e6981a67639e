"""Everything that changes keys, a module for each kind. Only admins may; the audit trail gets no secret."""
