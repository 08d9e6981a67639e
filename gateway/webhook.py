"""The check that a tenant's own validator makes: one signed POST, of no more than the policy says.

It answers `{"passed": true}` or `{"score": 0.8}`; whatever else it does, it has not told.
"""

from __future__ import annotations

from asyncio import CancelledError
from time import monotonic, time
from typing import Any

import msgspec
from msgspec import Struct

from gateway.core.checks import Finding, said
from gateway.core.conversation import Reply
from gateway.core.ladder import AttemptOutcome
from gateway.core.policy import Webhook
from gateway.core.prompt import Prompt
from gateway.core.webhook import key_of, signature
from gateway.egress import Egress, EgressError, Timeouts, Url, UrlNotAllowed
from gateway.journey import Journey, Trial

MOST = 65_536  # bytes of its answer


class Told(Struct):
    passed: bool | None = None
    score: float | None = None


class Validators:
    def __init__(self, egress: Egress, secret_key: bytes) -> None:
        self._egress, self._secret_key = egress, secret_key

    async def ask(self, journey: Journey, prompt: Prompt, webhook: Webhook, reply: Reply) -> Finding:
        """Unknown where it cannot be reached, is late, or says nothing of it."""
        try:
            url = Url.parse(webhook.url)
        except UrlNotAllowed:
            return "unknown"
        if url.scheme != "https":
            return "unknown"
        trial = journey.begin_webhook(url.host)
        try:
            told = await self._told(journey, trial, url, webhook, shown(journey, prompt, webhook, reply))
        except (EgressError, UrlNotAllowed, msgspec.MsgspecError, UnicodeDecodeError) as error:
            journey.close(trial, AttemptOutcome.FAILED, because=type(error).__name__, status=0)
            return "unknown"
        except CancelledError:
            journey.close(trial, AttemptOutcome.CANCELLED, status=0)
            raise
        finding = judged(told, webhook)
        journey.close(trial, AttemptOutcome.ANSWERED, because=finding)
        return finding

    async def _told(
        self, journey: Journey, trial: Trial, url: Url, webhook: Webhook, body: bytes
    ) -> Told | None:
        at = int(time())
        key = key_of(self._secret_key, journey.runtime.id)
        headers = (
            (b"content-type", b"application/json"),
            (b"webhook-id", trial.id.encode()),
            (b"webhook-timestamp", b"%d" % at),
            (b"webhook-signature", signature(key, message_id=trial.id, at=at, body=body).encode()),
        )
        left = max(0.0, min(webhook.timeout_ms / 1000, journey.remaining))
        timeouts = Timeouts(connect=left, first_byte=left, idle=left, total=left)
        response = await self._egress.send(b"POST", url, headers, body, timeouts)
        trial.first_byte = monotonic()
        answer = await response.read(MOST)
        return msgspec.json.decode(answer, type=Told) if response.status == 200 else None


def shown(journey: Journey, prompt: Prompt, webhook: Webhook, reply: Reply) -> bytes:
    body: dict[str, Any] = {
        "type": "answer.check",
        "request_id": journey.origin.request_id,
        "router": journey.router.id,
        "model": reply.model,
    }
    if "answer" in webhook.send:
        calls = [{"name": call.name, "arguments": call.arguments} for call in reply.tool_calls]
        body |= {"answer": reply.text, "tool_calls": calls}
    if "prompt" in webhook.send:
        body["prompt"] = [{"role": turn.role, "text": turn.text} for turn in prompt.turns]
    return msgspec.json.encode(body)


def judged(told: Told | None, webhook: Webhook) -> Finding:
    if told is None:
        return "unknown"
    if told.passed is not None:
        return said(told.passed)
    return "unknown" if told.score is None else said(told.score >= webhook.at_least)
