"""What an attempt is held to have used, whoever did not say so, and whatever went wrong with us."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from gateway.core.facts import Tier
from gateway.core.policy import Otherwise, Policy
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.dialects.openai_chat import OpenAIChat
from gateway.journey import reckoned
from tests.gateway.world import KEY, misbehaving, serving_gateway, snapshot

FINAL, PARTIAL, NONE, ESTIMATED = (
    UsageSource.PROVIDER_FINAL,
    UsageSource.PROVIDER_PARTIAL,
    UsageSource.NONE,
    UsageSource.ESTIMATED,
)
LIGHT = Policy(baseline="openai/gpt-5", otherwise=Otherwise(tier=Tier.LIGHTWEIGHT))
TOLD = Usage(input=7, cache_read=3, output=20, reasoning=5)


@pytest.mark.parametrize(
    ("said", "source", "whole", "expected"),
    [
        (TOLD, FINAL, True, (TOLD, FINAL)),
        (NOTHING, FINAL, True, (NOTHING, FINAL)),
        (NOTHING, NONE, True, (Usage(input=100, output=10), ESTIMATED)),
        (NOTHING, NONE, False, (Usage(input=100, output=10), ESTIMATED)),
        (TOLD, PARTIAL, True, (TOLD, PARTIAL)),
        (TOLD, FINAL, False, (TOLD, PARTIAL)),  # what came before a cut is never final
        (Usage(input=7, output=1), FINAL, False, (Usage(input=7, output=10), ESTIMATED)),
        (Usage(output=20), PARTIAL, True, (Usage(input=100, output=20), ESTIMATED)),
        (Usage(input=7), PARTIAL, True, (Usage(input=7, output=10), ESTIMATED)),
        (
            Usage(audio_input=7, audio_output=3),
            PARTIAL,
            True,
            (Usage(audio_input=7, audio_output=3), PARTIAL),
        ),
    ],
)
def test_the_provider_is_believed_as_far_as_it_speaks(
    said: Usage, source: UsageSource, whole: bool, expected: tuple[Usage, UsageSource]
) -> None:
    assert reckoned(said, source, characters=39, prompt_tokens=100, whole=whole) == expected


async def asked(url: str, *, streaming: bool) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as client:
        return await client.post(
            f"{url}/v1/chat/completions",
            json={"model": "x", "stream": streaming, "messages": [{"role": "user", "content": "Say hello"}]},
            headers={"authorization": f"Bearer {KEY}"},
        )


@pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
async def test_a_provider_that_tells_no_usage_is_not_free(
    redis: Redis, tmp_path: Path, streaming: bool
) -> None:
    only = snapshot(("support", LIGHT), models=(misbehaving("no-usage"),))
    async with serving_gateway(redis, tmp_path, only) as running:
        await asked(running.router("support"), streaming=streaming)
        (settled,) = await running.settled()
    (line,) = settled.attempts
    assert line.attempt.usage_source is ESTIMATED
    assert line.attempt.usage.input > 0
    assert line.attempt.usage.output > 0


async def test_a_fault_of_our_own_is_on_the_books_and_says_nothing(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The provider was called, so there is a line; what it cost is unknown. The words of it stay inside."""

    def fault(*_: Any, **__: Any) -> None:
        raise ValueError("PROMPT-CANARY Say hello")

    monkeypatch.setattr(OpenAIChat, "parse_reply", fault)
    only = snapshot(("support", LIGHT), models=(misbehaving("none"),))
    async with serving_gateway(redis, tmp_path, only, log_level="DEBUG") as running:
        answer = await asked(running.router("support"), streaming=False)
        (settled,) = await running.settled()
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    (line,) = settled.attempts
    assert (line.attempt.outcome.value, line.attempt.because, line.cost) == ("failed", "internal_error", None)
    logged = capfd.readouterr()
    assert "request.fault" in logged.err
    assert "CANARY" not in answer.text + logged.out + logged.err


async def test_a_fault_of_our_own_in_a_stream_never_looks_like_its_good_end(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = iter(range(100))
    relay = OpenAIChat.stream_relay

    def faulty(self: OpenAIChat, *given: Any, **named: Any) -> Any:
        made = relay(self, *given, **named)
        feed = made.feed

        def fed(data: bytes) -> bytes:
            if next(calls) == 2:
                raise ValueError("PROMPT-CANARY")
            return feed(data)

        monkeypatch.setattr(made, "feed", fed, raising=False)
        return made

    monkeypatch.setattr(OpenAIChat, "stream_relay", faulty)
    only = snapshot(("support", LIGHT), models=(misbehaving("none"),))
    async with serving_gateway(redis, tmp_path, only) as running:
        answer = await asked(running.router("support"), streaming=True)
        (settled,) = await running.settled()
    assert "[DONE]" not in answer.text
    assert "internal_error" in answer.text
    assert (settled.outcome, settled.error) == ("failed", "internal_error")
    assert settled.attempts[0].attempt.usage.input > 0
