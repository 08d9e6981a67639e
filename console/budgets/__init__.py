"""The page of budgets: where each stands, and what it is over. Kept by `configuration.budgets`, held by the gateways."""
