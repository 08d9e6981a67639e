"""What is known of a conversation's caches, and that a conversation stays where its cache is worth more than moving."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import msgspec
import pytest
from openai.types.chat import ChatCompletionMessageParam
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from gateway import conversations
from gateway.conversations import FEWEST, Conversations
from gateway.core.conditions import Condition
from gateway.core.facts import RequestFacts, Tier
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.money import nano
from gateway.core.policy import Otherwise, Policy, Rule
from gateway.core.price import Usage, UsageSource
from gateway.core.prompt import Prompt, Turn
from gateway.gossip import CHANNEL, Gossip
from tests.core.build import facts, price
from tests.gateway.upstream import until
from tests.gateway.world import model, serving_gateway, snapshot

SYSTEM = Turn("system", "s" * 8_000)
ASKED = (SYSTEM, Turn("user", "u" * 1_000))
NEXT = (*ASKED, Turn("assistant", "a" * 500), Turn("user", "v" * 500))
MODELS = {
    each.id: each
    for each in (
        model("openai/auto", Tier.MID, None, prices=(price(2, 8, cache_read=nano(0.2)),)),
        model(
            "anthropic/marked",
            Tier.MID,
            None,
            prices=(price(2, 8, cache_read=nano(0.2), cache_write=nano(2.5)),),
        ),
        model("openai/none", Tier.MID, (2, 8)),
    )
}
FINAL = UsageSource.PROVIDER_FINAL


def prompt(turns: tuple[Turn, ...], tools: tuple[str, ...] = ()) -> Prompt:
    return Prompt(turns=turns, tools=tools, characters=sum(len(turn.text) for turn in turns))


def sized(asked: Prompt) -> RequestFacts:
    return facts(input_tokens=asked.characters // 4)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def sent(
    known: Conversations, asked: Prompt, name: str, usage: Usage, session: str = "", who: str = "t"
) -> None:
    trail = known.find(who, asked, sized(asked), session)
    attempt = Attempt(id="a", model=name, outcome=AttemptOutcome.ANSWERED, usage=usage, usage_source=FINAL)
    known.remember(trail, [attempt], MODELS, sized(asked))


def found(known: Conversations, asked: Prompt, session: str = "", who: str = "t") -> dict[str, int]:
    return known.find(who, asked, sized(asked), session).should


def test_the_next_turn_finds_all_of_the_last_one() -> None:
    known = Conversations()
    sent(known, prompt(ASKED), "openai/auto", Usage(input=2_000, output=9))
    assert found(known, prompt(NEXT)) == {"openai/auto": 2_250}
    assert found(known, prompt((SYSTEM, Turn("user", "another!")))) == {"openai/auto": 2_000}
    assert found(known, prompt((Turn("system", "x" * 8_000), *NEXT[1:]))) == {}
    assert found(known, prompt(NEXT), who="another tenant") == {}
    assert found(known, prompt(NEXT, tools=("other",))) == {}


def test_what_is_marked_is_cached_and_no_more() -> None:
    known = Conversations()
    sent(known, prompt(ASKED), "anthropic/marked", Usage(input=450, cache_write=4_050, output=9))
    assert found(known, prompt(NEXT)) == {"anthropic/marked": 2_025}
    sent(known, prompt(NEXT), "anthropic/marked", Usage(input=5_000, output=9))
    assert found(known, prompt((*NEXT, Turn("user", "more")))) == {"anthropic/marked": 2_025}


def test_models_without_a_price_for_reading_are_not_kept_for_a_cache() -> None:
    known = Conversations()
    sent(known, prompt(ASKED), "openai/none", Usage(input=2_000, output=9))
    assert found(known, prompt(NEXT)) == {}


def test_a_cache_lasts_five_minutes_unless_it_was_written_for_an_hour() -> None:
    clock = Clock()
    known = Conversations(clock)
    sent(known, prompt(ASKED), "openai/auto", Usage(input=2_000, output=9))
    sent(known, prompt(ASKED), "anthropic/marked", Usage(cache_write_1h=2_000, output=9))
    clock.now += 299
    assert found(known, prompt(NEXT)).keys() == {"openai/auto", "anthropic/marked"}
    clock.now += 2
    assert found(known, prompt(NEXT)).keys() == {"anthropic/marked"}
    clock.now += 3_300
    assert found(known, prompt(NEXT)) == {}


def test_a_session_is_known_where_the_words_are_not() -> None:
    known = Conversations()
    sent(known, prompt(ASKED), "openai/auto", Usage(input=2_000, output=9), session="s-1")
    other = prompt((Turn("user", "w" * 12_000),))
    assert found(known, other, session="s-1") == {"openai/auto": 2_250}
    assert found(known, other, session="s-2") == found(known, other) == {}


def test_who_does_not_read_its_cache_is_believed_less() -> None:
    known = Conversations()
    assert known.share("t", "openai/auto") == conversations.SUPPOSED
    for _ in range(20):
        sent(known, prompt(ASKED), "openai/auto", Usage(input=2_250, output=9))
    assert known.share("t", "openai/auto") < 0.25
    trail = known.find("t", prompt(NEXT), sized(prompt(NEXT)))
    assert trail.cached["openai/auto"] < FEWEST < trail.should["openai/auto"]
    for _ in range(60):
        sent(known, prompt(ASKED), "openai/auto", Usage(cache_read=2_250, output=9))
    assert known.share("t", "openai/auto") > 0.8


def test_what_is_remembered_is_bounded() -> None:
    known = Conversations()
    for n in range(conversations.MOST // 2 + 50):
        long = prompt((Turn("user", f"{n}" * 4_100),))
        sent(known, long, "openai/auto", Usage(input=2_000, output=9), session=f"s-{n}")
    assert len(known._known) == conversations.MOST


async def test_a_conversation_stays_while_its_cache_lasts(redis: Redis, tmp_path: Path) -> None:
    """It began where the cheaper model would not do, and goes on there."""
    cheap = model("openai/gpt-5-mini", Tier.MID, None, prices=(price(1.5, 2, cache_read=nano(0.15)),))
    dear = model("openai/gpt-5", Tier.MID, None, prices=(price(2, 2, cache_read=nano(0.2)),))
    policy = Policy(
        rules=(Rule(name="first", when=Condition(tag={"team": "first"}), model="openai/gpt-5"),),
        otherwise=Otherwise(tier=Tier.MID),
    )
    begun: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": "You know all our rules. " * 600},
        {"role": "user", "content": "May I return a lamp?"},
    ]
    tenant = snapshot(("support", policy), models=(cheap, dear))
    async with serving_gateway(redis, tmp_path, tenant) as served:
        chat = await served.chat()
        answer = await chat.chat.completions.create(
            model="x", messages=begun, extra_headers={"x-rungway-tag-team": "first"}
        )
        going: list[ChatCompletionMessageParam] = [
            *begun,
            {"role": "assistant", "content": answer.choices[0].message.content or ""},
            {"role": "user", "content": "And a chair?"},
        ]
        await chat.chat.completions.create(model="x", messages=going)
        other: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": "You know other rules. " * 600},
            *going[1:],
        ]
        await chat.chat.completions.create(model="x", messages=other)
        settled = await served.settled(3)
    assert [event.model for event in settled] == ["openai/gpt-5", "openai/gpt-5", "openai/gpt-5-mini"]
    assert settled[1].facts.cached["openai/gpt-5"] > 2_000
    (line,) = settled[1].attempts
    assert line.attempt.usage.cache_read > 2_000
    assert settled[2].facts.cached == {}


async def test_workers_hear_what_the_others_have_sent_into_caches(redis: Redis) -> None:
    secret = b"the same for all workers"
    one, other, stranger = (Conversations(secret=key) for key in (secret, secret, b"another"))
    client = AsyncRedis.from_url(os.environ["REDIS_URL"])
    gossips = [Gossip(client, each) for each in (one, other, stranger)]
    running = [asyncio.create_task(gossip.run()) for gossip in gossips]
    try:
        await until(lambda: dict(redis.pubsub_numsub(CHANNEL)).get(CHANNEL.encode()) == 3)
        sent(one, prompt(ASKED), "openai/auto", Usage(input=2_000, output=9))
        await until(lambda: bool(found(other, prompt(NEXT))))
        assert found(other, prompt(NEXT)) == {"openai/auto": 2_250}
        assert found(stranger, prompt(NEXT)) == {}
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await client.aclose()


@pytest.mark.parametrize(
    "message",
    [b"", b"\xff", msgspec.msgpack.encode({}), msgspec.msgpack.encode({"sender": "x", "told": [[1, "m", 5, 1e300]]}),
     msgspec.msgpack.encode({"sender": "x", "told": [[1, "m", -5, 9.0]]})],
)  # fmt: skip
def test_nonsense_is_not_believed(message: bytes) -> None:
    known = Conversations()
    Gossip(AsyncRedis(), known).heed(message)
    assert known._known == {}
