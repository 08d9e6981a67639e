"""Chat, version 2, as Cohere's API takes and gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.simulator.answer import answer
from gateway.simulator.asked import Answer, Asked, Schema, Tool, Turn, Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.openai import event, key_of
from gateway.simulator.prompt_cache import PromptCache, prompt_tokens
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded, misreported

__all__ = ["ID_HEADER", "bill", "error_frame", "key_of", "models", "parse", "problem_body", "reply"]

ID_HEADER = b"x-debug-trace-id"
PREAMBLE = 480  # tokens that go through the model and are not billed


class Function(Struct):
    name: str
    description: str = ""
    parameters: Schema = {}
    arguments: str = ""


class FunctionTool(Struct):
    function: Function
    type: Literal["function"] = "function"


class Message(Struct):
    role: Literal["system", "user", "assistant", "tool"]
    content: str | list[Any] = ""
    tool_plan: str = ""
    tool_calls: list[FunctionTool] = []

    def turn(self) -> Turn:
        content = self.content
        text = content if isinstance(content, str) else "\n".join(str(p.get("text") or "") for p in content)
        calls = " ".join(f"{call.function.name}({call.function.arguments})" for call in self.tool_calls)
        return Turn(self.role, text or f"{self.tool_plan} {calls}".strip())


class ResponseFormat(Struct):
    type: Literal["text", "json_object"]
    json_schema: Schema | None = None


class Thinking(Struct):
    type: Literal["enabled", "disabled"]
    token_budget: int | None = None


class Request(Struct):
    model: str
    messages: Annotated[list[Message], Meta(min_length=1)]
    stream: bool = False
    tools: list[FunctionTool] = []
    tool_choice: Literal["REQUIRED", "NONE"] | None = None
    response_format: ResponseFormat | None = None
    stop_sequences: Annotated[list[str], Meta(max_length=5)] = []
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    p: Annotated[float, Meta(ge=0.01, le=0.99)] | None = None
    k: Annotated[int, Meta(ge=0, le=500)] | None = None
    logprobs: bool = False
    thinking: Thinking | None = None


def parse(body: bytes, headers: dict[bytes, bytes]) -> Request:
    try:
        request = msgspec.json.decode(body, type=Request)
    except msgspec.DecodeError as error:
        raise Problem(400, f"invalid request: {error}") from None
    if request.tools and request.response_format:
        raise Problem(400, "invalid request: response_format is not supported with tools")
    if request.tool_choice and not request.tools:
        raise Problem(400, "invalid request: tool_choice cannot be specified without tools")
    return request


def asked_in(request: Request) -> Asked:
    wanted = request.response_format
    choice = {"REQUIRED": "any", "NONE": "none"}.get(request.tool_choice or "", "auto")
    return Asked(
        model=request.model,
        turns=tuple(message.turn() for message in request.messages),
        tools=tuple(
            Tool(t.function.name, t.function.description, t.function.parameters) for t in request.tools
        ),
        choice=choice,
        json=wanted is not None and wanted.type != "text",
        schema=wanted.json_schema if wanted else None,
        stops=tuple(request.stop_sequences),
        most_tokens=request.max_tokens,
        thinking=request.thinking is not None and request.thinking.type == "enabled",
    )


def bill(request: Request, cache: PromptCache, key: str) -> Usage:
    return Usage(fresh=prompt_tokens(asked_in(request)))


def reply(request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
    one = answer(asked_in(request), behaviour)
    whole = msgspec.structs.replace(usage, output=one.tokens, reasoning=one.reasoning)
    told: Json = {} if behaviour.word == "no-usage" else {"usage": usage_told(whole, behaviour)}
    if request.stream:
        return Reply(usage=whole, frames=tuple(frames_of(one, told, behaviour, request_id)))
    body: Json = {"id": request_id, "message": message(one), "finish_reason": FINISH[one.ending]} | told
    if request.logprobs:
        body["logprobs"] = [logprob(piece.text, one.mean_logprob) for piece in one.pieces]
    return Reply(usage=whole, body=encoded(body))


FINISH = {
    "stop": "COMPLETE",
    "stop_sequence": "STOP_SEQUENCE",
    "length": "MAX_TOKENS",
    "tools": "TOOL_CALL",
}


def usage_told(usage: Usage, behaviour: Behaviour) -> Json:
    billed = misreported({"input_tokens": usage.prompt, "output_tokens": usage.output}, behaviour)
    seen = misreported({"input_tokens": usage.prompt + PREAMBLE, "output_tokens": usage.output}, behaviour)
    return {"billed_units": billed, "tokens": seen, "cached_tokens": 0}


def message(one: Answer) -> Json:
    said: Json = {"role": "assistant"}
    if one.calls:
        said["tool_plan"] = PLAN
        said["tool_calls"] = [called(f"{c.name}_{c.id}", c.name, c.text) for c in one.calls]
        return said
    thoughts = "".join(piece.text for piece in one.thoughts)
    thinking = [{"type": "thinking", "thinking": thoughts}] if thoughts else []
    return said | {"content": [*thinking, {"type": "text", "text": one.text}]}


PLAN = "I will use the tools that were offered."


def called(call_id: str, name: str, arguments: str) -> Json:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def logprob(text: str, value: float) -> Json:
    return {"text": text, "token_ids": [0], "logprobs": [value]}


def frames_of(one: Answer, told: Json, behaviour: Behaviour, request_id: str) -> Iterator[Frame]:
    hidden = 0 if one.thoughts else one.reasoning
    opening = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield frame("message-start", {"id": request_id, "delta": {"message": opening}}, hidden)
    if one.calls:
        yield frame("tool-plan-delta", of_message({"tool_plan": PLAN}))
        yield from call_frames(one)
    else:
        yield from content_frames(one)
    if behaviour.word != "no-done":
        end = {"id": request_id, "delta": {"finish_reason": FINISH[one.ending]} | told}
        yield frame("message-end", end, final_usage=bool(told))


def content_frames(one: Answer) -> Iterator[Frame]:
    index = 0
    for kind, field, pieces in (("thinking", "thinking", one.thoughts), ("text", "text", one.pieces)):
        if not pieces and kind == "thinking":
            continue
        at: Json = {"index": index}
        yield frame("content-start", at | of_message({"content": {"type": kind, field: ""}}))
        for piece in pieces:
            said = at | of_message({"content": {field: piece.text}})
            yield frame("content-delta", said, piece.tokens, content=True)
        yield frame("content-end", at)
        index += 1


def call_frames(one: Answer) -> Iterator[Frame]:
    for index, call in enumerate(one.calls):
        at: Json = {"index": index}
        start = of_message({"tool_calls": called(f"{call.name}_{call.id}", call.name, "")})
        yield frame("tool-call-start", at | start, call.opening, content=True)
        for piece in call.pieces:
            more = of_message({"tool_calls": {"function": {"arguments": piece.text}}})
            yield frame("tool-call-delta", at | more, piece.tokens, content=True)
        yield frame("tool-call-end", at)


def of_message(value: Json) -> Json:
    return {"delta": {"message": value}}


def frame(
    kind: str, value: Json, tokens: int = 0, *, content: bool = False, final_usage: bool = False
) -> Frame:
    data = f"event: {kind}\n".encode() + event({"type": kind} | value)
    return Frame(data, tokens, content=content, final_usage=final_usage)


def problem_body(problem: Problem, request_id: str) -> Json:
    return {"id": request_id, "message": OWN_WORDS.get(problem.code or "", problem.message)}


OWN_WORDS = {
    "context_length_exceeded": "too many tokens: size limit exceeded by 1 tokens.",
    "insufficient_quota": "You are using a Trial key, which is limited to 1000 API calls / month.",
}


def error_frame(problem: Problem, request_id: str) -> Frame:
    return frame("message-end", {"delta": {"finish_reason": "ERROR", "error": problem.message}})


def models(names: tuple[str, ...]) -> Json:
    return {"models": [{"name": name, "endpoints": ["chat"]} for name in names]}
