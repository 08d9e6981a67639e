"""Bills of providers, uploaded and held against the ledger."""
