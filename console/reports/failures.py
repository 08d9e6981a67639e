"""What went wrong with a request or an attempt, in words, and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """`view` is the page of the tenant where the remedy is, `action` what its link is called."""

    told: str
    remedy: str
    view: str = ""
    action: str = ""


_STATUS = "Look at the provider's status page; another model on the same rung would have been tried next."
_PROVIDER_KEYS = ("provider_keys", "Provider keys")
_GATEWAY_KEYS = ("gateway_keys", "Gateway keys")
_BUDGETS = ("budgets", "Budgets")
_ROUTERS = ("routers", "Routers")
_MODELS = ("models", "Models")

FAILURES: Mapping[str, Failure] = {
    "upstream_error": Failure("The provider failed to answer.", _STATUS),
    "upstream_timeout": Failure(
        "The provider did not answer in time.",
        "Give the router a second model of the same tier, or the caller a longer x-rungway-timeout-ms.",
        *_ROUTERS,
    ),
    "upstream_invalid_response": Failure(
        "The provider's answer could not be read.",
        "For a provider of your own: check that its base URL leads to the API and not to a web page.",
        *_PROVIDER_KEYS,
    ),
    "upstream_rate_limited": Failure(
        "The provider's rate limit was reached.",
        "Ask the provider for a higher limit, or give the router a model of another provider to fall back to.",
        *_ROUTERS,
    ),
    "provider_quota_exhausted": Failure(
        "The account at the provider has no credit or quota left.",
        "Add credit there. Until then the router's other models answer, where it has any.",
    ),
    "provider_invalid_request": Failure(
        "The provider refused the request as wrong.",
        "The caller was told what the provider objects to; change the request.",
    ),
    "provider_credentials_invalid": Failure(
        "The provider refused the key that is stored for it.",
        "Replace the key by one that is valid, then test it.",
        *_PROVIDER_KEYS,
    ),
    "credential_unavailable": Failure(
        "The stored provider key could not be opened.",
        "The gateway has another master key than the one that sealed it: put the old one back behind the "
        "new one in MASTER_KEYS, or enter the provider key again.",
        *_PROVIDER_KEYS,
    ),
    "upstream_redirect_refused": Failure(
        "The provider answered with a redirect, which is never followed.",
        "Change the key's base URL to the address that the redirect leads to.",
        *_PROVIDER_KEYS,
    ),
    "untranslatable": Failure(
        "The request says something for which this provider's protocol has no words.",
        "Let the rule lead to a model whose provider speaks the caller's protocol.",
        *_ROUTERS,
    ),
    "no_eligible_model": Failure(
        "The policy left no model that could serve the request.",
        "The table below says why each was left out: widen the whitelist, lower the floor, or connect a key.",
        *_MODELS,
    ),
    "context_length_exceeded": Failure(
        "The prompt was longer than the context of every allowed model.",
        "Allow a model with a longer context, or let the caller send less.",
        *_MODELS,
    ),
    "rate_limit_exceeded": Failure(
        "The gateway key had reached its requests or tokens per minute.",
        "Raise the key's limits, or let the application wait as retry-after says. One refusal a second is listed.",
        *_GATEWAY_KEYS,
    ),
    "budget_exceeded": Failure(
        "A budget that blocks at its limit was spent.",
        "Raise the budget, or wait for its next period.",
        *_BUDGETS,
    ),
    "budget_reserved": Failure(
        "What was left of a budget was reserved by requests under way.",
        "Nothing: the caller may try again. If it happens often, the budget is nearly spent.",
        *_BUDGETS,
    ),
    "overloaded": Failure(
        "The gateway had too much to do.",
        "Callers may try again. If it happens often, run more gateway processes (GATEWAY_WORKERS).",
    ),
    "draining": Failure(
        "The gateway was shutting down.", "Nothing: the caller was told to try again, and another took over."
    ),
    "accounting_unavailable": Failure(
        "Usage could not be recorded, so no request was taken.",
        "The gateway's disk is full or read-only: make room in its spool folder.",
    ),
    "config_unavailable": Failure(
        "The gateway had no configuration yet.", "Check that it reaches Redis, then let the caller try again."
    ),
    "unavailable": Failure("The gateway could not take requests.", "The caller may try again."),
    "internal_error": Failure(
        "The gateway itself failed.", "The gateway's log names the place under this request's id."
    ),
    "client_cancelled": Failure(
        "The caller hung up before the answer was complete.",
        "What the provider had written by then is on its bill, and so on yours. A longer time-out in the "
        "application helps.",
    ),
    "interrupted": Failure(
        "The gateway stopped while the request was under way.", "Compare with the provider's own bill."
    ),
}

OBJECTIONS: Mapping[str, str] = {
    "not_refusal": "the answer refused to do it",
    "json_valid": "the answer was not valid JSON",
    "regex": "the answer did not match the pattern",
    "mean_logprob": "the model was not sure of its own words",
    "judge": "the judge scored it too low",
    "not_hedging": "the answer was not sure of itself",
    "schema_valid": "the answer did not follow the request's schema",
    "tool_arguments_valid": "a tool was called otherwise than it is declared",
    "length": "the answer was too long or too short",
    "margin": "other words were nearly as likely",
    "agreement": "the other model came to something else",
    "self_agreement": "the model came to something else when asked again",
    "webhook": "the validator did not let it pass",
    "unchecked_first_rung": "sent as it came, before its checks: the first rung is streamed at once",
    "unchecked_too_long": "longer than is held back of a stream, so it was sent before its checks",
    "unchecked_cap": "sent without all of its checks: the budget set apart for them is spent",
    "checks_cap": "not checked: the budget set apart for checks is spent, and answers climb then",
    "hedged": "another model began to answer first",
    "agrees": "came to the same",
    "differs": "came to something else",
    "no check could tell": "no check could tell",
}


def failure_of(code: str) -> Failure | None:
    """None where nothing failed; a code of a later or older version is said as it is."""
    return FAILURES.get(code, Failure(f"It ended with {code}.", "")) if code else None


def because(reason: str) -> str:
    """Why an attempt was rejected or failed, for a table's cell; what is no code stays as it is."""
    if reason in FAILURES:
        return FAILURES[reason].told.rstrip(".")
    return OBJECTIONS.get(reason, reason)
