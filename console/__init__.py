"""The Django project: a slice a noun, and in every slice the same words.

`models` store, `actions` write, `selectors` read, `forms` check what people type, `views` and `urls` show.
Slices look down, never sideways or up: api, reports, playground → publishing → routers → keys, catalogue →
tenants → audit, outbox → billing → tenancy → gateway.core.
"""
