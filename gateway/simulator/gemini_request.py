"""What a client of Gemini's API sends, as strictly read as Google does: a field it does not know is an error."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.simulator.asked import Asked, Schema, Tool, Turn
from gateway.simulator.reply import Problem, encoded

FREE = frozenset(
    {
        "args",
        "response",
        "parameters",
        "parametersJsonSchema",
        "responseJsonSchema",
        "responseSchema",
        "labels",
    }
)  # below these, names are the caller's own
SIGNED_SINCE = 3  # the generation of models that want their signatures back


class Strict(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    pass


class Blob(Strict, frozen=True):
    mime_type: str
    data: str = ""
    file_uri: str = ""
    display_name: str = ""


class FunctionCall(Strict, frozen=True):
    name: str
    args: Schema = {}
    id: str = ""


class FunctionResponse(Strict, frozen=True):
    name: str
    response: Schema
    id: str = ""
    parts: list[Any] = []


class Part(Strict, frozen=True):
    text: str | None = None
    thought: bool = False
    thought_signature: str = ""
    inline_data: Blob | None = None
    file_data: Blob | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None

    def words(self) -> str:
        if self.function_call:
            return f"{self.function_call.name}({encoded(self.function_call.args).decode()})"
        if self.function_response:
            response = self.function_response.response
            return str(response["output"]) if response.keys() == {"output"} else encoded(response).decode()
        return self.text or ""


class Content(Strict, frozen=True):
    parts: Annotated[list[Part], Meta(min_length=1)]
    role: Literal["user", "model"] = "user"

    @property
    def calls(self) -> list[Part]:
        return [part for part in self.parts if part.function_call]

    @property
    def results(self) -> list[Part]:
        return [part for part in self.parts if part.function_response]

    def turn(self) -> Turn:
        said = "\n".join(words for part in self.parts if (words := part.words()))
        role: Literal["user", "assistant", "tool"] = "assistant" if self.role == "model" else "user"
        return Turn("tool" if self.results else role, said)


class Declaration(Strict, frozen=True):
    name: str
    description: str = ""
    parameters: Schema | None = None
    parameters_json_schema: Schema | None = None
    response: Schema | None = None
    response_json_schema: Schema | None = None


class Declared(Strict, frozen=True):
    function_declarations: list[Declaration] = []
    google_search: Schema | None = None


class Calling(Strict, frozen=True):
    mode: Literal["AUTO", "ANY", "NONE", "VALIDATED"] = "AUTO"
    allowed_function_names: list[str] = []


class ToolConfig(Strict, frozen=True):
    function_calling_config: Calling = Calling()


class Thinking(Strict, frozen=True):
    include_thoughts: bool = False
    thinking_budget: int | None = None
    thinking_level: Literal["minimal", "low", "medium", "high", "MINIMAL", "LOW", "MEDIUM", "HIGH"] | None = (
        None
    )


class Config(Strict, frozen=True):
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    candidate_count: Annotated[int, Meta(ge=1, le=8)] = 1
    max_output_tokens: Annotated[int, Meta(ge=1)] | None = None
    stop_sequences: Annotated[list[str], Meta(max_length=5)] = []
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_logprobs: bool = False
    logprobs: int | None = None
    response_mime_type: str = "text/plain"
    response_schema: Schema | None = None
    response_json_schema: Schema | None = None
    response_modalities: list[str] = []
    thinking_config: Thinking = Thinking()


class Body(Strict, frozen=True):
    contents: Annotated[list[Content], Meta(min_length=1)]
    system_instruction: Content | None = None
    tools: list[Declared] = []
    tool_config: ToolConfig = ToolConfig()
    generation_config: Config = Config()
    safety_settings: list[Schema] = []
    labels: dict[str, str] = {}


class Request(Struct):
    model: str
    stream: bool
    body: Body


def decoded(body: bytes) -> Body:
    try:
        return msgspec.convert(camel(msgspec.json.decode(body)), Body)
    except msgspec.ValidationError as error:
        raise Problem(400, f"Invalid JSON payload received. {error}") from None
    except msgspec.DecodeError:
        raise Problem(400, "Invalid JSON payload received. Unexpected token.") from None


def camel(value: Any) -> Any:
    """Both spellings are taken."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {re.sub(r"_([a-z])", lambda m: m[1].upper(), name): inner for name, inner in value.items()}
    return {name: inner if name in FREE else camel(inner) for name, inner in named.items()}


def check(model: str, body: Body) -> None:
    """What Google refuses of a conversation that is well-formed."""
    generation = int(found[1]) if (found := re.search(r"gemini-(\d)", model)) else 0
    before: Content | None = None
    for content in body.contents:
        if content.results and (before is None or len(before.calls) != len(content.results)):
            raise Problem(
                400,
                "Please ensure that the number of function response parts is equal to the number of function "
                "call parts of the function call turn.",
            )
        calls = content.calls
        if calls and generation >= SIGNED_SINCE and not calls[0].thought_signature:
            raise Problem(400, "Function call is missing a thought_signature in functionCall parts.")
        before = content
    config = body.generation_config
    if body.tools and config.response_mime_type != "text/plain" and 0 < generation < SIGNED_SINCE:
        raise Problem(400, "Function calling with a response mime type: 'application/json' is unsupported")


def asked_in(request: Request) -> Asked:
    body, config = request.body, request.body.generation_config
    rules = body.system_instruction
    calling = body.tool_config.function_calling_config
    tools = tuple(
        Tool(each.name, each.description, each.parameters_json_schema or lowered(each.parameters or {}))
        for declared in body.tools
        for each in declared.function_declarations
        if not calling.allowed_function_names or each.name in calling.allowed_function_names
    )
    choice = {"ANY": "any", "NONE": "none"}.get(calling.mode, "auto")
    return Asked(
        model=request.model,
        turns=(
            *([Turn("system", "\n".join(part.words() for part in rules.parts))] if rules else []),
            *(content.turn() for content in body.contents),
        ),
        tools=tools,
        choice=tools[0].name
        if choice == "any" and len(calling.allowed_function_names) == 1 and tools
        else choice,
        json=config.response_mime_type == "application/json",
        schema=config.response_json_schema or lowered(config.response_schema),
        stops=tuple(config.stop_sequences),
        most_tokens=config.max_output_tokens,
        thinking=config.thinking_config.include_thoughts,
    )


def lowered(schema: Any) -> Any:
    """Google's own form of a schema names types in capitals."""
    if isinstance(schema, list):
        return [lowered(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: value.lower() if name == "type" and isinstance(value, str) else lowered(value)
        for name, value in schema.items()
        if name not in {"nullable", "propertyOrdering"}
    }
