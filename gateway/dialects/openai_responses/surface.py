"""Errors, as callers of this surface expect them: those of chats, and an event of its own in a stream."""

from __future__ import annotations

import msgspec

from gateway.dialects.openai_chat.surface import error_object
from gateway.dialects.rendering import fitting
from gateway.dialects.sse import write_event
from gateway.errors import GatewayError


def stream_error(error: GatewayError, number: int) -> bytes:
    """By the reference its words stand in the event; on the wire, and for the SDKs, in its `error`."""

    def written(message: str) -> bytes:
        event = {"type": "error", "sequence_number": number, "code": error.code, "message": message}
        event["error"] = error_object(error, message)
        return write_event(msgspec.json.encode(event), b"error")

    return fitting(written, error.message)
