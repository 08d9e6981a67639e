from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.quality.estimate import Estimate
from gateway.core.quality.familiar import Lately
from gateway.core.quality.keep import Unreadable, pack, unpack
from gateway.core.quality.known import Known
from gateway.core.quality.learn import MOST_KEYS, Outcome, learn
from gateway.core.quality.sketch import sketch
from tests.bench.routing.measure import below_mix, order_of
from tests.bench.routing.sets import Doubles
from tests.core.quality.world import (
    CHEAP,
    MODELS,
    READER,
    STRONG,
    outcome,
    poem,
    poems_and_proofs,
    proof,
    text,
    untagged,
)

NOTHING = learn((), MODELS, READER)
POEM, PROOF = (
    text("Write a poem on spring and flower number 77"),
    text("Prove the theorem on graph number 77"),
)


def gain(known: Known, words: str, *keys: str, lot: float = 0.5) -> float:
    strong, cheap = known.rank(text(words), keys).drawn(lot)
    return float(strong - cheap)


def test_without_outcomes_the_book_speaks() -> None:
    found = NOTHING.estimate(POEM, ())
    assert {model: each.mean for model, each in found.items()} == {
        model: pytest.approx(standing.level + standing.slope * POEM.hardness, abs=1e-6)
        for model, standing in MODELS.items()
    }
    assert all(each.lower < each.mean - 0.2 for each in found.values())


def test_without_outcomes_no_cheap_model_is_sure_enough() -> None:
    found = NOTHING.estimate(POEM, ())
    assert found[CHEAP].lower < 0.95 * found[STRONG].mean


@given(st.floats(0, 1), st.floats(0, 1))
def test_without_a_signal_the_lot_alone_decides(one: float, other: float) -> None:
    """Any two texts rank as their lots: a random mix, exactly."""
    first = gain(NOTHING, "Solve for x, and say, at length, why.", lot=one)
    second = gain(NOTHING, "\\int", lot=other)
    assert (first > second) == (one > other) or abs(one - other) < 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_outcomes_of_pure_chance_do_no_harm(seed: int) -> None:
    """The order lies no further below the random mix than one of pure chance does: what was learnt is noise."""
    dice = Random(seed)
    vocabulary = ["red", "blue", "fish", "bird", "tree", "stone", "sings", "runs", "over", "under"]
    words = [" ".join(dice.choices(vocabulary, k=12)) for _ in range(600)]
    scores = [(float(dice.random() < 0.8), float(dice.random() < 0.6)) for _ in words]
    known = learn(
        [outcome(each, *score) for each, score in zip(words[:200], scores, strict=False)], MODELS, READER
    )
    rank = np.array([gain(known, each, lot=dice.random()) for each in words[200:]])
    strong, cheap = np.array(scores[200:]).T
    chances = [harm(np.random.default_rng(draw).random(400), strong, cheap) for draw in range(200)]
    assert harm(rank, strong, cheap) <= np.quantile(chances, 0.99)


def harm(rank: Doubles, strong: Doubles, cheap: Doubles) -> float:
    return below_mix(order_of(rank).chances(), strong, cheap)


def test_a_tag_is_learnt() -> None:
    known = learn(poems_and_proofs(40), MODELS, READER)
    assert gain(known, "Anything", "tag:task=proof") > 0.5 + gain(known, "Anything", "tag:task=poem")


def test_words_are_learnt_where_there_is_no_tag() -> None:
    known = learn(untagged(poems_and_proofs(40)), MODELS, READER)
    assert gain(known, "Prove the theorem on graph number 77") > 0.25 + gain(
        known, "Write a poem on spring and flower number 77"
    )


def test_a_tag_outranks_words() -> None:
    known = learn(poems_and_proofs(40), MODELS, READER)
    assert gain(known, "Write a poem on spring and flower number 77", "tag:task=proof") > gain(
        known, "Prove the theorem on graph number 77", "tag:task=poem"
    )


def test_what_was_seen_more_is_surer() -> None:
    lower = [
        learn(poems_and_proofs(count), MODELS, READER).estimate(POEM, {"tag:task=poem"})[CHEAP].lower
        for count in (2, 5, 20, 100)
    ]
    assert lower == sorted(lower)
    assert lower[-1] > lower[0] + 0.2


def test_a_tag_never_seen_makes_unsure() -> None:
    known = learn(poems_and_proofs(40), MODELS, READER)
    found, seen = (known.estimate(POEM, {key})[CHEAP] for key in ("tag:task=song", "tag:task=poem"))
    assert found.mean - found.lower > 2 * (seen.mean - seen.lower)


def test_a_tag_seen_once_is_drawn_to_the_whole() -> None:
    once = [*poems_and_proofs(40), outcome("Sing", 0, 0, "tag:task=song")]
    known = learn(once, MODELS, READER)
    assert "tag:task=song" not in known.keys
    assert known.estimate(POEM, {"tag:task=poem"})[STRONG].mean > 0.9


def test_strange_words_do_not_count() -> None:
    known = learn(untagged(poems_and_proofs(100)), MODELS, READER)
    assert known.familiar.trust(POEM) > 0.8
    assert known.familiar.trust(text("quarterly revenue reconciliation spreadsheet macros")) == 0.0


def test_a_strange_shape_does_not_count() -> None:
    known = learn(untagged(poems_and_proofs(100)), MODELS, READER)
    long = ", ".join(["Write a poem on spring and flower number 77"] * 40)
    assert known.familiar.trust(text(long)) == 0.0


def test_some_strange_texts_are_trusted_and_other_traffic_is_not() -> None:
    lately = Lately()
    assert lately.trust(0.0) == 0.0
    assert [lately.trust(float(number % 20 > 0)) for number in range(200)][-1] == 1.0
    assert lately.trust(0.0) == 1.0
    assert [lately.trust(0.0) for _ in range(200)][-1] == 0.0
    assert lately.trust(0.9) == 0.9


def test_outcomes_of_one_model_teach_nothing_of_another() -> None:
    half = [
        Outcome(sketch=each.sketch, keys=each.keys, scores={CHEAP: each.scores[CHEAP]})
        for each in poems_and_proofs(40)
    ]
    known = learn(half, MODELS, READER)
    alone = NOTHING.estimate(PROOF, {"tag:task=proof"})
    found = known.estimate(PROOF, {"tag:task=proof"})
    assert found[CHEAP].mean < 0.2
    assert found[STRONG].mean == pytest.approx(alone[STRONG].mean, abs=1e-6)


def test_models_may_have_been_judged_on_different_requests() -> None:
    some = [
        Outcome(sketch=each.sketch, keys=each.keys, scores={CHEAP: each.scores[CHEAP]})
        for each in poems_and_proofs(20)
    ]
    others = [
        Outcome(sketch=each.sketch, keys=each.keys, scores={STRONG: 1.0}) for each in poems_and_proofs(30)
    ]
    found = learn([*some, *others], MODELS, READER).estimate(PROOF, {"tag:task=proof"})
    assert found[STRONG].mean > 0.9
    assert found[CHEAP].mean < 0.2


def test_to_go_on_from_what_was_known_leads_to_the_same() -> None:
    outcomes = poems_and_proofs(60)
    fresh = learn(outcomes, MODELS, READER)
    onwards = learn(outcomes, MODELS, READER, start=learn(outcomes[:80], MODELS, READER))
    for each in (POEM, PROOF):
        one, other = (known.estimate(each, {"tag:task=poem"}) for known in (fresh, onwards))
        assert one[CHEAP].mean == pytest.approx(other[CHEAP].mean, abs=1e-2)


def test_the_keys_seen_most_are_kept() -> None:
    many = [outcome("Same", 1, 1, f"tag:user={number // 2}") for number in range(2 * MOST_KEYS + 20)]
    known = learn([*many, *(outcome("Same", 1, 0, "tag:task=proof") for _ in range(5))], MODELS, READER)
    assert len(known.keys) == MOST_KEYS
    assert "tag:task=proof" in known.keys


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=40), st.floats(0, 1), st.floats(0, 1), st.sampled_from("abc")), max_size=30
    )
)
def test_any_outcomes_give_bounds_in_order(rows: list[tuple[str, float, float, str]]) -> None:
    known = learn(
        [outcome(words, strong, cheap, f"tag:t={tag}") for words, strong, cheap, tag in rows], MODELS, READER
    )
    for each in known.estimate(POEM, {"tag:t=a", "class:coding"}).values():
        assert 0 <= each.lower <= each.mean <= 1


def test_nine_of_ten_tags_keep_above_their_bound() -> None:
    """Forty tags with accuracies of their own, twenty outcomes each: the bound is of the tag's true accuracy."""
    dice = Random(7)
    truth = {f"tag:t={number}": dice.uniform(0.3, 0.95) for number in range(40)}
    seen = [
        outcome(f"Do {tag} {number}", 1.0, float(dice.random() < right), tag)
        for tag, right in truth.items()
        for number in range(20)
    ]
    known = learn(untold(seen), MODELS, READER)
    held = [truth[tag] >= known.estimate(text("\\x"), {tag})[CHEAP].lower for tag in truth]
    assert sum(held) >= 0.85 * len(held)


def untold(outcomes: list[Outcome]) -> list[Outcome]:
    """All with the same words, so that only tags can tell them apart."""
    return [Outcome(sketch=sketch("\\x"), keys=each.keys, scores=each.scores) for each in outcomes]


def test_what_is_known_survives_being_kept() -> None:
    known = learn(poems_and_proofs(40), MODELS, READER)
    raw = pack(known)
    back = unpack(raw)
    assert pack(back) == raw
    for each in (POEM, PROOF):
        for key in ("tag:task=poem", "tag:task=new"):
            assert near(known.estimate(each, {key}), back.estimate(each, {key}))


def near(one: dict[str, Estimate], other: dict[str, Estimate]) -> bool:
    return one.keys() == other.keys() and all(
        abs(one[model].mean - other[model].mean) < 2e-3 and abs(one[model].lower - other[model].lower) < 2e-3
        for model in one
    )


def test_it_is_small_when_kept() -> None:
    assert len(pack(NOTHING)) < 1_000
    assert len(pack(learn(poems_and_proofs(100), MODELS, READER))) < 20_000


@pytest.mark.parametrize(
    "raw", [b"", b"\xc1", pack(NOTHING)[:-1], pack(learn([poem(1), proof(1)], MODELS, READER))[:200]]
)
def test_what_is_broken_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable, match="not readable"):
        unpack(raw)
