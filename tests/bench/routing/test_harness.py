"""The harness on a set that it has never seen: made here, of two kinds of work, one of which needs the strong model."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.bench.routing.sets import FOLDS, Set, groups_of, read

LINES = 240
NOUNS = ["river", "table", "engine", "garden", "window", "letter", "market", "signal", "bridge", "winter"]
SOURCE = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    dice = Random(3)
    lines = [json.dumps(line(number, dice)) for number in range(LINES)]
    (folder / "made_up.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def line(number: int, dice: Random) -> dict[str, Any]:
    hard = number % 2 == 0
    nouns = " ".join(dice.choices(NOUNS, k=8))
    right = str(number)
    spared = {"tiny": not hard, "small": not hard or dice.random() < 0.2, "large": True}
    cost = {"tiny": 0.001, "small": 0.002, "large": 0.02}
    return {
        "prompt_id": f"p{number}",
        "dataset": "made-up",
        "subset": "prove" if hard else "list",
        "prompt": f"{'Prove a theorem about' if hard else 'List words like'} {nouns} {number}",
        "models": {
            model: {
                "score": int(known),
                "cost_usd": cost[model],
                "ans": right if known else f"{model} is lost",
            }
            for model, known in spared.items()
        },
    }


@pytest.fixture(scope="module")
def reports(folder: Path) -> list[dict[str, Any]]:
    command = [
        sys.executable,
        "-m",
        "tests.bench.routing",
        "--data",
        str(folder),
        "--labels",
        "0",
        "60",
        "full",
        "--json",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=SOURCE)
    return [json.loads(line) for line in run.stdout.splitlines()]


def of(reports: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [report for report in reports if report.get(kind)]


def test_a_line_a_pair_a_label_count_and_with_or_without_the_tag(reports: list[dict[str, Any]]) -> None:
    seen = [(tuple(each["pair"]), each["labels"], each["tag"]) for each in of(reports, "pair")]
    assert sorted(seen, key=str) == sorted(
        product([("large", "tiny"), ("large", "small")], (0, 60, "full"), (False, True)), key=str
    )
    fields = {
        "set",
        "pair",
        "labels",
        "tag",
        "apgr",
        "cpt50",
        "cpt80",
        "saved_at_equal",
        "at",
        "mix",
        "oracle",
        "p50_ms",
        "p99_ms",
    }
    assert all(fields <= each.keys() for each in reports if "cascade" not in each)
    assert all(set(each["at"]) == {"-30", "-50", "-70"} for each in of(reports, "pair"))


def test_what_can_be_learnt_is_learnt(reports: list[dict[str, Any]]) -> None:
    """Half of the prompts need the strong model: the best order has area 0.75, and half of the cost is enough."""
    full = [each for each in of(reports, "pair") if each["labels"] == "full" and each["pair"][1] == "tiny"]
    assert [each["apgr"] for each in full] == [pytest.approx(0.75, abs=0.001)] * 2
    for each in full:
        assert each["saved_at_equal"] == pytest.approx(0.475, abs=0.02)
        assert -0.02 <= each["equal_by"] <= 0  # the threshold is another fold's
    assert all(each["at"]["-30"] == 1.0 and each["oracle"]["-30"] == 1.0 for each in full)
    assert all(each["mix"]["-30"] == pytest.approx(0.842, abs=0.001) for each in full)


def test_without_labels_it_is_the_random_mix(reports: list[dict[str, Any]]) -> None:
    cold = [each for each in of(reports, "pair") if each["labels"] == 0]
    assert all(abs(each["at"][budget] - each["mix"][budget]) < 0.05 for each in cold for budget in each["at"])


def test_the_pool_and_the_cascade(reports: list[dict[str, Any]]) -> None:
    pool = next(each for each in of(reports, "pool") if each["labels"] == "full" and each["tag"])
    assert pool["pool"] == ["tiny", "small", "large"]
    assert pool["saved_at_equal"] > 0.4
    cascade = next(
        each for each in of(reports, "cascade") if each["labels"] == "full" and each["within"] == 0.5
    )
    assert sorted(cascade["cascade"][:2]) == ["small", "tiny"]
    assert cascade["accuracy"] == 1.0
    assert cascade["right_if_agreeing"] == 1.0


def test_the_same_prompt_is_never_in_two_folds(folder: Path) -> None:
    found = read(folder / "made_up.jsonl")
    assert found.fold.max() == FOLDS - 1
    assert len(set(zip(found.group.tolist(), found.fold.tolist(), strict=True))) == found.group.max() + 1


def test_like_openings_are_one_group_unless_all_open_alike() -> None:
    passage = "Once upon a time " * 30
    assert groups_of([passage + "Who?", passage + "When?", "Where?", "where"]).tolist() == [0, 0, 1, 1]
    assert groups_of([f"{passage}{number}" for number in range(30)]).tolist() == list(range(30))


def test_what_a_file_lacks_is_measured_without(tmp_path: Path) -> None:
    file = tmp_path / "bare.jsonl"
    file.write_text(
        '{"prompt": "a", "models": {"x": {"score": 1}}}\n\n{"prompt": "b", "models": {"y": {"score": null}}}\n'
    )
    found: Set = read(file)
    assert found.models == ("x", "y")
    assert found.answered(["x"]).tolist() == [0]
    assert found.keys(0) == frozenset()
