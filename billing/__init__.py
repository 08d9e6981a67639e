"""What happened and what it cost: the ledger, its rollups, and questions asked of them."""
