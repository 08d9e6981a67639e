"""What a tenant may use: whitelist, floors, custom models, price overrides."""
