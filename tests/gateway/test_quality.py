"""A rule that asks for quality, through the gateway: what answers, and what is told of the answers that were judged."""

from pathlib import Path

import msgspec
import pytest
from redis import Redis

from gateway.core.conditions import Condition
from gateway.core.demand import Quality
from gateway.core.facts import Tier
from gateway.core.policy import Cascade, Check, Otherwise, Policy, Rule, Unsure
from gateway.core.quality.book import Reader, parse
from gateway.core.quality.keep import pack, pack_sketch
from gateway.core.quality.learn import Outcome, learn
from gateway.core.quality.sketch import sketch
from gateway.expecting import BOOK, expects_of
from tests.gateway.world import MODELS, misbehaving, serving_gateway, snapshot

CHECKED = Cascade(up_to=Tier.PREMIUM, checks=(Check(not_refusal=True),))
POLICY = Policy(
    baseline="openai/gpt-5",
    rules=(
        Rule(name="tried out", when=Condition(tag={"team": "trial"}), tier=Tier.LIGHTWEIGHT, cascade=CHECKED),
    ),
    otherwise=Otherwise(quality=Quality(at_least="0.9 of baseline"), cascade=CHECKED),
    unsure=Unsure(tier=Tier.PREMIUM, confidence_below=0.0),
)


def known() -> bytes:
    """The nano model has done all of 400 requests."""
    reader = Reader(parse(BOOK.read_bytes()))
    standing = reader.book.standings[Tier.LIGHTWEIGHT]
    outcomes = [
        Outcome(sketch=sketch(f"Say hello to guest {n}"), scores={"openai/gpt-5-nano": 1.0})
        for n in range(400)
    ]
    return pack(learn(outcomes, {"openai/gpt-5-nano": standing}, reader))


@pytest.mark.parametrize(("is_known", "model"), [(False, "openai/gpt-5"), (True, "openai/gpt-5-nano")])
async def test_the_baseline_answers_until_another_has_shown_what_it_can(
    *, is_known: bool, model: str, redis: Redis, tmp_path: Path
) -> None:
    tenant = snapshot(("support", POLICY), known=known() if is_known else b"")
    async with serving_gateway(redis, tmp_path, tenant) as served:
        raw = await (await served.chat()).chat.completions.with_raw_response.create(
            model="x", messages=[{"role": "user", "content": "Say hello to guest 7"}]
        )
        (settled,) = await served.settled()
    assert raw.headers["x-rungway-model"] == model
    assert settled.facts.expected["openai/gpt-5"].mean > 0.6
    assert settled.evidence is not None
    assert settled.evidence.scores == {model: 1.0}
    assert settled.evidence.sketch == pack_sketch(sketch("Say hello to guest 7"))
    assert settled.evidence.keys[0] == f"class:{settled.facts.request_class.value}"


async def test_a_rejected_answer_is_evidence_too(redis: Redis, tmp_path: Path) -> None:
    tenant = snapshot(("support", POLICY), models=(*MODELS, misbehaving("refuse")))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        await (await served.chat()).chat.completions.create(
            model="x",
            messages=[{"role": "user", "content": "Say hello"}],
            extra_headers={"x-rungway-tag-team": "trial"},
        )
        (settled,) = await served.settled()
    assert settled.evidence is not None
    assert settled.evidence.scores == {"openai/refuse": 0.0, "openai/gpt-5-mini": 1.0}
    assert "tag:team=trial" in settled.evidence.keys
    assert b"hello" not in msgspec.json.encode(settled.evidence).lower()


@pytest.mark.parametrize(
    ("cascade", "scores"),
    [(None, None), (msgspec.structs.replace(CHECKED, stream_unchecked=True), {"openai/gpt-5": 1.0})],
)
async def test_only_an_answer_that_was_judged_is_evidence_be_it_after_it_was_sent(
    cascade: Cascade | None, scores: dict[str, float] | None, redis: Redis, tmp_path: Path
) -> None:
    policy = msgspec.structs.replace(
        POLICY, rules=(), otherwise=msgspec.structs.replace(POLICY.otherwise, cascade=cascade)
    )
    async with serving_gateway(redis, tmp_path, snapshot(("support", policy))) as served:
        stream = await (await served.chat()).chat.completions.create(
            model="x", messages=[{"role": "user", "content": "Say hello"}], stream=True
        )
        async for _ in stream:
            pass
        (settled,) = await served.settled()
    assert (settled.evidence and settled.evidence.scores) == scores
    assert settled.facts.expected


async def test_a_router_without_such_a_rule_keeps_nothing_of_the_text(redis: Redis, tmp_path: Path) -> None:
    policy = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, cascade=CHECKED))
    async with serving_gateway(redis, tmp_path, snapshot(("support", policy))) as served:
        await (await served.chat()).chat.completions.create(
            model="x", messages=[{"role": "user", "content": "Say hello"}]
        )
        (settled,) = await served.settled()
    assert (settled.evidence, settled.facts.expected) == (None, {})


def test_what_cannot_be_read_leaves_the_book() -> None:
    tenant = snapshot(("support", POLICY), known=b"not readable")
    expects = expects_of(tenant)
    assert expects is not None
    assert expects("Say hello", (), MODELS).quality.keys() == {model.id for model in MODELS}
    assert expects_of(snapshot(("support", Policy()))) is None
