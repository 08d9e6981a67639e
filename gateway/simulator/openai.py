"""Chat completions as OpenAI's API takes and gives them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gateway.simulator.answer import answer
from gateway.simulator.asked import Answer, Call, Piece, Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.dice import Dice
from gateway.simulator.openai_request import Request, asked_in, parse
from gateway.simulator.prompt_cache import PromptCache
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded, misreported

__all__ = [
    "ID_HEADER",
    "bill",
    "error_frame",
    "key_of",
    "models",
    "one_model",
    "parse",
    "problem_body",
    "reply",
]

ID_HEADER = b"x-request-id"


def bill(request: Request, cache: PromptCache, key: str) -> Usage:
    return cache.automatic(asked_in(request), key)


def reply(request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
    """`usage` is the prompt's share; what the answers cost is added here."""
    asked = asked_in(request)
    answers = [answer(asked, behaviour, place) for place in range(request.n or 1)]
    whole = msgspec.structs.replace(
        usage,
        output=sum(one.tokens for one in answers),
        reasoning=sum(one.reasoning for one in answers),
    )
    head: Json = {
        "id": f"chatcmpl-{request_id}",
        "object": "chat.completion",
        "created": now,
        "model": f"{request.model}-other" if behaviour.word == "other-model" else request.model,
        "service_tier": {"auto": "default"}.get(tier := request.service_tier or "auto", tier),
        "system_fingerprint": "fp_simulated",
    }
    told = None if behaviour.word == "no-usage" else misreported(usage_told(whole), behaviour)
    if request.stream:
        frames = tuple(frames_of(request, answers, head, told, behaviour))
        return Reply(usage=whole, frames=frames)
    choices = [choice_of(request, one, place) for place, one in enumerate(answers)]
    body = head | {"choices": choices} | ({"usage": told} if told else {})
    return Reply(usage=whole, body=encoded(body))


def choice_of(request: Request, one: Answer, place: int) -> Json:
    message: Json = {"role": "assistant", "content": one.text or None, "refusal": None, "annotations": []}
    if one.calls:
        message["tool_calls"] = [called(call) for call in one.calls]
    return {
        "index": place,
        "message": message,
        "logprobs": {"content": logprobs(one, request.top_logprobs or 0), "refusal": None}
        if request.logprobs
        else None,
        "finish_reason": FINISH[one.ending],
    }


FINISH = {"stop": "stop", "stop_sequence": "stop", "length": "length", "tools": "tool_calls"}


def called(call: Call) -> Json:
    return {
        "id": f"call_{call.id}",
        "type": "function",
        "function": {"name": call.name, "arguments": call.text},
    }


def logprobs(one: Answer, top: int) -> list[Json]:
    """Values that scatter around the answer's mean, so that the mean is what a check sees."""
    dice = Dice(one.text, one.mean_logprob)
    return [
        logprob(piece, one.mean_logprob * dice.between(f"{place}", 0.5, 1.5), top)
        for place, piece in enumerate(one.pieces)
    ]


def logprob(piece: Piece, value: float, top: int) -> Json:
    one = {"token": piece.text, "logprob": round(value, 6), "bytes": list(piece.text.encode())}
    others = [
        {**one, "token": f"{piece.text}{place or ''}", "logprob": round(value - place, 6)}
        for place in range(top)
    ]
    return {**one, "top_logprobs": others}


def frames_of(
    request: Request, answers: list[Answer], head: Json, usage: Json | None, behaviour: Behaviour
) -> Iterator[Frame]:
    with_usage = bool(request.stream_options and request.stream_options.include_usage)
    head = head | {"object": "chat.completion.chunk"} | ({"usage": None} if with_usage else {})
    for place, one in enumerate(answers):
        yield chunk(
            head,
            place,
            {"role": "assistant", "content": None if one.calls else "", "refusal": None},
            tokens=one.reasoning,
        )
        yield from content_frames(request, one, place, head)
        yield chunk(head, place, {}, finish=FINISH[one.ending])
    if with_usage and usage is not None:
        yield Frame(event(head | {"choices": [], "usage": usage}), final_usage=True)
    if behaviour.word != "no-done":
        yield Frame(b"data: [DONE]\n\n")


def content_frames(request: Request, one: Answer, place: int, head: Json) -> Iterator[Frame]:
    told = logprobs(one, request.top_logprobs or 0) if request.logprobs else [None] * len(one.pieces)
    for piece, said in zip(one.pieces, told, strict=True):
        yield chunk(head, place, {"content": piece.text}, tokens=piece.tokens, said=said)
    for index, call in enumerate(one.calls):
        first = called(call) | {"index": index, "function": {"name": call.name, "arguments": ""}}
        yield chunk(head, place, {"tool_calls": [first]}, tokens=call.opening)
        for piece in call.pieces:
            delta = {"tool_calls": [{"index": index, "function": {"arguments": piece.text}}]}
            yield chunk(head, place, delta, tokens=piece.tokens)


def chunk(
    head: Json,
    place: int,
    delta: Json,
    *,
    finish: str | None = None,
    tokens: int = 0,
    said: Json | None = None,
) -> Frame:
    told = {"content": [said], "refusal": None} if said else None
    choice = {"index": place, "delta": delta, "logprobs": told, "finish_reason": finish}
    return Frame(event(head | {"choices": [choice]}), tokens, content=bool(delta) and "role" not in delta)


def event(value: Json) -> bytes:
    return b"data: " + encoded(value) + b"\n\n"


def usage_told(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.output,
        "total_tokens": usage.prompt + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def key_of(headers: dict[bytes, bytes]) -> str:
    scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def problem_body(problem: Problem, request_id: str) -> Json:
    kind = (
        "insufficient_quota"
        if problem.code == "insufficient_quota"
        else KINDS.get(problem.status, "server_error")
    )
    code = problem.code or CODES.get(problem.status)
    return {"error": {"message": problem.message, "type": kind, "param": problem.param, "code": code}}


KINDS = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "invalid_request_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "requests",
}
CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


def error_frame(problem: Problem, request_id: str) -> Frame:
    return Frame(event(problem_body(problem, request_id)))


def models(names: tuple[str, ...]) -> Json:
    return {"object": "list", "data": [one_model(name) for name in names]}


def one_model(name: str) -> Json:
    return {"id": name, "object": "model", "created": 1_750_000_000, "owned_by": "simulated"}
