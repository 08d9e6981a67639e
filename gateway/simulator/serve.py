"""The ASGI application: its routes, and the life of the process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from gateway.simulator import anthropic, openai, tokens, vertex
from gateway.simulator.azure import AzureResponses
from gateway.simulator.converse import Conversation, authenticated
from gateway.simulator.elsewhere import asked_at, counted_at, listed_at
from gateway.simulator.embeddings import embedded_at
from gateway.simulator.exchange import Exchange, Receive, Scope, Send
from gateway.simulator.misbehave import JSON
from gateway.simulator.prompt_cache import PromptCache
from gateway.simulator.reply import Asking, Dialect, Json, Problem, encoded
from gateway.simulator.responses import Responses
from gateway.simulator.statement import Line, Statement

MODELS = (
    "gpt-5",
    "gpt-5-mini",
    "gpt-5-nano",
    "claude-opus-4-8",
    "claude-sonnet-4-6",
    "claude-haiku-4-5",
    "llama-3.3-8b",
    "mistral-small",
)


class Simulator:
    def __init__(self, *, log: str = "", speed: float = 1.0, dice: random.Random | None = None) -> None:
        self.statement = Statement(log)
        self.speed = speed
        self.cache = PromptCache()
        self.responses, self.azure_responses = Responses(), AzureResponses()
        self.grants = 0  # tokens asked for
        self.dice = dice or random.Random()  # noqa: S311 - chance, not secrecy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["type"] == "http":
            exchange = Exchange(scope, receive, send, speed=self.speed)
            try:
                await self.route(exchange)
            finally:
                exchange.close()

    async def live(self, receive: Receive, send: Send) -> None:
        while True:
            kind = (await receive())["type"]
            if kind == "lifespan.startup":
                tokens.encoding()
            else:
                self.statement.close()
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    async def route(self, exchange: Exchange) -> None:
        place, _, model = exchange.path.partition("/models/")
        match exchange.method, place:
            case "POST", "/openai/v1/chat/completions":
                await self.converse(openai, exchange)
            case "POST", "/openai/v1/responses":
                await self.converse(self.responses, exchange)
            case "POST", "/azure/openai/v1/responses":
                await self.converse(self.azure_responses, exchange)
            case "POST", "/anthropic/v1/messages":
                await self.converse(anthropic, exchange)
            case "POST", "/anthropic/v1/messages/count_tokens":
                await self.count(anthropic, exchange, anthropic.counted)
            case "GET", "/openai/v1/models" | "/openai/v1":
                await tell(openai, exchange, openai.one_model(model) if model else openai.models(MODELS))
            case "GET", "/anthropic/v1/models" | "/anthropic/v1":
                await tell(
                    anthropic, exchange, anthropic.one_model(model) if model else anthropic.models(MODELS)
                )
            case "GET", "/healthz":
                await exchange.answer(200, JSON, b'{"ok":true}')
            case _:
                await self.elsewhere(exchange)

    async def elsewhere(self, exchange: Exchange) -> None:
        """The providers that put more into a path than its place."""
        if found := counted_at(exchange.method, exchange.target, exchange.headers):
            await self.count(found[0], exchange, found[1])
        elif dialect := asked_at(exchange.method, exchange.target):
            await self.converse(dialect, exchange)
        elif embedder := embedded_at(exchange.method, exchange.target):
            await self.converse(embedder, exchange)
        elif exchange.method == "POST" and exchange.path == "/vertex/token":
            await self.grant(exchange)
        elif listed := listed_at(exchange.method, exchange.target, MODELS):
            await tell(listed[0], exchange, listed[1])
        else:
            await exchange.answer(404, JSON, encoded({"error": {"message": "Not found"}}))

    async def converse[R: Asking](self, dialect: Dialect[R], exchange: Exchange) -> None:
        attempt = exchange.header(b"x-rungway-attempt") or None
        line = Line(attempt=attempt, at=time.time(), path=exchange.path, model="", key="")
        talk = Conversation(dialect, exchange, line, self.new_id(), self.dice.random())
        try:
            await talk.hold(self.cache)
        finally:
            line.status, line.bytes_out = exchange.status, exchange.bytes_out
            self.statement.put(line)

    def new_id(self) -> str:
        return f"{self.dice.getrandbits(120):024x}"

    async def count[R: Asking](
        self, dialect: Dialect[R], exchange: Exchange, counted: Callable[[bytes], Json]
    ) -> None:
        try:
            authenticated(dialect, exchange.headers)
            body = counted(await exchange.body())
        except Problem as problem:
            await exchange.answer(problem.status, JSON, encoded(dialect.problem_body(problem, self.new_id())))
        else:
            await exchange.answer(200, JSON, encoded(body))

    async def grant(self, exchange: Exchange) -> None:
        """A token for a service account."""
        self.grants += 1
        address = f"http://{exchange.header(b'host')}{exchange.path}"
        try:
            body = vertex.token_for(await exchange.body(), address)
        except (Problem, KeyError, ValueError):
            await exchange.answer(400, JSON, b'{"error":"invalid_grant"}')
        else:
            await exchange.answer(200, JSON, encoded(body))


async def tell[R: Asking](dialect: Dialect[R], exchange: Exchange, body: Json) -> None:
    """What is only looked up: no model answers, nothing is billed."""
    try:
        authenticated(dialect, exchange.headers)
    except Problem as problem:
        await exchange.answer(problem.status, JSON, encoded(dialect.problem_body(problem, "none")))
    else:
        await exchange.answer(200, JSON, encoded(body))
