"""Everything that changes keys, a module for each kind. Only admins may, and no secret reaches the audit trail."""
