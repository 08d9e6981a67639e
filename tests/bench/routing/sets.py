"""Public per-prompt results of models, as the harness sees them: prompts, tags, scores, costs, answers.

JSON Lines, gzipped or not, one prompt a line: `prompt_id`, `dataset`, `subset`, `prompt`, `models`: {model: {`score`,
`cost_usd`, `in_tok`, `ans`}}. What a file does not have is None or absent, and is measured without.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.core.quality.sketch import Sketch, sketch

type Doubles = NDArray[np.float64]
type Indexes = NDArray[np.intp]

ENDINGS = (".jsonl.gz", ".jsonl")
FOLDS = 5
OPENING = 256  # letters and digits by which two prompts count as one
COVERED = 0.9  # of the prompts that a model must have answered


class Result(Struct, frozen=True):
    score: float | None = None
    cost_usd: float | None = None
    ans: str | int | float | None = None


class Line(Struct, frozen=True):
    prompt: str
    models: dict[str, Result]
    prompt_id: str = ""
    dataset: str | None = None
    subset: str | None = None


class Set(Struct, frozen=True, eq=False):
    """A file's prompts. `scores`, `costs`: prompts × models, NaN where there is none."""

    name: str
    digest: str  # SHA-256 of the file
    lines: tuple[Line, ...]
    models: tuple[str, ...]
    scores: Doubles
    costs: Doubles
    sketches: tuple[Sketch, ...]
    group: Indexes  # prompts that are one and the same have one number
    fold: Indexes

    def column(self, model: str) -> int:
        return self.models.index(model)

    def answered(self, models: Sequence[str]) -> Indexes:
        """The prompts that all of them answered."""
        columns = [self.column(model) for model in models]
        return np.flatnonzero(~np.isnan(self.scores[:, columns]).any(axis=1))

    def keys(self, row: int) -> frozenset[str]:
        """What a caller's task tag would say."""
        line = self.lines[row]
        named = {"dataset": line.dataset, "subset": line.subset}
        return frozenset(f"tag:{name}={value}" for name, value in named.items() if value)


def read_folder(folder: Path) -> list[Set]:
    return [read(path) for path in sorted(folder.iterdir()) if path.name.endswith(ENDINGS)]


def read(path: Path) -> Set:
    lines = tuple(read_lines(path))
    models = tuple(sorted({model for line in lines for model in line.models}))
    scores = np.full((len(lines), len(models)), np.nan)
    costs = np.full_like(scores, np.nan)
    place = {model: column for column, model in enumerate(models)}
    for row, line in enumerate(lines):
        for model, found in line.models.items():
            scores[row, place[model]] = np.nan if found.score is None else found.score
            costs[row, place[model]] = np.nan if found.cost_usd is None else found.cost_usd
    group = groups_of([line.prompt for line in lines])
    return Set(
        name=path.name.partition(".")[0],
        digest=sha256(path.read_bytes()).hexdigest(),
        lines=lines,
        models=models,
        scores=scores,
        costs=costs,
        sketches=tuple(sketch(line.prompt) for line in lines),
        group=group,
        fold=folds_of(group, [f"{line.dataset}/{line.subset}" for line in lines]),
    )


def read_lines(path: Path) -> Iterator[Line]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as raw:
        for line in raw:
            if line.strip():
                yield msgspec.json.decode(line, type=Line, strict=False)


def groups_of(prompts: Sequence[str]) -> Indexes:
    """By their first letters, for passages come with several questions; an opening that many share says nothing."""
    plain = [re.sub(r"\W+", "", prompt).casefold() for prompt in prompts]
    openings = [text[:OPENING] for text in plain]
    common = {opening for opening, count in _counts(openings).items() if count > max(20, len(prompts) / 100)}
    names = [text if text[:OPENING] in common else text[:OPENING] for text in plain]
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.intp)


def folds_of(group: Indexes, tasks: Sequence[str]) -> Indexes:
    """Every fold has its share of every task, and no group is in two."""
    first = dict(zip(reversed(group.tolist()), reversed(tasks), strict=True))
    drawn = np.random.default_rng(0).permutation(len(first)).tolist()
    ordered = sorted(drawn, key=lambda number: first[number])
    fold = np.zeros(len(first), np.intp)
    fold[ordered] = np.arange(len(first)) % FOLDS
    return fold[group]


def _counts(names: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return counts
