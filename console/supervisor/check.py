"""`up --check`: one routed request, followed until the dashboard's figures hold it."""

import asyncio
import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from console.environment import Environment
from console.supervisor import parts
from console.supervisor.keeper import run
from console.supervisor.log import Log
from console.supervisor.part import PartFailed
from console.supervisor.welcome import REQUEST, Trial, Welcome

SEEN_WITHIN = 30.0
ROUTED = "x-rungway-request-id"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


async def check(environment: Environment, environ: Mapping[str, str], welcome: Welcome, log: Log) -> int:
    if welcome.trial is None:
        raise PartFailed("There is no router to send a request to: start once without DEMO=0.")
    token = await _token(environ, welcome.trial, log)
    before = await _requests(environment, token)
    answer = await asyncio.to_thread(_send, environment.own_gateway_url, welcome.trial)
    if answer.status != http.HTTPStatus.OK or ROUTED not in answer.headers:
        raise PartFailed(
            f"The gateway answered {answer.status}: {answer.body.decode(errors='replace')[:500]}"
        )
    seen = await _seen(environment, token, answer.headers[ROUTED], before)
    log.plain(_told(answer, seen))
    return 0


async def _token(environ: Mapping[str, str], trial: Trial, log: Log) -> str:
    printed = await run(parts.command("token", environ, "token", trial.tenant, "--role", "viewer"), log)
    return printed.strip().rpartition("\n")[2]


def _send(gateway_url: str, trial: Trial) -> Answer:
    headers = {"authorization": f"Bearer {trial.gateway_key}", "content-type": "application/json"}
    path = f"/router/{trial.router}/v1/chat/completions"
    return _ask(gateway_url, "POST", path, headers, REQUEST)


async def _requests(environment: Environment, token: str) -> int:
    answer = await _read(environment, token, "/api/v1/usage")
    if answer.status != http.HTTPStatus.OK:
        raise PartFailed(
            f"The console answered {answer.status}: {answer.body.decode(errors='replace')[:500]}"
        )
    return int(answer.json()["total"]["requests"])


async def _seen(environment: Environment, token: str, request_id: str, before: int) -> Mapping[str, Any]:
    """The request in the log, once the figures of the dashboard count it too."""
    deadline = time.monotonic() + SEEN_WITHIN
    while time.monotonic() < deadline:
        if await _requests(environment, token) > before:
            found = await _read(environment, token, f"/api/v1/requests/{request_id}")
            if found.status == http.HTTPStatus.OK:
                row: Mapping[str, Any] = found.json()
                return row
        await asyncio.sleep(0.2)
    raise PartFailed(
        f"The request {request_id} was answered, but is not in the figures after {SEEN_WITHIN:.0f} s:"
        " the lines of `worker` and `gateway` above tell where it stuck."
    )


async def _read(environment: Environment, token: str, path: str) -> Answer:
    headers = {"authorization": f"Bearer {token}"}
    return await asyncio.to_thread(_ask, environment.own_console_url, "GET", path, headers)


def _ask(base: str, method: str, path: str, headers: Mapping[str, str], body: str | None = None) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.read())
    except OSError as refusal:
        raise PartFailed(f"{base}{path} does not answer: {refusal}.") from None
    finally:
        connection.close()


def _told(answer: Answer, seen: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            "",
            f"Request   {seen['id']}, asked for {seen['requested_model']}",
            f"Routed    {seen['class']} → {seen['tier']} → {seen['model']} ({seen['outcome']})",
            f"Cost      ${seen['cost_usd']}, would have been ${seen['baseline_usd']}",
            f"Saved     ${seen['saved_usd']}, seen on the dashboard's figures",
            "Check passed.",
        ]
    )
