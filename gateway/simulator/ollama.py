"""Chat as an Ollama server takes and gives it: no key, an object a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.simulator.answer import answer
from gateway.simulator.asked import Answer, Asked, Call, Schema, Tool, Turn, Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.prompt_cache import PromptCache, prompt_tokens
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded, misreported

ID_HEADER = b"x-request-id"
STREAM_TYPE = b"application/x-ndjson"


class Function(Struct):
    name: str
    description: str = ""
    parameters: Schema = {}
    arguments: Schema = {}


class FunctionTool(Struct):
    function: Function
    type: Literal["function"] = "function"


class Message(Struct):
    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    images: list[str] = []
    tool_calls: list[FunctionTool] = []
    tool_name: str = ""

    def turn(self) -> Turn:
        calls = (f"{c.function.name}({encoded(c.function.arguments).decode()})" for c in self.tool_calls)
        return Turn(self.role, self.content or " ".join(calls))


class Options(Struct, frozen=True):
    num_predict: int | None = None
    stop: list[str] = []


class Request(Struct):
    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    stream: bool = True
    tools: list[FunctionTool] = []
    format: Any = ""
    options: Options = Options()
    think: bool | Literal["low", "medium", "high"] = False


def key_of(headers: dict[bytes, bytes]) -> str:
    """It asks for none; a proxy before it may."""
    return headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ") or "nobody"


def parse(body: bytes, headers: dict[bytes, bytes]) -> Request:
    try:
        return msgspec.json.decode(body, type=Request)
    except msgspec.DecodeError as error:
        raise Problem(400, str(error)) from None


def asked_in(request: Request) -> Asked:
    schema = request.format if isinstance(request.format, dict) else None
    return Asked(
        model=request.model,
        turns=tuple(message.turn() for message in request.messages),
        tools=tuple(
            Tool(t.function.name, t.function.description, t.function.parameters) for t in request.tools
        ),
        json=bool(request.format),
        schema=schema,
        stops=tuple(request.options.stop),
        most_tokens=request.options.num_predict,
        thinking=bool(request.think),
    )


def bill(request: Request, cache: PromptCache, key: str) -> Usage:
    return Usage(fresh=prompt_tokens(asked_in(request)))


def reply(request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
    one = answer(asked_in(request), behaviour)
    whole = msgspec.structs.replace(usage, output=one.tokens, reasoning=one.reasoning)
    head: Json = {
        "model": f"{request.model}-other" if behaviour.word == "other-model" else request.model,
        "created_at": f"2026-11-24T12:00:00.{request_id[:9]}Z",
    }
    counts = {"prompt_eval_count": whole.prompt, "eval_count": whole.output}
    told = {} if behaviour.word == "no-usage" else misreported(counts, behaviour)
    end: Json = {"done": True, "done_reason": "length" if one.ending == "length" else "stop"} | told
    if request.stream:
        frames = tuple(frames_of(one, head, end, behaviour))
        return Reply(usage=whole, frames=frames, stream_type=STREAM_TYPE)
    message: Json = {"role": "assistant", "content": one.text}
    if one.thoughts:
        message["thinking"] = "".join(piece.text for piece in one.thoughts)
    if one.calls:
        message["tool_calls"] = list(map(called, one.calls))
    return Reply(usage=whole, body=encoded(head | {"message": message} | end))


def called(call: Call) -> Json:
    return {"function": {"name": call.name, "arguments": call.arguments}}


def frames_of(one: Answer, head: Json, end: Json, behaviour: Behaviour) -> Iterator[Frame]:
    for piece in one.thoughts:
        yield line(head, {"content": "", "thinking": piece.text}, piece.tokens)
    for piece in one.pieces:
        yield line(head, {"content": piece.text}, piece.tokens)
    for call in one.calls:
        tokens = call.opening + sum(piece.tokens for piece in call.pieces)
        yield line(head, {"content": "", "tool_calls": [called(call)]}, tokens)
    if behaviour.word != "no-done":
        hidden = 0 if one.thoughts else one.reasoning
        last = head | {"message": {"role": "assistant", "content": ""}} | end
        yield Frame(encoded(last) + b"\n", hidden, final_usage="eval_count" in end)


def line(head: Json, said: Json, tokens: int) -> Frame:
    value = head | {"message": {"role": "assistant"} | said, "done": False}
    return Frame(encoded(value) + b"\n", tokens, content=True)


def problem_body(problem: Problem, request_id: str) -> Json:
    return {"error": problem.message}


def error_frame(problem: Problem, request_id: str) -> Frame:
    return Frame(encoded(problem_body(problem, request_id)) + b"\n")


def models(names: tuple[str, ...]) -> Json:
    return {"models": [{"name": name, "model": name} for name in names]}
