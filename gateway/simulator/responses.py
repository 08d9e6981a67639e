"""Responses as OpenAI's API takes and gives them. What it answered it remembers, unless it is told not to store it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from gateway.simulator import openai
from gateway.simulator.answer import answer
from gateway.simulator.asked import Answer, Call, Turn, Usage
from gateway.simulator.behaviour import Behaviour
from gateway.simulator.prompt_cache import PromptCache, prompt_tokens
from gateway.simulator.reply import Frame, Json, Problem, Reply, encoded, misreported
from gateway.simulator.responses_request import Request, asked_in, parse, turns_of

MOST = 10_000  # responses remembered


def counted(body: bytes) -> Json:
    """Of a prompt without what is remembered."""
    return {"object": "response.input_tokens", "input_tokens": prompt_tokens(asked_in(parse(body)))}


class Responses:
    ID_HEADER = openai.ID_HEADER
    key_of = staticmethod(openai.key_of)
    problem_body = staticmethod(openai.problem_body)

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[Turn, ...]] = OrderedDict()

    def parse(self, body: bytes, headers: dict[bytes, bytes]) -> Request:
        return parse(body)

    def bill(self, request: Request, cache: PromptCache, key: str) -> Usage:
        """The prompt is what was remembered and what came; both of the same account."""
        if request.previous_response_id is not None:
            known = self._kept.get((key, request.previous_response_id))
            if known is None:
                raise Problem(
                    400,
                    f"Previous response with id '{request.previous_response_id}' not found.",
                    code="previous_response_not_found",
                    param="previous_response_id",
                )
            request.earlier = known
        request.account = key
        return cache.automatic(asked_in(request), key)

    def reply(self, request: Request, usage: Usage, behaviour: Behaviour, request_id: str, now: int) -> Reply:
        """`usage` is the prompt's share; what the answer costs is added here."""
        one = answer(asked_in(request), behaviour)
        whole = msgspec.structs.replace(usage, output=one.tokens, reasoning=one.reasoning)
        told = None if behaviour.word == "no-usage" else misreported(usage_told(whole), behaviour)
        head = head_of(request, behaviour, request_id, now)
        if request.store is not False:
            self._keep(request, one, head["id"])
        items = list(items_of(request, one, request_id, refused=behaviour.word == "refuse"))
        body = ended(head, items, one, told)
        if request.stream:
            return Reply(usage=whole, frames=tuple(numbered(frames_of(one, head, body, behaviour))))
        return Reply(usage=whole, body=encoded(body))

    def error_frame(self, problem: Problem, request_id: str) -> Frame:
        said = self.problem_body(problem, request_id)["error"]
        event = {"type": "error", "sequence_number": 0, "code": said["code"], "message": said["message"]}
        return frame(event | {"param": said["param"]})

    def _keep(self, request: Request, one: Answer, response_id: str) -> None:
        said = Turn("assistant", one.text or " ".join(f"{call.name}({call.text})" for call in one.calls))
        self._kept[request.account, response_id] = (*request.earlier, *turns_of(request), said)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)


def head_of(request: Request, behaviour: Behaviour, request_id: str, now: int) -> Json:
    text = request.text.format if request.text else None
    return {
        "id": f"resp_{request_id}",
        "object": "response",
        "created_at": now,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "metadata": request.metadata or {},
        "model": f"{request.model}-other" if behaviour.word == "other-model" else request.model,
        "output": [],
        "parallel_tool_calls": request.parallel_tool_calls is not False,
        "previous_response_id": request.previous_response_id,
        "reasoning": msgspec.to_builtins(request.reasoning) or {"effort": None, "summary": None},
        "store": request.store is not False,
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "text": {"format": {"type": text.type if text and text.type != "json_schema" else "text"}},
        "tool_choice": request.tool_choice or "auto",
        "tools": [],
        "top_p": 1.0 if request.top_p is None else request.top_p,
        "truncation": "disabled",
        "usage": None,
        "user": request.user,
    }


def ended(head: Json, items: list[Json], one: Answer, told: Json | None) -> Json:
    cut = one.ending == "length"
    return head | {
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": items,
        "usage": told,
    }


def items_of(request: Request, one: Answer, request_id: str, *, refused: bool) -> Iterator[Json]:
    if one.thoughts or one.reasoning:
        thoughts = "".join(piece.text for piece in one.thoughts)
        summary = [{"type": "summary_text", "text": thoughts}] if thoughts else []
        sealed = "reasoning.encrypted_content" in (request.include or ())
        item = {"id": f"rs_{request_id}", "type": "reasoning", "summary": summary}
        yield item | ({"encrypted_content": f"sim:{request_id}"} if sealed else {})
    if one.pieces:
        part = {"type": "refusal", "refusal": one.text} if refused else text_part(request, one)
        yield message(request_id, [part], "incomplete" if one.ending == "length" else "completed")
    for place, call in enumerate(one.calls):
        yield {
            "id": f"fc_{place}_{request_id}",
            "type": "function_call",
            "status": "completed",
            "call_id": f"call_{call.id}",
            "name": call.name,
            "arguments": call.text,
        }


def message(request_id: str, content: list[Json], status: str) -> Json:
    return {
        "id": f"msg_{request_id}",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": content,
    }


def text_part(request: Request, one: Answer) -> Json:
    told = openai.logprobs(one, request.top_logprobs or 0) if request.tells_logprobs else []
    return {"type": "output_text", "text": one.text, "annotations": [], "logprobs": told}


def usage_told(usage: Usage) -> Json:
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cache_read},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.output,
    }


type Step = tuple[Json, int, bool]  # an event, the tokens it took, whether it is a piece of the answer


def numbered(steps: Iterator[Step]) -> Iterator[Frame]:
    for number, (event, tokens, content) in enumerate(steps):
        told = bool((event.get("response") or {}).get("usage"))
        yield frame(event | {"sequence_number": number}, tokens, content=content, final_usage=told)


def frame(event: Json, tokens: int = 0, *, content: bool = False, final_usage: bool = False) -> Frame:
    data = f"event: {event['type']}\ndata: ".encode() + encoded(event) + b"\n\n"
    return Frame(data, tokens, content=content, final_usage=final_usage)


def frames_of(one: Answer, head: Json, body: Json, behaviour: Behaviour) -> Iterator[Step]:
    hidden = 0 if one.thoughts else one.reasoning
    yield {"type": "response.created", "response": head}, hidden, False
    yield {"type": "response.in_progress", "response": head}, 0, False
    calls = iter(one.calls)
    for place, item in enumerate(body["output"]):
        at: Json = {"output_index": place, "item_id": item["id"]}
        call = next(calls) if item["type"] == "function_call" else None
        opening = call.opening if call else 0
        opened = {"output_index": place, "item": item | UNFILLED[item["type"]]}
        yield {"type": "response.output_item.added", **opened}, opening, call is not None
        if call:
            yield from called(at, call, item)
        elif item["type"] == "message":
            yield from said(one, at, item["content"][0])
        else:
            yield from thought(one, at)
        yield {"type": "response.output_item.done", "output_index": place, "item": item}, 0, False
    if behaviour.word != "no-done":
        yield {"type": f"response.{body['status']}", "response": body}, 0, False


UNFILLED: dict[str, Json] = {
    "function_call": {"arguments": "", "status": "in_progress"},
    "message": {"content": [], "status": "in_progress"},
    "reasoning": {"summary": []},
}


def said(one: Answer, at: Json, part: Json) -> Iterator[Step]:
    kind = part["type"]
    here = at | {"content_index": 0}
    field = "refusal" if kind == "refusal" else "text"
    empty: Json = {field: ""} | ({} if kind == "refusal" else {"logprobs": []})
    yield {"type": "response.content_part.added", **here, "part": part | empty}, 0, False
    told = part.get("logprobs") or [None] * len(one.pieces)
    for piece, logprob in zip(one.pieces, told, strict=True):
        more = {} if kind == "refusal" else {"logprobs": [logprob] if logprob else []}
        yield {"type": f"response.{kind}.delta", **here, "delta": piece.text, **more}, piece.tokens, True
    whole = {field: part[field]} | ({} if kind == "refusal" else {"logprobs": part["logprobs"]})
    yield {"type": f"response.{kind}.done", **here, **whole}, 0, False
    yield {"type": "response.content_part.done", **here, "part": part}, 0, False


def thought(one: Answer, at: Json) -> Iterator[Step]:
    if not one.thoughts:
        return
    here, text = at | {"summary_index": 0}, "".join(piece.text for piece in one.thoughts)
    name = "response.reasoning_summary"
    yield {"type": f"{name}_part.added", **here, "part": {"type": "summary_text", "text": ""}}, 0, False
    for piece in one.thoughts:
        yield {"type": f"{name}_text.delta", **here, "delta": piece.text}, piece.tokens, True
    yield {"type": f"{name}_text.done", **here, "text": text}, 0, False
    yield {"type": f"{name}_part.done", **here, "part": {"type": "summary_text", "text": text}}, 0, False


def called(at: Json, call: Call, item: Json) -> Iterator[Step]:
    name = "response.function_call_arguments"
    for piece in call.pieces:
        yield {"type": f"{name}.delta", **at, "delta": piece.text}, piece.tokens, True
    yield {"type": f"{name}.done", **at, "name": item["name"], "arguments": item["arguments"]}, 0, False
