"""Log-probabilities of single tokens: those that were chosen, and in a list beside it the likeliest of each place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.core.conversation import Token


def tokens_of(candidate: Mapping[str, Any]) -> tuple[Token, ...]:
    result = candidate.get("logprobsResult")
    if type(result) is not dict:
        return ()
    chosen, top = result.get("chosenCandidates"), result.get("topCandidates")
    places = top if type(top) is list else []
    return tuple(_chosen(chosen if type(chosen) is list else [], places))


def _chosen(chosen: list[Any], places: list[Any]) -> Iterator[Token]:
    for index, told in enumerate(chosen):
        place = places[index] if index < len(places) else None
        likeliest = place.get("candidates") if type(place) is dict else None
        top = tuple(filter(None, map(_token, likeliest if type(likeliest) is list else ())))
        if (token := _token(told)) is not None:
            yield Token(token.text, token.logprob, top=top)


def _token(told: Any) -> Token | None:
    logprob = told.get("logProbability") if type(told) is dict else None
    if type(logprob) is not float and type(logprob) is not int:
        return None
    return Token(str(told.get("token") or ""), float(logprob))


def told_tokens(tokens: Sequence[Token]) -> dict[str, Any]:
    """The field of a candidate; nothing where nothing is known."""
    if not tokens:
        return {}
    result: dict[str, Any] = {"chosenCandidates": [_told(token) for token in tokens]}
    if any(token.top for token in tokens):
        result["topCandidates"] = [{"candidates": [_told(one) for one in token.top]} for token in tokens]
    return {"logprobsResult": result}


def _told(token: Token) -> dict[str, Any]:
    return {"token": token.text, "logProbability": token.logprob}
