"""Several keys of one provider: in turn while all is well, past the one that is not, and where the cache is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

import pytest
from redis import Redis

from console.keys.sealing import Secret, seal
from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.core.snapshot import ProviderKeySnapshot, TenantSnapshot
from gateway.keyring import BELIEVED, Keyring, share_left
from gateway.state import Connection
from tests.gateway.test_failover import GOOD, HOME, ask
from tests.gateway.upstream import answer, upstream
from tests.gateway.world import PROVIDERS, id_of, model, serving_gateway, snapshot

NAMES = ("one", "two", "three")
KEYS = [Connection(id=name, name=name, provider=PROVIDERS[0]) for name in NAMES]
OK = answer(GOOD, b"content-type: application/json")
LIMITED = answer(b"{}", b"content-type: application/json", status=b"429 Too Many")
WRONG = answer(b"{}", b"content-type: application/json", status=b"401 No")
NEARLY = answer(
    GOOD,
    b"content-type: application/json\r\nx-ratelimit-limit-requests: 100\r\nx-ratelimit-remaining-requests: 3",
)


def chosen(keyring: Keyring, times: int, *, now: float = 0.0, **rest: Any) -> list[str]:
    return [keyring.choose("t", "m", KEYS, now, **rest).name for _ in range(times)]


def test_keys_that_are_well_take_turns() -> None:
    keyring = Keyring()
    assert chosen(keyring, 6) == ["one", "two", "three", "one", "two", "three"]
    few = Keyring()
    assert [few.choose("t", "m", KEYS[:2], 0.0).name for _ in range(8)].count("one") == 4
    assert Counter(chosen(few, 6)) == {"one": 2, "two": 2, "three": 2}  # the new one need not catch up


def test_what_is_left_of_a_limit_counts_while_it_is_believed() -> None:
    keyring = Keyring()
    keyring.note(
        "t", "one", [(b"x-ratelimit-remaining-tokens", b"50"), (b"x-ratelimit-limit-tokens", b"1000")], 5.0
    )
    assert "one" not in chosen(keyring, 4, now=6.0)
    assert "one" in chosen(keyring, 4, now=5.1 + BELIEVED)


def test_a_conversation_keeps_the_key_that_cached_it() -> None:
    keyring = Keyring()
    assert chosen(keyring, 3, preferred="two") == ["two"] * 3
    assert "two" not in chosen(keyring, 3, preferred="two", failed={"two"})


@pytest.mark.parametrize(
    ("headers", "share"),
    [
        ([(b"anthropic-ratelimit-requests-limit", b"50"), (b"anthropic-ratelimit-requests-remaining", b"10")], 0.2),
        (
            [
                (b"x-ratelimit-remaining-requests", b"9"), (b"x-ratelimit-limit-requests", b"10"),
                (b"x-ratelimit-remaining-tokens", b"1"), (b"x-ratelimit-limit-tokens", b"4"),
            ],
            0.25,
        ),
        ([(b"x-ratelimit-remaining-requests", b"0")], 0.0),
        ([(b"x-ratelimit-remaining-requests", b"7")], 1.0),
        ([(b"x-ratelimit-reset-requests", b"6m0s"), (b"content-length", b"12")], None),
        ([(b"x-ratelimit-remaining-requests", b"-3"), (b"x-ratelimit-limit-requests", b"many")], None),
    ],
)  # fmt: skip
def test_headers_of_several_dialects_say_what_is_left(
    headers: list[tuple[bytes, bytes]], share: float | None
) -> None:
    assert share_left(headers) == share


def tenant(port: int) -> TenantSnapshot:
    """One model, that may be called with three keys; each key's secret is its name."""

    def sealed(name: str) -> ProviderKeySnapshot:
        own = uuid5(NAMESPACE_DNS, name)
        kept = seal(Secret(name), tenant=UUID(id_of("tenant-1")), secret_id=own)
        base = f"http://127.0.0.1:{port}/v1"
        return ProviderKeySnapshot(id=str(own), name=name, provider="openai", base_url=base, sealed=kept)

    shared = model("openai/gpt-5-nano", Tier.LIGHTWEIGHT, (0.05, 0.4), provider_key="one", keys=NAMES)
    policy = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
    return snapshot(("support", policy), models=(shared,), provider_keys=tuple(map(sealed, NAMES)))


def by_key(answers: Callable[[str], bytes], seen: list[str]) -> Any:
    async def behave(visit: Any) -> None:
        while True:
            head = (await visit.request()).decode()
            found = re.search(r"authorization: bearer (\w+)", head, re.IGNORECASE)
            seen.append(found[1] if found else "")
            await visit.say(answers(seen[-1]))

    return behave


async def test_requests_are_spread_and_each_line_names_its_key(redis: Redis, tmp_path: Path) -> None:
    seen: list[str] = []
    async with (
        upstream(by_key(lambda key: NEARLY if key == "three" else OK, seen)) as provider,
        serving_gateway(redis, tmp_path, tenant(provider.port), **HOME) as served,
    ):
        for _ in range(6):
            await ask(served)
        settled = await served.settled(6)
    assert Counter(seen) == {"one": 3, "two": 2, "three": 1} or Counter(seen) == {
        "one": 2,
        "two": 3,
        "three": 1,
    }
    assert [line.provider_key for event in settled for line in event.attempts] == seen


@pytest.mark.parametrize("wrong", [LIMITED, WRONG])
async def test_what_ails_one_key_is_answered_with_another_by_the_same_model(
    wrong: bytes, redis: Redis, tmp_path: Path
) -> None:
    seen: list[str] = []
    async with (
        upstream(by_key(lambda key: wrong if key == "one" else OK, seen)) as provider,
        serving_gateway(redis, tmp_path, tenant(provider.port), **HOME) as served,
    ):
        replies = [await ask(served) for _ in range(4)]
        settled = await served.settled(4)
    assert [reply.status_code for reply in replies] == [200] * 4
    assert [reply.headers["x-rungway-attempts"] for reply in replies] == ["2", "1", "1", "1"]
    assert "one" not in seen[1:]
    first = [(line.provider_key, line.attempt.outcome.value) for line in settled[0].attempts]
    assert first == [("one", "failed"), (seen[1], "answered")]


async def test_where_every_key_fails_the_model_does(redis: Redis, tmp_path: Path) -> None:
    seen: list[str] = []
    async with (
        upstream(by_key(lambda _: LIMITED, seen)) as provider,
        serving_gateway(redis, tmp_path, tenant(provider.port), **HOME) as served,
    ):
        reply = await ask(served)
        (settled,) = await served.settled()
    assert reply.status_code == 429
    assert sorted(seen) == ["one", "three", "two"]
    assert len(settled.attempts) == 3
