"""How much of what real providers and callers said comes through: `python -m tests.bench.recorded --wire FOLDER`.

Per protocol of the recordings: rows, and how many of them hold, in per cent. `-v` names every row that does not.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from tests.recorded.claims import REFUSED, Finding, findings
from tests.recorded.exchanges import exchanges


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--wire", type=Path, required=True, help="a folder of recordings, *.jsonl or *.jsonl.gz"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="name every row that does not hold")
    arguments = parser.parse_args()
    found = [finding for row in exchanges(arguments.wire) for finding in findings(row)]
    report(found)
    if arguments.verbose:
        for finding in found:
            if finding.problem not in {"", REFUSED}:
                print(f"{finding.row.id} {finding.claim} {finding.other}: {finding.problem}")


def report(found: list[Finding]) -> None:
    all_of, held, refused = (
        Counter[tuple[str, str, str]](),
        Counter[tuple[str, str, str]](),
        Counter[tuple[str, str, str]](),
    )
    for finding in found:
        key = (finding.claim, finding.row.protocol, finding.other)
        all_of[key] += 1
        held[key] += finding.problem in {"", REFUSED}
        refused[key] += finding.problem == REFUSED
    print(f"{'claim':<26}{'recorded':<26}{'in':<18}{'rows':>6}{'hold':>8}{'of which refused':>18}")
    for key in sorted(all_of):
        claim, protocol, other = key
        share = 100 * held[key] / all_of[key]
        print(f"{claim:<26}{protocol:<26}{other:<18}{all_of[key]:>6}{share:>7.1f}%{refused[key] or '':>18}")


if __name__ == "__main__":
    main()
