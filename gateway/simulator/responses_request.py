"""What a client of OpenAI's Responses API sends."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.simulator.asked import Asked, Schema, Tool, Turn
from gateway.simulator.reply import Problem

ROLES = {"developer": "system", "system": "system", "assistant": "assistant", "user": "user"}


class AnyTool(Struct):
    type: str
    name: str = ""
    description: str | None = None
    parameters: Schema | None = None


class Format(Struct):
    type: Literal["text", "json_object", "json_schema"]
    schema: Schema | None = None


class Text(Struct):
    format: Format | None = None


class Reasoning(Struct):
    effort: str | None = None
    summary: str | None = None


type LeastOutput = Annotated[int, Meta(ge=16)]


class Request(Struct):
    model: str
    input: str | list[dict[str, Any]] = ""
    instructions: str | None = None
    previous_response_id: str | None = None
    stream: bool | None = False
    store: bool | None = True
    tools: list[AnyTool] | None = None
    tool_choice: str | dict[str, Any] | None = "auto"
    parallel_tool_calls: bool | None = True
    text: Text | None = None
    reasoning: Reasoning | None = None
    max_output_tokens: LeastOutput | None = None
    include: list[str] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = 0
    temperature: float | None = None
    top_p: float | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    earlier: tuple[Turn, ...] = ()  # what the provider remembers; not sent
    account: str = ""  # whose memory it is; not sent

    @property
    def tells_logprobs(self) -> bool:
        return "message.output_text.logprobs" in (self.include or ())


NOT_HERE = (
    "messages",
    "max_tokens",
    "max_completion_tokens",
    "response_format",
    "stop",
    "n",
    "logprobs",
    "earlier",
    "account",
)


def parse(body: bytes) -> Request:
    try:
        sent = msgspec.json.decode(body)
        for field in NOT_HERE:
            if isinstance(sent, dict) and field in sent:
                raise Problem(400, f"Unknown parameter: '{field}'.", code="unknown_parameter", param=field)
        request = msgspec.convert(sent, Request)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        missing = re.search("missing required field `(.+)`", problem)
        param = missing.group(1) if missing else place.strip("`$.")
        raise Problem(400, f"{problem}.", param=param or None) from None
    except msgspec.DecodeError:
        raise Problem(400, "We could not parse the JSON body of your request.") from None
    if not request.input and request.previous_response_id is None:
        raise Problem(
            400, "Missing required parameter: 'input'.", code="missing_required_parameter", param="input"
        )
    if isinstance(request.input, list):
        for index, item in enumerate(request.input):
            check(index, item)
    return request


def check(place: int, item: dict[str, Any]) -> None:
    kind = item.get("type", "message")
    if kind == "message" and item.get("role") not in ROLES:
        raise Problem(400, f"Invalid value for 'input[{place}].role'.", param=f"input[{place}].role")
    if kind in {"function_call", "function_call_output"} and not item.get("call_id"):
        raise Problem(400, f"Missing 'input[{place}].call_id'.", param=f"input[{place}].call_id")
    if "encrypted_content" in item and not str(item["encrypted_content"] or "sim:").startswith("sim:"):
        raise Problem(
            400,
            "The encrypted content could not be verified.",
            code="invalid_encrypted_content",
            param="input",
        )
    if re.match(r"[a-z]+_rw_", str(item.get("id") or "")):  # of a gateway's making: no item of ours
        raise Problem(404, f"Item with id '{item['id']}' not found.", param="input")


def turns_of(request: Request) -> tuple[Turn, ...]:
    """Of this request alone, without its instructions, as they are remembered."""
    if isinstance(request.input, str):
        return (Turn("user", request.input),)
    return tuple(turn for item in request.input if (turn := turn_of(item)) is not None)


def turn_of(item: dict[str, Any]) -> Turn | None:
    match item.get("type", "message"):
        case "message":
            return msgspec.convert({"role": ROLES[item["role"]], "text": words(item.get("content"))}, Turn)
        case "function_call":
            return Turn("assistant", f"{item.get('name')}({item.get('arguments')})")
        case "function_call_output":
            return Turn("tool", words(item.get("output")))
    return None


def words(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text") or part.get("refusal") or "") for part in parts)


def asked_in(request: Request) -> Asked:
    wanted = request.text.format if request.text else None
    choice, allowed = chosen(request.tool_choice or "auto")
    rules = (Turn("system", request.instructions),) if request.instructions else ()
    return Asked(
        model=request.model,
        turns=(*rules, *request.earlier, *turns_of(request)),
        tools=tuple(
            Tool(t.name, t.description or "", t.parameters or {})
            for t in request.tools or ()
            if t.type == "function" and (allowed is None or t.name in allowed)
        ),
        choice=choice,
        parallel=request.parallel_tool_calls is not False,
        json=wanted is not None and wanted.type != "text",
        schema=wanted.schema if wanted else None,
        most_tokens=request.max_output_tokens,
        thinking=request.reasoning is not None and bool(request.reasoning.summary),
    )


def chosen(choice: str | dict[str, Any]) -> tuple[str, set[str] | None]:
    """As it is asked in nobody's words, and which tools are left."""
    if isinstance(choice, str):
        return {"required": "any"}.get(choice, choice), None
    if choice.get("type") == "allowed_tools":
        mode = str(choice.get("mode") or "auto")
        return {"required": "any"}.get(mode, mode), {tool.get("name") for tool in choice["tools"]}
    return str(choice.get("name") or "auto"), None
