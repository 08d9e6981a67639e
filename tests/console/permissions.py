"""Who may do what, as a table: for each route of a tenant the role that reads it, and the one that posts.

None: the route does not take that method. A route that is not here fails the test, so that nobody forgets it.
"""

from console.tenancy import Role

VIEWER, ANALYST, EDITOR, ADMIN, OWNER = Role

ROUTES: dict[str, tuple[Role | None, Role | None]] = {
    # tenants
    "members": (VIEWER, None),
    "member_invite": (None, ADMIN),
    "member_role": (None, ADMIN),
    "member_remove": (None, VIEWER),  # oneself; whom else, the action knows
    "invitation_withdraw": (None, ADMIN),
    "settings": (VIEWER, ADMIN),
    "settings_plan": (None, OWNER),
    "settings_suspend": (None, OWNER),
    "settings_resume": (None, OWNER),
    # reports
    "overview": (VIEWER, None),
    "spend": (VIEWER, None),
    "spend_export": (VIEWER, None),
    "savings": (VIEWER, None),
    "overkill": (VIEWER, None),
    "overkill_rule": (None, EDITOR),
    "underkill": (VIEWER, None),
    "underkill_rule": (None, EDITOR),
    "requests": (VIEWER, None),
    "request": (VIEWER, None),
    "dead_letters": (VIEWER, None),
    "dead_letter_retry": (None, ADMIN),
    "dead_letter_discard": (None, ADMIN),
    # routers
    "routers": (VIEWER, None),
    "router_new": (EDITOR, EDITOR),
    "router": (VIEWER, None),
    "router_floors": (VIEWER, None),
    "router_versions": (VIEWER, None),
    "router_version": (VIEWER, None),
    "router_restore": (None, EDITOR),
    "router_publish": (None, EDITOR),
    "router_switch": (None, EDITOR),
    "router_delete": (None, EDITOR),
    "router_rule": (EDITOR, EDITOR),
    "router_otherwise": (EDITOR, EDITOR),
    "router_basics": (EDITOR, EDITOR),
    "router_floor": (EDITOR, EDITOR),
    "router_test": (EDITOR, EDITOR),
    "router_arrange": (None, EDITOR),
    "router_yaml": (None, EDITOR),
    "router_check": (None, VIEWER),
    # what-if: an analyst may ask, for nothing that is served changes
    "router_what_if": (VIEWER, ANALYST),
    "router_what_if_run": (VIEWER, None),
    # alerts
    "alerts": (VIEWER, None),
    "alert_settings": (ADMIN, ADMIN),
    "alert_channel_new": (ADMIN, ADMIN),
    "alert_channel_remove": (None, ADMIN),
    "alert_test": (None, ADMIN),
    # invoices
    "provider_invoices": (VIEWER, ANALYST),
    "provider_invoice": (VIEWER, None),
    "provider_invoice_remove": (None, ANALYST),
    # statements
    "statements": (VIEWER, None),
    "statement": (VIEWER, None),
    "statement_close": (None, ADMIN),
    # budgets
    "budgets": (VIEWER, None),
    "budget_new": (ADMIN, ADMIN),
    "budget": (ADMIN, ADMIN),
    "budget_delete": (None, ADMIN),
    # keys
    "provider_keys": (VIEWER, None),
    "provider_key_new": (ADMIN, ADMIN),
    "provider_key_replace": (ADMIN, ADMIN),
    "provider_key_test": (None, ADMIN),
    "provider_key_delete": (None, ADMIN),
    "gateway_keys": (VIEWER, None),
    "gateway_key_new": (ADMIN, ADMIN),
    "gateway_key": (ADMIN, ADMIN),
    "gateway_key_replace": (None, ADMIN),
    "gateway_key_revoke": (None, ADMIN),
    "admin_tokens": (ADMIN, None),
    "admin_token_new": (ADMIN, ADMIN),
    "admin_token_revoke": (None, ADMIN),
    # catalogue
    "prices": (VIEWER, None),
    "prices_decide": (None, ADMIN),
    "prices_sheet": (VIEWER, None),
    "prices_upload": (None, ADMIN),
    "models": (VIEWER, None),
    "models_whitelist": (None, ADMIN),
    "models_preview": (None, VIEWER),
    "models_floor": (ADMIN, ADMIN),
    "models_floor_remove": (None, ADMIN),
    "model_new": (ADMIN, ADMIN),
    "model": (VIEWER, None),
    "model_save": (None, ADMIN),
    "model_remove": (None, ADMIN),
    # playground: it keeps nothing and calls nobody
    "playground": (VIEWER, VIEWER),
    # audit
    "audit": (VIEWER, None),
}
