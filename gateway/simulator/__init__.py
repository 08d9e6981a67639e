"""Providers that answer like the real ones, so that everything runs without a key and without a network.

`/openai/v1`, `/anthropic`, `/gemini`, `/vertex`, `/bedrock`, `/azure`, `/cohere` and `/ollama` are base URLs for the
official SDKs. Any model name is served; how strong, quick and talkative a model is comes from its name (minds.py). The
same prompt always gets the same answer. A key must be sent, any will do; of a key pair that signs, the secret is
`secretOf` and the access key id; a service account gets its tokens at `/vertex/token`. Nothing here shares code with
the gateway, because its account of each call is what the ledger is checked against.

A model whose name ends in `sim-<behaviour>`, or a request with the header `x-simulate: <behaviour>`, gets:

| behaviour | what happens |
| --- | --- |
| `500`, `503`, `404`, any status from 400 | that error in the provider's shape |
| `429-ra7`, `429;retry-after=7` | the same with `Retry-After: 7` |
| `401-echo`, `quota`, `context` | the key echoed in the error; no credit left; prompt too long |
| `rejects-temperature`, `rejects-<field>` | 400 where the request has that field |
| `err-p20` | 20 % of calls answer 500 |
| `slow-300` | 300 ms later than usual |
| `hang-headers` | the connection is accepted and nothing is ever sent |
| `stall-after-5` | five pieces of content, then silence (a body that is not streamed: half of it) |
| `cut-fin-5`, `cut-rst-5` | five pieces of content, then the connection is closed or reset |
| `err-first`, `err-after-5` | status 200, then an error event before the first or after the fifth piece |
| `no-usage`, `no-done` | the stream lacks its usage, or its last event |
| `usage-negative`, `-huge`, `-string`, `-null`, `-float` | usage that no one can be billed for |
| `null`, `empty`, `empty-object`, `html`, `truncated`, `bad-event` | status 200 and no answer |
| `no-content` | status 204 |
| `redirect`, `redirect-302` | a redirect to another port |
| `gzip-bomb`, `endless`, `drip` | 300 MB in 300 KB; a body without end; a byte a second |
| `line-4` | one event of 4 MiB |
| `refuse`, `bad-json`, `low-logprob` | a refusal; JSON cut in half; an answer the model is not sure of |
| `other-model` | the answer bears another model's name |

`SIMULATOR_LOG` names a file that gets one JSON line a call (statement.py). `SIMULATOR_SPEED` divides every
wait: 1 is an easy pace, 10 ten times as fast, `inf` does not wait at all.
"""

from __future__ import annotations

import os
from functools import cache

from gateway.simulator.exchange import Receive, Scope, Send
from gateway.simulator.serve import Simulator

__all__ = ["Simulator", "app"]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await from_environment()(scope, receive, send)


@cache
def from_environment() -> Simulator:
    log, speed = os.environ.get("SIMULATOR_LOG", ""), os.environ.get("SIMULATOR_SPEED", "1")
    return Simulator(log=log, speed=float(speed))
