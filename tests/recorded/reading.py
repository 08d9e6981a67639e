"""What an answer says, read from its bytes by the shortest way there is. Shares nothing with the gateway's dialects.

Two answers in different shapes say the same when their readings are equal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore.eventstream import EventStreamBuffer

Json = dict[str, Any]


class Call(NamedTuple):
    name: str
    arguments: str  # JSON, in one form


class Said(NamedTuple):
    text: str
    calls: tuple[Call, ...]
    finish: str  # stop | length | calls | filter
    tokens: int  # all that was used, prompt and answer


def called(name: str, arguments: Any) -> Call:
    given = json.loads(arguments or "{}") if isinstance(arguments, str) else (arguments or {})
    return Call(name, json.dumps(given, sort_keys=True))


def said(text: str, calls: list[Call], finish: str, tokens: int) -> Said:
    """Some vendors call every good end a stop."""
    return Said(text, tuple(calls), "calls" if calls and finish == "stop" else finish, tokens)


def openai_chat(body: Json) -> Said:
    choice, usage = body["choices"][0], body.get("usage") or {}
    message = choice["message"]
    content = message.get("content") or ""
    if isinstance(content, list):
        content = "".join(part.get("text") or "" for part in content if isinstance(part.get("text"), str))
    spoken = message.get("audio") or {}
    calls = [
        called(c["function"]["name"], c["function"].get("arguments")) for c in message.get("tool_calls") or ()
    ]
    tokens = max(
        usage.get("total_tokens") or 0, usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0)
    )
    text = (content or spoken.get("transcript") or "") + (message.get("refusal") or "")
    finish = {"length": "length", "model_length": "length", "tool_calls": "calls", "function_call": "calls"}
    ended = choice.get("finish_reason") or "stop"
    return said(
        text,
        calls,
        "filter" if ended == "content_filter" or message.get("refusal") else finish.get(ended, "stop"),
        tokens,
    )


def anthropic(body: Json) -> Said:
    blocks, usage = body["content"], body["usage"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    calls = [called(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    finish = {
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "tool_use": "calls",
        "refusal": "filter",
    }
    return said(
        text,
        calls,
        finish.get(body["stop_reason"] or "", "stop"),
        sum(usage.get(name) or 0 for name in names),
    )


FILTERED = {
    "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR",
    "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION",
}  # fmt: skip


def gemini(body: Json) -> Said:
    candidate = (body.get("candidates") or [{}])[0]
    parts = (candidate.get("content") or {}).get("parts") or []
    text = "".join(part["text"] for part in parts if "text" in part and not part.get("thought"))
    calls = [
        called(p["functionCall"]["name"], p["functionCall"].get("args")) for p in parts if "functionCall" in p
    ]
    usage = body.get("usageMetadata") or {}
    names = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount")
    ended = candidate.get("finishReason") or ""
    blocked = ended in FILTERED or (body.get("promptFeedback") or {}).get("blockReason")
    finish = "filter" if blocked else "length" if ended == "MAX_TOKENS" else "stop"
    return said(text, calls, finish, sum(usage.get(name) or 0 for name in names))


def openai_responses(body: Json) -> Said:
    items = body["output"]
    parts = [part for item in items if item["type"] == "message" for part in item["content"]]
    text = "".join(part.get("text") or part.get("refusal") or "" for part in parts)
    calls = [called(item["name"], item["arguments"]) for item in items if item["type"] == "function_call"]
    usage = body.get("usage") or {}
    why = (body.get("incomplete_details") or {}).get("reason")
    refused = any(part.get("refusal") for part in parts)
    finish = {"max_output_tokens": "length", "content_filter": "filter"}.get(
        why or "", "filter" if refused else "stop"
    )
    return said(text, calls, finish, usage.get("total_tokens") or 0)


def bedrock(body: Json) -> Said:
    parts, usage = body["output"]["message"]["content"], body.get("usage") or {}
    text = "".join(part["text"] for part in parts if "text" in part)
    done = {
        part["toolResult"]["toolUseId"] for part in parts if "toolResult" in part
    }  # by the provider itself
    uses = [part["toolUse"] for part in parts if "toolUse" in part]
    calls = [called(use["name"], use["input"]) for use in uses if use.get("toolUseId") not in done]
    names = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    finish = {
        "max_tokens": "length", "tool_use": "calls", "content_filtered": "filter", "guardrail_intervened": "filter",
    }  # fmt: skip
    return said(
        text, calls, finish.get(body["stopReason"], "stop"), sum(usage.get(name) or 0 for name in names)
    )


def cohere(body: Json) -> Said:
    message, usage = body["message"], body.get("usage") or {}
    text = "".join(part.get("text") or "" for part in message.get("content") or ())
    calls = [
        called(c["function"]["name"], c["function"]["arguments"]) for c in message.get("tool_calls") or ()
    ]
    tokens = usage.get("billed_units") or usage.get("tokens") or {}
    finish = {"MAX_TOKENS": "length", "TOOL_CALL": "calls"}.get(body["finish_reason"], "stop")
    return said(
        text, calls, finish, sum(int(tokens.get(name) or 0) for name in ("input_tokens", "output_tokens"))
    )


# Streams: put together to the body that the same answer has when it is not streamed.


def events(stream: bytes) -> Iterator[Json]:
    for block in stream.decode().replace("\r\n", "\n").split("\n\n"):
        data = "\n".join(line[5:].strip() for line in block.split("\n") if line.startswith("data:"))
        if data and data != "[DONE]":
            yield json.loads(data)


def chunks(stream: bytes) -> Said:
    text, finish = "", "stop"
    calls: dict[int, list[str]] = {}
    usage: Json = {}
    for event in events(stream):
        usage = event.get("usage") or (event.get("x_groq") or {}).get("usage") or usage
        for choice in event.get("choices") or ():
            delta = choice.get("delta") or {}
            content = delta.get("content") or ""
            if isinstance(content, list):
                content = "".join(p["text"] for p in content if isinstance(p.get("text"), str))
            text += content + (delta.get("refusal") or "")
            for place, call in enumerate(delta.get("tool_calls") or ()):
                one = calls.setdefault(call.get("index", place), ["", ""])
                one[0] = one[0] or (call["function"].get("name") or "")
                one[1] += call["function"].get("arguments") or ""
            finish = choice.get("finish_reason") or finish
    message = {
        "content": text,
        "tool_calls": [{"function": {"name": name, "arguments": given}} for name, given in calls.values()],
    }
    return openai_chat({"choices": [{"message": message, "finish_reason": finish}], "usage": usage})


def messages(stream: bytes) -> Said:
    blocks: list[Json] = []
    usage: Json = {}
    reason = None
    for event in events(stream):
        if event["type"] == "message_start":
            usage |= event["message"]["usage"]
        elif event["type"] == "content_block_start":
            blocks.append({**event["content_block"], "json": ""})
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            blocks[-1]["text"] = blocks[-1].get("text", "") + delta.get("text", "")
            blocks[-1]["json"] += delta.get("partial_json", "")
        elif event["type"] == "message_delta":
            reason = event["delta"]["stop_reason"] or reason
            usage |= {name: count for name, count in event["usage"].items() if count is not None}
    for block in blocks:
        block["input"] = json.loads(block["json"]) if block["json"] else block.get("input")
    return anthropic({"content": blocks, "usage": usage, "stop_reason": reason})


def contents(stream: bytes) -> Said:
    whole: Json = {"candidates": [{"content": {"parts": []}}]}
    candidate = whole["candidates"][0]
    for event in events(stream):
        whole |= {name: event[name] for name in ("usageMetadata", "promptFeedback") if name in event}
        for one in event.get("candidates") or ():
            candidate["content"]["parts"] += (one.get("content") or {}).get("parts") or []
            candidate |= {"finishReason": one["finishReason"]} if one.get("finishReason") else {}
    return gemini(whole)


def responses(stream: bytes) -> Said:
    last = [
        event for event in events(stream) if event["type"] in {"response.completed", "response.incomplete"}
    ][-1]
    return openai_responses(last["response"])


def converse(stream: bytes) -> Said:
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    blocks: dict[int, Json] = {}
    whole: Json = {"stopReason": "end_turn"}
    for event in buffer:
        body = json.loads(event.payload)
        block = blocks.setdefault(body.get("contentBlockIndex", -1), {"start": {}, "text": "", "json": ""})
        block["start"] |= body.get("start") or {}
        delta = body.get("delta") or {}
        block["text"] += delta.get("text", "")
        block["json"] += (delta.get("toolUse") or {}).get("input", "")
        whole |= {name: body[name] for name in ("usage", "stopReason") if name in body}
    del blocks[-1]
    return bedrock(whole | {"output": {"message": {"content": list(map(converse_block, blocks.values()))}}})


def converse_block(block: Json) -> Json:
    start = block["start"]
    if "toolUse" in start:
        return {"toolUse": start["toolUse"] | {"input": json.loads(block["json"] or "{}")}}
    return start if "toolResult" in start else {"text": block["text"]}


WHOLE: Mapping[str, Callable[[Json], Said]] = {
    "openai_chat": openai_chat,
    "anthropic": anthropic,
    "gemini": gemini,
    "openai_responses": openai_responses,
    "bedrock": bedrock,
    "cohere": cohere,
}
STREAMED: Mapping[str, Callable[[bytes], Said]] = {
    "openai_chat": chunks,
    "anthropic": messages,
    "gemini": contents,
    "openai_responses": responses,
    "bedrock": converse,
}
