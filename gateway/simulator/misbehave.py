"""Everything a provider does instead of answering."""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable

from gateway.simulator.behaviour import Behaviour
from gateway.simulator.exchange import Exchange
from gateway.simulator.reply import Problem

JSON = {b"content-type": b"application/json"}
HTML = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def complain(behaviour: Behaviour, key: str, chance: float, body: bytes) -> None:
    """Raises the error the behaviour asks for, if any. `chance` is a throw of the dice, 0 to 1."""
    field = behaviour.word.removeprefix("rejects-")
    if field != behaviour.word and b'"%b":' % field.encode() in body:
        raise Problem(
            400,
            f"Unsupported parameter: '{field}' is not supported with this model.",
            code="unsupported_parameter",
            param=field,
        )
    if behaviour.word == "context":
        raise Problem(
            400, "This model's maximum context length is 128000 tokens.", code="context_length_exceeded"
        )
    if behaviour.word == "quota":
        raise Problem(
            429,
            "You exceeded your current quota, please check your plan and billing details.",
            code="insufficient_quota",
        )
    if behaviour.word == "401-echo":
        raise Problem(401, f"Incorrect API key provided: {key}.", code="invalid_api_key")
    if behaviour.word == "err" and chance * 100 < behaviour.number:
        raise Problem(500, "The server had an error while processing your request.")
    if behaviour.status >= 400:
        raise Problem(behaviour.status, f"Simulated error {behaviour.status}.")


type Instead = Callable[[Exchange, Behaviour], Awaitable[None]]


async def hang(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.hang()


async def null(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.answer(200, JSON, b"null")


async def empty_object(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.answer(200, JSON, b"{}")


async def empty(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.answer(200, JSON, b"")


async def no_content(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.start(204, {})
    await exchange.finish()


async def html(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.answer(200, {b"content-type": b"text/html; charset=utf-8"}, HTML)


async def truncated(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.answer(
        200, JSON, b'{"id":"chatcmpl-1","object":"chat.completion","choices":[{"index":0,"mess'
    )


async def redirect(exchange: Exchange, behaviour: Behaviour) -> None:
    elsewhere = f"http://127.0.0.1:9{exchange.path}".encode()
    await exchange.answer(behaviour.number or 307, {b"location": elsewhere}, b"")


async def gzip_bomb(exchange: Exchange, behaviour: Behaviour) -> None:
    """300 MB of spaces in 300 KB."""
    await exchange.answer(200, JSON | {b"content-encoding": b"gzip"}, gzip.compress(b" " * 300_000_000))


async def endless(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.start(200, JSON)
    while True:
        await exchange.send(b" " * 65_536)
        await exchange.pause(0)


async def drip(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.start(200, JSON)
    while True:
        await exchange.send(b" ")
        await exchange.pause(1)


async def long_line(exchange: Exchange, behaviour: Behaviour) -> None:
    """One event of so many MiB."""
    await exchange.start(200, {b"content-type": b"text/event-stream"})
    await exchange.finish(b'data: {"x":"' + b"x" * (behaviour.number << 20) + b'"}\n\ndata: [DONE]\n\n')


async def bad_event(exchange: Exchange, behaviour: Behaviour) -> None:
    await exchange.start(200, {b"content-type": b"text/event-stream"})
    await exchange.finish(b"event: admin\ndata: {not json\n\ndata: [DONE]\n\ndata: [DONE]\n\n")


INSTEAD: dict[str, Instead] = {
    "hang-headers": hang,
    "null": null,
    "empty-object": empty_object,
    "empty": empty,
    "no-content": no_content,
    "html": html,
    "truncated": truncated,
    "redirect": redirect,
    "gzip-bomb": gzip_bomb,
    "endless": endless,
    "drip": drip,
    "line": long_line,
    "bad-event": bad_event,
}
