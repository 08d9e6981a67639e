"""Spending held to budgets: the scripts that Redis runs, and what a gateway knows by itself while Redis is away.

A call is paid for out of every account that it falls under, or out of none. Before it, the worst it may cost is held;
after it, what was paid takes that place; when the ledger has it, it is part of the ledger's sum (`billing.holding`).
What a gateway holds is let go when the gateway has been silent for a minute.
"""
