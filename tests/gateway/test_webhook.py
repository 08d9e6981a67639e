"""The tenant's own validator: over TLS, signed, told no more than the policy says, and never in the way."""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, b64encode
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from gateway import handler
from gateway.core.facts import Tier
from gateway.core.policy import Cascade, Check, Otherwise, Policy, Webhook
from gateway.core.webhook import told
from gateway.egress import Egress
from tests.gateway.test_checking import ask
from tests.gateway.test_egress_names import Authority, Resolver
from tests.gateway.upstream import Visit, answer, upstream
from tests.gateway.world import MODELS, id_of, serving_gateway, snapshot

HOME = {"allowed_private_networks": ("127.0.0.0/8",)}
SECRET = told(b"of the tests", id_of("tenant-1"))


class Validator:
    """Says what it is told to, and remembers what it was shown."""

    def __init__(self, *says: bytes) -> None:
        self.says, self.heads, self.bodies = says, list[bytes](), list[Any]()

    async def __call__(self, visit: Visit) -> None:
        while True:
            head, length = await visit.head()
            self.heads.append(head)
            self.bodies.append(await visit.take(length))
            if not self.says:
                await visit.gone()
            await visit.say(*self.says)


async def validated(
    redis: Redis, folder: Path, monkeypatch: pytest.MonkeyPatch, validator: Validator, **webhook: Any
) -> list[tuple[str, str, str, str]]:
    authority = Authority(folder)
    trusting = partial(Egress, ssl_context=authority.client(), lookup=Resolver(["127.0.0.1"]))
    monkeypatch.setattr(handler, "Egress", trusting)
    async with upstream(validator, tls=authority.server("validator.test")) as server:
        values: dict[str, Any] = {
            "url": f"https://validator.test:{server.port}/check",
            "send": ("answer",),
            "timeout_ms": 500,
        }
        cascade = Cascade(up_to=Tier.LIGHTWEIGHT, checks=(Check(webhook=Webhook(**(values | webhook))),))
        policy = Policy(otherwise=Otherwise(tier=Tier.LIGHTWEIGHT, cascade=cascade))
        async with serving_gateway(
            redis, folder, snapshot(("support", policy), models=MODELS), **HOME
        ) as served:
            reply = await ask(served)
            (settled,) = await served.settled()
    assert reply.status_code == 200
    return [
        (line.attempt.kind.value, line.attempt.model, line.attempt.outcome.value, line.attempt.because)
        for line in settled.attempts
    ]


@pytest.mark.parametrize(
    ("says", "outcome", "because", "found"),
    [
        (answer(b'{"passed": true}'), "answered", "", "passed"),
        (answer(b'{"passed": false}'), "rejected", "webhook", "failed"),
        (answer(b'{"score": 0.7}'), "answered", "", "passed"),
        (answer(b'{"score": 0.2}'), "rejected", "webhook", "failed"),
        (answer(b"{}"), "rejected", "no check could tell", "unknown"),
        (answer(b'{"passed": true}', status=b"500 No"), "rejected", "no check could tell", "unknown"),
        (answer(b"", b"location: https://elsewhere.test", status=b"302 Found"), "rejected", "no check could tell", "unknown"),
    ],
    ids=["yes", "no", "high", "low", "nothing", "failing", "elsewhere"],
)  # fmt: skip
async def test_what_it_says_counts(
    says: bytes, outcome: str, because: str, found: str,
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    attempts = await validated(redis, tmp_path, monkeypatch, Validator(says))
    assert attempts == [
        ("answer", "openai/gpt-5-nano", outcome, because),
        ("webhook", "webhook/validator.test", "answered", found),
    ]


@pytest.mark.parametrize(
    "says", [(), (b"nonsense\r\n\r\n",), (answer(b"not json"),), (answer(b"x" * 70_000),)]
)
async def test_what_it_fails_to_say_speaks_for_nothing(
    says: tuple[bytes, ...], redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = await validated(redis, tmp_path, monkeypatch, Validator(*says))
    assert attempts[0][2:] == ("rejected", "no check could tell")
    assert attempts[1][:3] == ("webhook", "webhook/validator.test", "failed")


async def test_only_over_tls(redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = await validated(redis, tmp_path, monkeypatch, Validator(), url="http://validator.test/check")
    assert [kind for kind, *_ in attempts] == ["answer"]


@pytest.mark.parametrize("send", [(), ("answer",), ("prompt",), ("answer", "prompt")])
async def test_it_is_shown_what_the_policy_says_and_can_tell_who_asks(
    send: tuple[str, ...], redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validator = Validator(answer(b'{"passed": true}'))
    await validated(redis, tmp_path, monkeypatch, validator, send=send)
    (head,), (body,) = validator.heads, validator.bodies
    shown = json.loads(body)
    assert set(shown) == {
        "type", "request_id", "router", "model",
        *(("answer", "tool_calls") if "answer" in send else ()), *(("prompt",) if "prompt" in send else ()),
    }  # fmt: skip
    assert ("hello" in body.decode().lower()) == bool(send)
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = b64decode(SECRET.removeprefix("whsec_"))
    assert headers["webhook-signature"] == "v1," + b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert len(key) == sha256().digest_size
    assert "authorization" not in headers


def test_each_tenant_has_a_secret_of_its_own() -> None:
    assert len({told(key, tenant) for key in (b"a", b"b") for tenant in ("one", "other")}) == 4
