"""Facts with what is to be expected of each model: how long its answers are, and how good, where a rule asks for that.

Estimates are kept with the facts, not what they were made of: a replay decides on the same numbers, whatever has
been learnt since, and needs neither the text nor the book.
"""

from __future__ import annotations

from msgspec.structs import replace

from gateway.core.facts import ModelKind, RequestFacts, Tier
from gateway.core.lengths import lengthened
from gateway.core.prompt import Prompt
from gateway.core.router import Router


def foresee(facts: RequestFacts, prompt: Prompt, router: Router) -> tuple[RequestFacts, bytes]:
    """And the sketch of the text that was judged by, empty where none was made."""
    if router.lengths and facts.kind is ModelKind.CHAT:
        facts = lengthened(facts, router.lengths)
    if router.expects is None or facts.kind is not ModelKind.CHAT:
        return facts, b""
    models = router.benches[ModelKind.CHAT][Tier.LOCAL].models
    foreseen = router.expects(asked_in(prompt), keys_of(facts), models)
    return replace(facts, expected=foreseen.quality), foreseen.sketch


def asked_in(prompt: Prompt) -> str:
    """What is asked for now: the last thing that the user said."""
    users = (turn.text for turn in reversed(prompt.turns) if turn.role == "user" and turn.text)
    return next(users, prompt.turns[-1].text if prompt.turns else "")


def keys_of(facts: RequestFacts) -> tuple[str, ...]:
    """What a request is known by beside its words, in the spelling of `quality.learn`."""
    own = (f"semantic:{facts.semantic}",) if facts.semantic else ()
    tags = (f"tag:{name}={value}" for name, value in sorted(facts.tags.items()))
    return (f"class:{facts.request_class.value}", *own, *tags)
