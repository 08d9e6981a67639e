"""How well and how fast the classifier does: `python -m tests.bench.classify [FOLDER OF PUBLIC ROUTING DATA]`.

On the labelled prompts: accuracy, a confusion table, whether confidence is honest. On public per-prompt results of
two models, if a folder is given: whether difficulty finds the prompts on which the cheap one fails.
"""

from __future__ import annotations

import gzip
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

import msgspec

from gateway.core.classify import Classification, Prompt, Turn, classify
from gateway.core.facts import RequestClass
from tests.core.classify_cases import Case, cases, in_band, is_right

Result = tuple[Case, Classification]

PUBLIC = {"routellm_mmlu": "MMLU", "routellm_gsm8k": "GSM8K", "routellm_mtbench": "MT-Bench"}
STRONG = "gpt-4-1106-preview"
TEXTS = {
    "plain": "The battery lasts all day and the screen is gorgeous, although the charger was missing from the box. ",
    "code": "def f(x, y):\n    total = 0\n    for i in range(10):\n        total += x[i] * y[i]\n    return total\n\n",
    "dense": "A patient, 45 years old, presents with chest pain; should we weigh the risks and benefits, and why? ",
    "Chinese": "昨天,市政府宣布将在三年内把所有公交车换成电动车,请总结并分析预计费用。",
}


def main() -> None:
    for name in ("dev", "heldout"):
        report_cases(name)
    report_speed()
    for folder in sys.argv[1:]:
        report_public(Path(folder))


def report_cases(name: str) -> None:
    results = [(case, case.seen) for case in cases(name)]
    right = sum(is_right(*result) for result in results)
    banded = sum(in_band(*result) for result in results)
    print(
        f"\n{name}: {len(results)} prompts, {right / len(results):.1%} right, {banded / len(results):.1%} in their band"
    )
    print_confusion(results)
    print_calibration(results)


def print_confusion(results: Sequence[Result]) -> None:
    """Rows are what was wanted, columns what was seen."""
    counts = Counter((case.wanted, seen.request_class) for case, seen in results)
    names = list(RequestClass)
    print(" " * 16 + " ".join(f"{name[:6]:>6}" for name in names))
    for wanted in names:
        row = (counts[wanted, seen] for seen in names)
        print(f"{wanted:>15} " + " ".join(f"{count or '·':>6}" for count in row))


def print_calibration(results: Sequence[Result]) -> None:
    known = [(seen.confidence, is_right(case, seen)) for case, seen in results]
    print("confidence      prompts   said  right")
    for low in (0.0, 0.5, 0.6, 0.7, 0.8, 0.9):
        high = 0.5 if low == 0 else low + 0.1
        found = [(said, right) for said, right in known if low <= said < high or (said == high == 1)]
        if found:
            said, right = (sum(column) / len(found) for column in zip(*found, strict=True))
            print(f"{low:.1f} to {high:.1f} {len(found):>12} {said:>6.2f} {right:>6.2f}")


def report_speed() -> None:
    sizes = (100, 1_024, 4_096, 102_400)
    print("\nmicroseconds, median (fastest)" + " ".join(f"{size:>14,}" for size in sizes))
    for name, text in TEXTS.items():
        times = [time_of("Analyse this: " + (text * (size // len(text) + 1))[:size]) for size in sizes]
        print(f"{name:>30}" + " ".join(f"{usual:>8.0f} ({best:>3.0f})" for usual, best in times))


def time_of(text: str) -> tuple[float, float]:
    prompt = Prompt(turns=(Turn("user", text),))
    times = [microseconds(prompt) for _ in range(300)]
    return median(times), min(times)


def microseconds(prompt: Prompt) -> float:
    start = perf_counter()
    classify(prompt)
    return (perf_counter() - start) * 1e6


class PublicPrompt(msgspec.Struct, frozen=True):
    prompt: str
    models: dict[str, dict[str, float | int | str | None]]

    def score(self, *, strong: bool) -> float:
        return next(
            float(found["score"] or 0) for name, found in self.models.items() if (name == STRONG) is strong
        )


def report_public(folder: Path) -> None:
    print(f"\n{'difficulty finds failures':>30}    AUC   APGR   (0.5 is chance)")
    for file, name in PUBLIC.items():
        rows = list(read_public(folder / f"{file}.jsonl.gz"))
        seen = [classify(Prompt(turns=(Turn("user", row.prompt),))) for row in rows]
        difficulty = [found.difficulty for found in seen]
        classes = Counter(found.request_class.value for found in seen).most_common(4)
        auc = area_under_curve(difficulty, [row.score(strong=False) < 0.5 for row in rows])
        print(f"{name:>30} {auc:>6.3f} {area_of_gain(difficulty, rows):>6.3f}   {dict(classes)}")


def read_public(path: Path) -> Iterator[PublicPrompt]:
    with gzip.open(path) as lines:
        for line in lines:
            yield msgspec.json.decode(line, type=PublicPrompt)


def area_under_curve(scores: Sequence[float], failed: Sequence[bool]) -> float:
    """The chance that a failed prompt scores above another; ties count half."""
    ranked = sorted(zip(scores, failed, strict=True))
    rank_of: dict[float, float] = {}
    for rank, (score, _) in enumerate(ranked, 1):
        first = rank_of.setdefault(score, rank)
        rank_of[score] = first
    last = {score: rank for rank, (score, _) in enumerate(ranked, 1)}
    failures = sum(failed)
    ranks = sum((rank_of[score] + last[score]) / 2 for score, is_failure in ranked if is_failure)
    return (ranks - failures * (failures + 1) / 2) / (failures * (len(ranked) - failures))


def area_of_gain(scores: Sequence[float], rows: Sequence[PublicPrompt]) -> float:
    """APGR: the gap to the strong model recovered when the hardest go to it first, averaged over all shares."""
    dice = Random(0)
    order = sorted(range(len(rows)), key=lambda index: (-scores[index], dice.random()))
    gains = [rows[index].score(strong=True) - rows[index].score(strong=False) for index in order]
    gap, recovered, area = sum(gains), 0.0, 0.0
    for gain in gains:
        area += recovered + gain / 2
        recovered += gain
    return area / gap / len(gains)


if __name__ == "__main__":
    main()
