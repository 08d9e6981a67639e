"""One billed call: understand it, misbehave if asked to, answer at the model's pace, and account for it."""

from __future__ import annotations

from gateway.simulator.behaviour import BREAKS, WELL, Behaviour, behaviour_of
from gateway.simulator.exchange import Exchange, Gone, Headers
from gateway.simulator.minds import ORDINARY, mind_of
from gateway.simulator.misbehave import INSTEAD, JSON, complain
from gateway.simulator.prompt_cache import PromptCache
from gateway.simulator.reply import Asking, Dialect, Problem, Reply, encoded
from gateway.simulator.schema import NotASchema
from gateway.simulator.statement import Line, fingerprint

UNCACHED = {b"cache-control": b"no-cache"}
FAULT = Problem(500, "The server had an error while processing your request.")
LONGEST = 1.5  # seconds an answer takes to write, at most


class Conversation[R: Asking]:
    def __init__(
        self, dialect: Dialect[R], exchange: Exchange, line: Line, request_id: str, chance: float
    ) -> None:
        self.dialect, self.exchange, self.line = dialect, exchange, line
        self.request_id, self.chance = request_id, chance
        self.behaviour: Behaviour = WELL
        self.mind = ORDINARY

    async def hold(self, cache: PromptCache) -> None:
        try:
            await self.answer(cache)
        except Problem as problem:
            self.line.ended = "error"
            await self.refuse(problem)
        except Gone:
            if self.line.ended == "completed":
                self.line.ended = "client_gone"

    async def answer(self, cache: PromptCache) -> None:
        key = authenticated(self.dialect, self.exchange.headers)
        self.line.key = fingerprint(key)
        body = await self.exchange.body()
        request = self.dialect.parse(body, self.exchange.headers)
        self.line.model, self.mind = request.model, mind_of(request.model)
        self.behaviour = behaviour_of(request.model, self.exchange.header(b"x-simulate"))
        complain(self.behaviour, key, self.chance, body)
        if instead := INSTEAD.get(self.behaviour.word):
            self.line.ended = "stalled" if self.behaviour.word == "hang-headers" else "error"
            return await instead(self.exchange, self.behaviour)
        usage = self.dialect.bill(request, cache, key)
        try:
            reply = self.dialect.reply(request, usage, self.behaviour, self.request_id, int(self.line.at))
        except NotASchema:
            raise Problem(400, "Invalid schema.", code="invalid_json_schema") from None
        self.line.charge(reply.usage)
        return await self.perform(reply)

    async def refuse(self, problem: Problem) -> None:
        headers = JSON | self.own_headers()
        if self.behaviour.retry_after:
            headers[b"retry-after"] = self.behaviour.retry_after.encode()
        await self.exchange.answer(
            problem.status, headers, encoded(self.dialect.problem_body(problem, self.request_id))
        )

    def own_headers(self) -> Headers:
        return {self.dialect.ID_HEADER: f"req_{self.request_id}".encode()}

    async def perform(self, reply: Reply) -> None:
        late = self.behaviour.number / 1000 if self.behaviour.word == "slow" else 0.0
        await self.exchange.pause(self.mind.first_token + late)
        if reply.frames:
            await self.stream(reply, pace=self.pace(reply))
        else:
            await self.exchange.pause(self.pace(reply) * reply.usage.output)
            await self.give(reply)

    def pace(self, reply: Reply) -> float:
        """Seconds a token."""
        return min(1 / self.mind.tokens_per_second, LONGEST / max(1, reply.usage.output))

    async def give(self, reply: Reply) -> None:
        self.line.completion_tokens = reply.usage.output
        if self.behaviour.word in {"err-first", "err-after"}:
            self.line.ended = "error"
            problem = self.dialect.problem_body(FAULT, self.request_id)
            return await self.exchange.answer(200, JSON | self.own_headers(), encoded(problem))
        if self.behaviour.word in BREAKS:
            half = reply.body[: len(reply.body) // 2]
            await self.exchange.start(200, JSON | {b"content-length": b"%d" % len(reply.body)})
            await self.exchange.send(half)
            return await self.break_off()
        self.line.usage_told = self.behaviour.word != "no-usage"
        return await self.exchange.answer(200, JSON | self.own_headers(), reply.body)

    async def stream(self, reply: Reply, *, pace: float) -> None:
        self.line.streamed = True
        kind = {b"content-type": reply.stream_type}
        await self.exchange.start(200, kind | UNCACHED | self.own_headers())
        said = 0
        for frame in reply.frames:
            if frame.content and self.behaviour.breaks_after(said):
                return await self.break_off()
            await self.exchange.send(frame.data)
            said += frame.content
            self.line.completion_tokens += frame.tokens
            self.line.usage_told |= frame.final_usage
            await self.exchange.pause(pace * frame.tokens)
        return await self.exchange.finish()

    async def break_off(self) -> None:
        match self.behaviour.word:
            case "stall-after":
                self.line.ended = "stalled"
                await self.exchange.hang()
            case "cut-fin" | "cut-rst":
                self.line.ended = "cut"
                await self.exchange.cut(reset=self.behaviour.word == "cut-rst")
            case _:
                self.line.ended = "error"
                await self.exchange.finish(self.dialect.error_frame(FAULT, self.request_id).data)


def authenticated[R: Asking](dialect: Dialect[R], headers: Headers) -> str:
    key = dialect.key_of(headers)
    if not key:
        raise Problem(401, "You didn't provide an API key.", code="invalid_api_key")
    return key
