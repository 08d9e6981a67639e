"""What a request is expected to cost at each model: its own usual length of answer, and what its cache holds already.

What a conversation has in a provider's cache is read at the price of a read; at every other model the same tokens
are paid for anew. So the price of leaving a model stands in what the others cost, and nothing else keeps a conversation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.core.catalogue import Model
from gateway.core.facts import Need, RequestFacts
from gateway.core.money import PER_MILLION, round_half_up
from gateway.core.price import Price, Usage, amount_of

# Tokens that models think at an effort before they answer: a guess, until a model's own answers are known.
THOUGHT: Mapping[str, int] = {"none": 0, "low": 400, "medium": 1_500, "high": 5_000}


def is_particular(facts: RequestFacts) -> bool:
    """Whether anything is expected of one model that is not of all of them."""
    return bool(facts.cached or facts.outputs or facts.marks_cache or facts.effort)


def expected_cost(model: Model, facts: RequestFacts, day: date) -> int | None:
    """Nano-dollars for the tokens expected, at the price of the day; None when the model has none."""
    amount = expected_amount(model, facts, day)
    return None if amount is None else round_half_up(amount, PER_MILLION)


def expected_amount(model: Model, facts: RequestFacts, day: date) -> int | None:
    """Millionths of nano-dollars: not rounded, so that a difference too small to be billed still orders."""
    price = model.price(day)
    return None if price is None else amount_of(price, expected_usage(model, facts, price))


def expected_usage(model: Model, facts: RequestFacts, price: Price) -> Usage:
    output = expected_output(model, facts)
    cached = cached_tokens(model, facts)
    fresh = facts.input_tokens - cached
    if facts.marks_cache and price.cache_write is not None:
        return Usage(cache_read=cached, cache_write=fresh, output=output)
    return Usage(input=fresh, cache_read=cached, output=output)


def expected_output(model: Model, facts: RequestFacts) -> int:
    """Tokens."""
    known = facts.outputs.get(model.id)
    if known is not None or not facts.effort or Need.REASONING not in model.can:
        return facts.output_tokens if known is None else known
    tokens = facts.output_tokens + THOUGHT[facts.effort]
    return tokens if facts.max_output_tokens is None else min(tokens, facts.max_output_tokens)


def cached_tokens(model: Model, facts: RequestFacts) -> int:
    """Of the prompt, those that its provider is expected to read from its cache."""
    return min(facts.cached.get(model.id, 0), facts.input_tokens)


def cache_worth(model: Model, facts: RequestFacts, day: date) -> int:
    """Nano-dollars that this request would cost more at the model had its provider nothing of it."""
    cached, price = cached_tokens(model, facts), model.price(day)
    if not cached or price is None:
        return 0
    used = expected_usage(model, facts, price)
    anew = (
        Usage(cache_write=used.prompt, output=used.output)
        if used.cache_write
        else Usage(input=used.prompt, output=used.output)
    )
    return round_half_up(amount_of(price, anew) - amount_of(price, used), PER_MILLION)
