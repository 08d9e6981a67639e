"""A small world of texts whose outcomes are known, to learn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.core.facts import Tier
from gateway.core.quality.book import Reader, Text, parse
from gateway.core.quality.learn import Outcome
from gateway.core.quality.sketch import sketch

RAW = (Path(__file__).parents[3] / "gateway/catalogue/quality.msgpack").read_bytes()
READER = Reader(parse(RAW))
TIERS: Mapping[str, Tier] = {"beta/large": Tier.PREMIUM, "alpha/mini": Tier.SMALL}
MODELS = {model: READER.book.standings[tier] for model, tier in TIERS.items()}
STRONG, CHEAP = MODELS


def text(words: str) -> Text:
    return READER.read(sketch(words))


def outcome(words: str, strong: float, cheap: float, *keys: str) -> Outcome:
    return Outcome(sketch=sketch(words), keys=frozenset(keys), scores={STRONG: strong, CHEAP: cheap})


def poems_and_proofs(count: int) -> list[Outcome]:
    """The strong model does both, the cheap one only poems; no two texts are the same."""
    return [each for number in range(count) for each in (poem(number), proof(number))]


def poem(number: int) -> Outcome:
    return outcome(f"Write a poem on spring and flower number {number}", 1, 1, "tag:task=poem")


def proof(number: int) -> Outcome:
    return outcome(f"Prove the theorem on graph number {number}", 1, 0, "tag:task=proof")


def untagged(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return [Outcome(sketch=each.sketch, scores=each.scores) for each in outcomes]
