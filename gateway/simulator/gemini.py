"""generateContent as Gemini's API takes and gives it: whole, or as chunks that are each an answer in small."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence

import msgspec

from gateway.simulator.answer import answer
from gateway.simulator.asked import Answer, Call, Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.dice import Dice
from gateway.simulator.gemini_request import Request, asked_in, check, decoded
from gateway.simulator.prompt_cache import PromptCache, prompt_tokens
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded, misreported

FINISH = {"stop": "STOP", "stop_sequence": "STOP", "length": "MAX_TOKENS", "tools": "STOP"}
STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
OWN_WORDS = {
    "context_length_exceeded": "The input token count (205000) exceeds the maximum number of tokens allowed (200000)."
}


class Generate:
    """One call: its model and method stand in the path."""

    ID_HEADER = b"x-goog-request-id"

    def __init__(self, model: str, *, streaming: bool) -> None:
        self._model, self._streaming = model, streaming

    def key_of(self, headers: dict[bytes, bytes]) -> str:
        key = headers.get(b"x-goog-api-key", b"").decode("latin-1")
        return key or headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ").strip()

    def parse(self, body: bytes, headers: dict[bytes, bytes]) -> Request:
        asked = decoded(body)
        check(self._model, asked)
        return Request(self._model, self._streaming, asked)

    def bill(self, request: Request, cache: PromptCache, key: str) -> Usage:
        return cache.automatic(asked_in(request), key)

    def reply(self, request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
        asked, config = asked_in(request), request.body.generation_config
        answers = [answer(asked, behaviour, place) for place in range(config.candidate_count)]
        whole = msgspec.structs.replace(
            usage,
            output=sum(one.tokens for one in answers),
            reasoning=sum(one.reasoning for one in answers),
        )
        other = "-other" if behaviour.word == "other-model" else ""
        tail: Json = {"modelVersion": f"{request.model}{other}", "responseId": request_id}
        if request.stream:
            return Reply(usage=whole, frames=tuple(frames_of(request, answers, tail, whole, behaviour)))
        candidates = [candidate(request, one, place) for place, one in enumerate(answers)]
        body = {"candidates": candidates} | told(whole, behaviour) | tail
        return Reply(usage=whole, body=encoded(body))

    def problem_body(self, problem: Problem, request_id: str) -> Json:
        error: Json = {
            "code": problem.status,
            "message": OWN_WORDS.get(problem.code or "", problem.message),
            "status": STATUS.get(problem.status, "INTERNAL"),
        }
        if problem.code == "insufficient_quota":
            error["details"] = [{"@type": FAILURE, "violations": [{"quotaId": "RequestsPerDayPerProject"}]}]
        return {"error": error}

    def error_frame(self, problem: Problem, request_id: str) -> Frame:
        return Frame(event(self.problem_body(problem, request_id)))


FAILURE = "type.googleapis.com/google.rpc.QuotaFailure"


def counted(model: str, body: bytes) -> Json:
    wrapped = msgspec.json.decode(body, type=dict[str, msgspec.Raw]).get("generateContentRequest")
    inner = (
        msgspec.json.decode(bytes(wrapped), type=Json) if wrapped else msgspec.json.decode(body, type=Json)
    )
    inner.pop("model", None)
    tokens = prompt_tokens(asked_in(Request(model, False, decoded(encoded(inner)))))
    return {"totalTokens": tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}]}


def candidate(request: Request, one: Answer, place: int) -> Json:
    thoughts = "".join(piece.text for piece in one.thoughts)
    parts: list[Json] = [{"text": thoughts, "thought": True}] if thoughts else []
    parts += [{"text": one.text}] if one.pieces else []
    parts += [called(request, call, first=not index) for index, call in enumerate(one.calls)]
    shown = {"content": {"parts": parts, "role": "model"}} if parts else {"content": {"role": "model"}}
    return shown | {"finishReason": FINISH[one.ending], "index": place} | logprobs(request, one)


def called(request: Request, call: Call, *, first: bool) -> Json:
    """Only the first of parallel calls is signed."""
    signed = {"thoughtSignature": b64encode(Dice(call.text).word("thought", 48).encode()).decode()}
    return {"functionCall": {"name": call.name, "args": call.arguments}} | (signed if first else {})


def logprobs(request: Request, one: Answer) -> Json:
    if not request.body.generation_config.response_logprobs:
        return {}
    dice = Dice(one.text, one.mean_logprob)
    chosen = [
        {
            "token": piece.text,
            "logProbability": round(one.mean_logprob * dice.between(f"{place}", 0.5, 1.5), 6),
        }
        for place, piece in enumerate(one.pieces)
    ]
    return {"avgLogprobs": one.mean_logprob, "logprobsResult": {"chosenCandidates": chosen}}


def told(usage: Usage, behaviour: Behaviour) -> Json:
    if behaviour.word == "no-usage":
        return {}
    answer_tokens = usage.output - usage.reasoning
    counts: Json = {
        "promptTokenCount": usage.prompt,
        "candidatesTokenCount": answer_tokens,
        "totalTokenCount": usage.prompt + usage.output,
    }
    if usage.cache_read:
        counts["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        counts["thoughtsTokenCount"] = usage.reasoning
    details = {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.prompt}]}
    return {"usageMetadata": misreported(counts, behaviour) | details}


def frames_of(
    request: Request, answers: Sequence[Answer], tail: Json, usage: Usage, behaviour: Behaviour
) -> Iterator[Frame]:
    """The prompt's tokens are told with every chunk, all of them with the last."""
    known = told(msgspec.structs.replace(usage, output=0, reasoning=0), behaviour) | tail
    for place, one in enumerate(answers):
        hidden = 0 if one.thoughts else one.reasoning
        for part, tokens in pieces_of(request, one):
            shown = {"content": {"parts": [part], "role": "model"}, "index": place}
            yield Frame(event({"candidates": [shown]} | known), tokens + hidden, content=True)
            hidden = 0
    ends = [
        {"content": {"role": "model"}, "finishReason": FINISH[one.ending], "index": place}
        for place, one in enumerate(answers)
    ]
    if behaviour.word != "no-done":
        last = {"candidates": ends} | told(usage, behaviour) | tail
        yield Frame(event(last), final_usage="usageMetadata" in last)


def pieces_of(request: Request, one: Answer) -> Iterator[tuple[Json, int]]:
    for piece in one.thoughts:
        yield {"text": piece.text, "thought": True}, piece.tokens
    for piece in one.pieces:
        yield {"text": piece.text}, piece.tokens
    for index, call in enumerate(one.calls):
        tokens = call.opening + sum(piece.tokens for piece in call.pieces)
        yield called(request, call, first=not index), tokens


def event(value: Json) -> bytes:
    """With the line ends that Google writes."""
    return b"data: " + encoded(value) + b"\r\n\r\n"


def models(names: tuple[str, ...]) -> Json:
    return {"models": [one_model(name) for name in names]}


def one_model(name: str) -> Json:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }
