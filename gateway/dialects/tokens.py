"""Log-probabilities of single tokens, as OpenAI's dialects tell them: `{token, logprob, bytes, top_logprobs}`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gateway.core.conversation import Token


def tokens_of(told: Any) -> Iterator[Token]:
    for one in told if type(told) is list else ():
        token = _token(one)
        if token is not None:
            yield token


def _token(told: Any) -> Token | None:
    if type(told) is not dict or not isinstance(told.get("logprob"), int | float):
        return None
    text, spelled = told.get("token"), told.get("bytes")
    return Token(
        text=text if type(text) is str else "",
        logprob=float(told["logprob"]),
        data=_bytes(spelled),
        top=tuple(tokens_of(told.get("top_logprobs"))),
    )


def _bytes(told: Any) -> bytes | None:
    try:
        return bytes(told) if type(told) is list else None
    except (TypeError, ValueError):
        return None


def floats(tokens: Sequence[Token]) -> tuple[float, ...] | None:
    return tuple([token.logprob for token in tokens]) if tokens else None


def told_tokens(tokens: Sequence[Token]) -> list[dict[str, Any]]:
    return [_told(token) | {"top_logprobs": list(map(_told, token.top))} for token in tokens]


def _told(token: Token) -> dict[str, Any]:
    spelled = token.text.encode("utf-8", "replace") if token.data is None else token.data
    return {"token": token.text, "logprob": token.logprob, "bytes": list(spelled)}
