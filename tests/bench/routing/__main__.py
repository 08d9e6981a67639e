"""How well Rungway routes, on public results of real models: `python -m tests.bench.routing --data DIR [--json]`.

Every set of DIR, known or never seen: pairs (the best model against cheaper ones), a pool, cascades on agreement; with
no labels, with some (a mean over five draws), and with all (five folds); with and without the caller's task tag.
`--across` learns on each set and routes every other that has the same models, instead.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from gateway.core.facts import Tier
from gateway.core.quality.book import Book, Reader, parse
from tests.bench.routing.across import across
from tests.bench.routing.cascades import Climbing, cascades
from tests.bench.routing.contests import pairs, pool
from tests.bench.routing.lines import Report, pair_report, pool_report
from tests.bench.routing.route import FULL, Labels, Task, known_from
from tests.bench.routing.sets import Set, read_folder
from tests.bench.routing.tables import show
from tests.bench.routing.timing import percentiles
from tests.bench.routing.write import BOOK, make

TIMED_WITH = 500  # outcomes known while decisions are timed
LABELS: tuple[Labels, ...] = (0, 100, 200, 500, 1500, FULL)


def main() -> None:
    options = asked()
    book = parse(BOOK.read_bytes())
    sets = read_folder(options.data)
    found = across(sets, Reader(book)) if options.across else reports(sets, book, options.labels, options.set)
    for report in found:
        if options.json:
            print(msgspec.json.encode(report).decode(), flush=True)
        else:
            show(report)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.routing", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="a folder of .jsonl or .jsonl.gz")
    parser.add_argument("--labels", nargs="+", type=labels, default=LABELS, help='counts, or "full"')
    parser.add_argument("--set", nargs="+", default=(), help="only these sets of the folder")
    parser.add_argument("--json", action="store_true", help="one line of JSON each")
    parser.add_argument("--across", action="store_true", help="instead: from each set to every other")
    return parser.parse_args()


def labels(text: str) -> Labels:
    return FULL if text == FULL else int(text)


def reports(
    sets: Sequence[Set], book: Book, wanted: Sequence[Labels], only: Sequence[str]
) -> Iterator[Report | Climbing]:
    for found in sets:
        if only and found.name not in only:
            continue
        reader = Reader(unseen(found, sets, book))
        for tiers, report in contests(found):
            for tag in (False, True):
                yield from measured(Task(found, tiers, tag, reader), wanted, report)
        for count in wanted:
            yield from cascades(found, count)


def contests(found: Set) -> Iterator[tuple[Mapping[str, Tier], Callable[[Task, Labels], Report]]]:
    for pair in pairs(found):
        yield pair, pair_report
    if together := pool(found):
        yield together, pool_report


def measured(
    task: Task, wanted: Sequence[Labels], report: Callable[[Task, Labels], Report]
) -> Iterator[Report]:
    """No more labels are drawn than half of the prompts, so that enough are left to try on."""
    rows = task.set.answered(task.models)
    if task.tag and not any(task.set.keys(row) for row in rows):
        return
    known = known_from(task, rows[:TIMED_WITH])
    median, worst = percentiles(
        [task.set.lines[row].prompt for row in rows], known, task.reader, task.set.keys(rows[0])
    )
    for count in wanted:
        if count == FULL or int(count) <= len(rows) // 2:
            yield replace(report(task, count), p50_ms=median, p99_ms=worst)


def unseen(found: Set, sets: Sequence[Set], book: Book) -> Book:
    """The shipped book, or where it was made from this set, too, one made from the others."""
    sources = {source.sha256 for source in book.sources}
    if found.digest not in sources:
        return book
    others = [each for each in sets if each.digest in sources and each is not found]
    return make(others) if others else book


if __name__ == "__main__":
    main()
