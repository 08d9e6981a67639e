"""How long a tenant's answers really were, beside what was foreseen of them: by class, and by model where enough is known.

What a class usually takes (`core.output`) is where everybody begins. It grows with what was given and with what was
asked for; so what is learnt is a factor on it, not a length.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from gateway.core.facts import RequestClass, RequestFacts

ENOUGH = 50  # answers before they are believed
MOST = 100.0  # times what was foreseen


class Length(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one class: tokens of its answers over those foreseen, 1.0 is as foreseen. `models` has those that differ."""

    request_class: RequestClass
    share: float
    models: Mapping[str, float] = {}


type Lengths = Mapping[RequestClass, Length]


def lengthened(facts: RequestFacts, lengths: Lengths) -> RequestFacts:
    """With the output that is to be expected of this tenant's models; what was foreseen is kept beside it."""
    known = lengths.get(facts.request_class)
    if known is None:
        return facts
    return replace(
        facts,
        output_tokens=_times(known.share, facts),
        foreseen_tokens=facts.output_tokens,
        outputs={model: _times(share, facts) for model, share in known.models.items()},
    )


def _times(share: float, facts: RequestFacts) -> int:
    tokens = round(facts.output_tokens * share)
    return tokens if facts.max_output_tokens is None else min(tokens, facts.max_output_tokens)
