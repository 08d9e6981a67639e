"""Messages as Anthropic's API takes and gives them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.simulator.answer import answer
from gateway.simulator.asked import Answer, Asked, Call, Schema, Tool, Turn, Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.dice import Dice
from gateway.simulator.prompt_cache import PromptCache, prompt_tokens
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded, misreported


class CacheControl(Struct):
    type: Literal["ephemeral"] = "ephemeral"
    ttl: Literal["5m", "1h"] = "5m"


class Block(Struct):
    type: str
    text: str = ""
    thinking: str = ""
    name: str = ""
    input: Schema | None = None
    content: Any = None  # of a tool's result: text or blocks
    cache_control: CacheControl | None = None

    def words(self) -> str:
        if self.type == "tool_use":
            return f"{self.name}({encoded(self.input).decode()})"
        if self.type == "tool_result":
            parts = self.content if isinstance(self.content, list) else [{"text": self.content}]
            return "\n".join(str(part.get("text") or "") for part in parts)
        return self.text


class Message(Struct):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]

    def turn(self) -> Turn:
        if isinstance(self.content, str):
            return Turn(self.role, self.content)
        answers_a_tool = any(block.type == "tool_result" for block in self.content)
        return Turn("tool" if answers_a_tool else self.role, said(self.content), lifetime(self.content))


def said(blocks: list[Block]) -> str:
    return "\n".join(words for block in blocks if (words := block.words()))


def lifetime(blocks: list[Block]) -> Literal["", "5m", "1h"]:
    return next((block.cache_control.ttl for block in reversed(blocks) if block.cache_control), "")


class AnyTool(Struct):
    name: str
    description: str = ""
    input_schema: Schema | None = None  # the provider's own tools have none


class ToolChoice(Struct, frozen=True):
    type: Literal["auto", "any", "tool", "none"] = "auto"
    name: str = ""
    disable_parallel_tool_use: bool = False


class Thinking(Struct, frozen=True):
    type: Literal["enabled", "disabled", "adaptive"] = "disabled"


class Format(Struct):
    type: str
    schema: Schema | None = None


class OutputConfig(Struct):
    format: Format | None = None


class Prompt(Struct):
    """What is counted: a request without its limits."""

    model: str
    messages: list[Message]
    system: str | list[Block] = ""
    tools: list[AnyTool] = []
    tool_choice: ToolChoice = ToolChoice()
    thinking: Thinking = Thinking()
    stop_sequences: list[str] = []
    output_config: OutputConfig | None = None


class Request(Prompt, kw_only=True):
    max_tokens: int
    stream: bool = False


ID_HEADER = b"request-id"


def parse(body: bytes, headers: dict[bytes, bytes]) -> Request:
    if b"anthropic-version" not in headers:
        raise Problem(400, "anthropic-version: header is required")
    request = decoded(body, Request)
    if request.max_tokens < 1:
        raise Problem(400, "max_tokens: Input should be greater than or equal to 1")
    return request


def decoded[P: Prompt](body: bytes, wanted: type[P]) -> P:
    try:
        request = msgspec.json.decode(body, type=wanted)
    except msgspec.ValidationError as error:
        raise Problem(400, in_their_words(str(error))) from None
    except msgspec.DecodeError:
        raise Problem(400, "The request body is not valid JSON.") from None
    if not request.messages:
        raise Problem(400, "messages: at least one message is required")
    return request


def in_their_words(error: str) -> str:
    problem, _, place = error.partition(" - at ")
    if "missing required field" in problem:
        return f"{problem.rpartition('field ')[2].strip('`')}: Field required"
    return f"{place.strip('`$.').replace('[', '.').replace(']', '')}: {problem}"


def asked_in(request: Prompt) -> Asked:
    system = request.system
    rules = (
        Turn("system", system) if isinstance(system, str) else Turn("system", said(system), lifetime(system))
    )
    choice = request.tool_choice
    wanted = request.output_config.format if request.output_config else None
    return Asked(
        model=request.model,
        turns=(*([rules] if system else ()), *(message.turn() for message in request.messages)),
        tools=tuple(
            Tool(t.name, t.description, t.input_schema) for t in request.tools if t.input_schema is not None
        ),
        choice=choice.name if choice.type == "tool" else choice.type,
        parallel=not choice.disable_parallel_tool_use,
        json=wanted is not None,
        schema=wanted.schema if wanted else None,
        stops=tuple(request.stop_sequences),
        most_tokens=request.max_tokens if isinstance(request, Request) else None,
        thinking=request.thinking.type != "disabled",
    )


def counted(body: bytes) -> Json:
    return {"input_tokens": prompt_tokens(asked_in(decoded(body, Prompt)))}


def bill(request: Request, cache: PromptCache, key: str) -> Usage:
    return cache.marked(asked_in(request), key)


def reply(request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
    """`usage` is the prompt's share; what the answer costs is added here."""
    one = answer(asked_in(request), behaviour)
    whole = msgspec.structs.replace(usage, output=one.tokens, reasoning=one.reasoning)
    head: Json = {
        "id": f"msg_{request_id}",
        "type": "message",
        "role": "assistant",
        "model": f"{request.model}-other" if behaviour.word == "other-model" else request.model,
    }
    if request.stream:
        frames = tuple(frames_of(one, head, whole, behaviour))
        return Reply(usage=whole, frames=frames)
    told = {} if behaviour.word == "no-usage" else {"usage": misreported(usage_told(whole), behaviour)}
    body = head | {"content": blocks(one)} | ending(one) | told
    return Reply(usage=whole, body=encoded(body))


def blocks(one: Answer) -> list[Json]:
    thoughts = "".join(piece.text for piece in one.thoughts)
    thinking = [{"type": "thinking", "thinking": thoughts, "signature": signature(one)}] if thoughts else []
    text = [{"type": "text", "text": one.text}] if one.pieces else []
    return [*thinking, *text, *({**opened(call), "input": call.arguments} for call in one.calls)]


def opened(call: Call) -> Json:
    return {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": {}}


def signature(one: Answer) -> str:
    return Dice(one.text).word("signature", 96)


def ending(one: Answer) -> Json:
    reasons = {
        "stop": "end_turn",
        "stop_sequence": "stop_sequence",
        "length": "max_tokens",
        "tools": "tool_use",
    }
    return {"stop_reason": reasons[one.ending], "stop_sequence": one.stopped_by or None}


def usage_told(usage: Usage) -> Json:
    return {
        "input_tokens": usage.fresh,
        "cache_creation_input_tokens": usage.cache_write + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": usage.output,
        "service_tier": "standard",
    }


def frames_of(one: Answer, head: Json, usage: Usage, behaviour: Behaviour) -> Iterator[Frame]:
    told = {} if behaviour.word == "no-usage" else {"usage": misreported(usage_told(usage), behaviour)}
    first = {"usage": told["usage"] | {"output_tokens": 1}} if told else {}
    unended: Json = {"content": [], "stop_reason": None, "stop_sequence": None}
    hidden = 0 if one.thoughts else one.reasoning
    yield event("message_start", {"message": head | unended | first}, hidden)
    place = 0
    for place, (opening, deltas) in enumerate(parts(one)):
        yield event("content_block_start", {"index": place, "content_block": opening})
        if place == 0:
            yield event("ping", {})
        for delta, tokens in deltas:
            yield event("content_block_delta", {"index": place, "delta": delta}, tokens)
        yield event("content_block_stop", {"index": place})
    yield event("message_delta", {"delta": ending(one)} | told)
    if behaviour.word != "no-done":
        yield event("message_stop", {})


type Delta = tuple[Json, int]


def parts(one: Answer) -> Iterator[tuple[Json, list[Delta]]]:
    """Every content block: how it opens, and what follows."""
    if one.thoughts:
        thoughts: list[Delta] = [
            ({"type": "thinking_delta", "thinking": p.text}, p.tokens) for p in one.thoughts
        ]
        signed: Delta = ({"type": "signature_delta", "signature": signature(one)}, 0)
        yield {"type": "thinking", "thinking": "", "signature": ""}, [*thoughts, signed]
    if one.pieces:
        yield (
            {"type": "text", "text": ""},
            [({"type": "text_delta", "text": p.text}, p.tokens) for p in one.pieces],
        )
    for call in one.calls:
        start: Delta = ({"type": "input_json_delta", "partial_json": ""}, call.opening)
        yield (
            opened(call),
            [start, *(({"type": "input_json_delta", "partial_json": p.text}, p.tokens) for p in call.pieces)],
        )


def event(name: str, value: Json, tokens: int = 0) -> Frame:
    data = f"event: {name}\ndata: ".encode() + encoded({"type": name} | value) + b"\n\n"
    usage = name == "message_delta" and "usage" in value
    return Frame(data, tokens, content=name == "content_block_delta", final_usage=usage)


def key_of(headers: dict[bytes, bytes]) -> str:
    key = headers.get(b"x-api-key", b"").decode("latin-1")
    return key or headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ").strip()


def problem_body(problem: Problem, request_id: str) -> Json:
    kind = KINDS.get(problem.status, "api_error" if problem.status >= 500 else "invalid_request_error")
    shape = {"type": kind, "message": OWN_WORDS.get(problem.code or "", problem.message)}
    return {"type": "error", "error": shape, "request_id": f"req_{request_id}"}


KINDS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
OWN_WORDS = {"context_length_exceeded": "prompt is too long: 205000 tokens > 200000 maximum"}


def error_frame(problem: Problem, request_id: str) -> Frame:
    return event("error", problem_body(problem, request_id))


def models(names: tuple[str, ...]) -> Json:
    listed = [one_model(name) for name in names]
    return {"data": listed, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def one_model(name: str) -> Json:
    return {"type": "model", "id": name, "display_name": name, "created_at": "2025-06-01T00:00:00Z"}
