"""Makes the book of quality from open data: `python -m tests.bench.routing.write ../shared/routing`.

The same files give the same bytes. It has the rarity of words, the scale of shapes, what shape is hard, and what a
tier can do; nothing of any single prompt or model. Sources and licences are written into it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import product
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace

from gateway.core.facts import Tier
from gateway.core.quality.book import FORMAT, IDF_STEP, Book, Source, Standing
from gateway.core.quality.sketch import FORMULAS, SHAPE, SLOTS
from tests.bench.routing.contests import single, tiered
from tests.bench.routing.sets import Doubles, Set, read_folder

BOOK = Path(__file__).parents[3] / "gateway/catalogue/quality.msgpack"
LICENCES = {
    "llmrouter_default9": "MIT",
    "mmlupro_from_mmlu": "Apache-2.0",
    "routellm_gsm8k": "Apache-2.0",
    "routellm_mmlu": "Apache-2.0",
    "routellm_mtbench": "Apache-2.0",
    "zeroeval_gsm8k": "Apache-2.0",
    "zeroeval_mathl5": "Apache-2.0",
}
# Long, with many parts, saying things twice: each may add to hardness and never take from it.
HARD = ("length", "commas", "sentences", "repetition")
GAP = 0.05  # in accuracy, between two models that are told apart
ALIKE = 0.05  # what each of them is taken to add, in deviations of the gain
AS_MUCH = 1000.0  # how many (roots of) prompts that is worth
DECIMALS = 4


def main(folder: Path) -> None:
    sets = read_folder(folder)
    if unknown := [found.name for found in sets if found.name not in LICENCES]:
        raise SystemExit(
            f"No licence is known for {', '.join(unknown)}: add it to LICENCES, or leave it out."
        )
    book = make(sets)
    BOOK.write_bytes(msgspec.msgpack.encode(book))
    print(f"{BOOK}: {BOOK.stat().st_size:,} bytes, version {book.version}")
    print(msgspec.json.format(msgspec.json.encode({"hard": book.hard, "standings": book.standings})).decode())


def make(sets: Sequence[Set]) -> Book:
    sources = [Source(found.name, found.digest, LICENCES[found.name], len(found.lines)) for found in sets]
    shapes = np.array([sketch.shape for found in sets for sketch in found.sketches], float)
    mean, deviation = np.round(shapes.mean(0), DECIMALS), np.round(shapes.std(0), DECIMALS)
    scaled = [scale(found, mean, deviation) for found in sets]
    hard = hardness_of(sets, scaled)
    book = Book(
        format=FORMAT,
        version="",
        sources=tuple(sources),
        rarity=rarity_of(sets),
        mean=tuple(mean.tolist()),
        deviation=tuple(deviation.tolist()),
        hard=tuple(hard.tolist()),
        standings=standings_of(
            sets, [np.where(is_plain(s), z @ hard, 0.0) for s, z in zip(sets, scaled, strict=True)]
        ),
    )
    return replace(book, version=sha256(msgspec.msgpack.encode(book)).hexdigest()[:12])


def scale(found: Set, mean: Doubles, deviation: Doubles) -> Doubles:
    shapes = np.array([sketch.shape for sketch in found.sketches], float)
    return np.clip((shapes - mean) / deviation, -3, 3)


def is_plain(found: Set) -> Doubles:
    """Which prompts have no formulas: only of those does shape say how hard they are."""
    return np.array([sketch.shape[FORMULAS] == 0 for sketch in found.sketches])


def rarity_of(sets: Sequence[Set]) -> bytes:
    """The logarithm of how rarely a slot occurs in a prompt, a byte a slot."""
    prompts, counts = 0, np.zeros(SLOTS)
    for found in sets:
        for sketch in found.sketches:
            counts[sketch.slots] += 1
        prompts += len(found.sketches)
    rarity = np.log((1 + prompts) / (1 + counts)) + 1
    return bytes(np.clip(np.round(rarity / IDF_STEP), 0, 255).astype(np.uint8).tobytes())


def hardness_of(sets: Sequence[Set], scaled: Sequence[Doubles]) -> Doubles:
    """Weights of shape that rank prompts by what a better model gains; every set counts alike, however long."""
    columns = [SHAPE.index(name) for name in HARD]
    moments, products = AS_MUCH * np.eye(len(columns)), np.full(len(columns), AS_MUCH * ALIKE)
    for found, shapes in zip(sets, scaled, strict=True):
        plain = np.flatnonzero(is_plain(found))
        gain = gain_of(found)
        if gain is None or len(plain) < 50:
            continue
        rows = shapes[np.ix_(plain, columns)]
        rows, wanted = rows - rows.mean(0), gain[plain] - gain[plain].mean()
        moments += rows.T @ rows / len(plain) ** 0.5
        products += rows.T @ wanted / (wanted.std() * len(plain) ** 0.5)
    weights = np.zeros(len(SHAPE))
    weights[columns] = non_negative(moments, products)
    every = np.concatenate([s[is_plain(f)] @ weights for f, s in zip(sets, scaled, strict=True)])
    return np.round(weights / every.std(), DECIMALS)


def gain_of(found: Set) -> Doubles | None:
    """What the better of two models gains on each prompt, a mean over all pairs that differ."""
    whole = [column for column in range(len(found.models)) if not np.isnan(found.scores[:, column]).any()]
    means = {column: found.scores[:, column].mean() for column in whole}
    pairs = [(a, b) for a, b in product(whole, whole) if means[a] - means[b] > GAP]
    if not pairs:
        return None
    return np.mean([found.scores[:, a] - found.scores[:, b] for a, b in pairs], axis=0)


def non_negative(moments: Doubles, products: Doubles) -> Doubles:
    """Least squares with no weight below zero, by coordinates."""
    weights = np.zeros(len(products))
    for _ in range(500):
        for place in range(len(weights)):
            rest = products[place] - moments[place] @ weights + moments[place, place] * weights[place]
            weights[place] = max(0.0, rest / moments[place, place])
    return weights


def standings_of(sets: Sequence[Set], hardness: Sequence[Doubles]) -> Mapping[Tier, Standing]:
    """Better with every tier, and losing less where it is hard."""
    found: dict[Tier, list[tuple[float, float]]] = {tier: [] for tier in Tier}
    for each, hard in zip(sets, hardness, strict=True):
        for tier, level, slope in levels(each, hard):
            found[tier].append((level, slope))
    known = {tier: np.mean(values, axis=0) for tier, values in found.items() if values}
    levels_up = np.maximum.accumulate([known[tier][0] for tier in Tier])
    slopes_up = np.maximum.accumulate([known[tier][1] for tier in Tier])
    return {
        tier: Standing(round(float(level), DECIMALS), round(min(float(slope), 0.0), DECIMALS))
        for tier, level, slope in zip(Tier, levels_up, slopes_up, strict=True)
    }


def levels(found: Set, hardness: Doubles) -> Iterator[tuple[Tier, float, float]]:
    """A model's tier (by the rank of its cost in the set), accuracy, and slope against hardness."""
    ranked = sorted(points := single(found), key=lambda model: points[model])
    for model, tier in (tiered(ranked) if len(ranked) > 1 else {}).items():
        scores = found.scores[:, found.column(model)]
        rows = ~np.isnan(scores)
        spread = hardness[rows].var()
        slope = np.cov(hardness[rows], scores[rows])[0, 1] / spread if spread else 0.0
        yield tier, float(scores[rows].mean()), float(slope)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
