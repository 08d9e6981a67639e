"""The deltas of a stream → the reply that they make."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.core.conversation import (
    CitationDelta,
    Counted,
    Delta,
    Ended,
    Finish,
    Part,
    RefusalDelta,
    Refused,
    Reply,
    Started,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Token,
    ToolArguments,
    ToolCall,
    ToolCallStarted,
)
from gateway.core.price import NOTHING, UsageSource


def assemble(deltas: Iterable[Delta], *, logprobs: tuple[float, ...] | None = None) -> Reply:
    """Of the first choice. Parts come in the order thinking, text, refusal, tool calls."""
    deltas = tuple(deltas)
    citations = tuple(d.citation for d in deltas if isinstance(d, CitationDelta) and not d.choice)
    started = Started(id="", model="")
    texts: list[str] = []
    thoughts: list[str] = []
    refusals: list[str] = []
    calls: dict[int, tuple[ToolCallStarted, list[str]]] = {}
    tokens: list[Token] = []
    finish, stop_sequence, usage = Finish.UNKNOWN, "", NOTHING
    for delta in deltas:
        match delta:
            case Started():
                started = delta
            case TextDelta(text, choice):
                texts += [text] if not choice else []
                tokens += delta.tokens if not choice else ()
            case ThinkingDelta(text):
                thoughts.append(text)
            case RefusalDelta(text):
                refusals.append(text)
            case ToolCallStarted(index, choice=0):
                calls[index] = (delta, [])
            case ToolArguments(index, json, 0) if index in calls:
                calls[index][1].append(json)
            case Ended(choice=0):
                finish, stop_sequence = delta.finish, delta.stop_sequence
            case Counted(counted):
                usage = counted
    return Reply(
        id=started.id,
        model=started.model,
        parts=_parts("".join(thoughts), Text("".join(texts), citations=citations), "".join(refusals), calls),
        finish=finish,
        usage=usage,
        usage_source=UsageSource.NONE if usage == NOTHING else UsageSource.PROVIDER_FINAL,
        logprobs=logprobs,
        tokens=tuple(tokens),
        stop_sequence=stop_sequence,
    )


def _parts(
    thought: str, text: Text, refusal: str, calls: dict[int, tuple[ToolCallStarted, list[str]]]
) -> tuple[Part, ...]:
    said: list[Part] = []
    said += [Thinking(text=thought)] if thought else []
    said += [text] if text.text else []
    said += [Refused(refusal)] if refusal else []
    said += [ToolCall(call.id, call.name, "".join(pieces), call.signature) for call, pieces in calls.values()]
    return tuple(said)
