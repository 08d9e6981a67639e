"""What a dialect that embeds can do: like a conversation's two sides, without streams."""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from sys import byteorder
from typing import Any, Protocol

import msgspec

from gateway.core.catalogue import Model
from gateway.core.embedding import EmbeddingRequest, Embeddings, Vector
from gateway.dialects.dialect import Outgoing
from gateway.dialects.rendering import named
from gateway.errors import InvalidRequest, Untranslatable, UpstreamInvalidResponse

MAX_INPUTS = 2_048
_NUMBERS: Any = list[float] | str


class EmbeddingSurface(Protocol):
    """The shape in which a caller speaks to us."""

    name: str

    def parse_request(self, body: bytes, *, model: str = "", batch: bool = False) -> EmbeddingRequest:
        """Checked, or `InvalidRequest` with the place. `model` and `batch` are what the path says."""
        ...

    def render(self, embeddings: Embeddings, request: EmbeddingRequest) -> bytes: ...


class EmbeddingProtocol(Protocol):
    """The shape in which we speak to a provider."""

    words: str  # the surface whose bodies it takes as they are

    def pass_through(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing: ...

    def translate(self, request: EmbeddingRequest, model: Model, rejects: frozenset[str]) -> Outgoing:
        """`Untranslatable` for what would be another vector if it were left out."""
        ...

    def parse(self, body: bytes, headers: Mapping[bytes, bytes], count: int) -> Embeddings:
        """Of a status below 300; `UpstreamInvalidResponse` when it is not `count` vectors."""
        ...


def outgoing(path: str, body: dict[str, Any], rejects: frozenset[str], dropped: list[str]) -> Outgoing:
    dropped += [field for field in rejects & body.keys() if body.pop(field) is not None]
    try:
        return Outgoing(path=path, body=msgspec.json.encode(body), dropped=named(dropped))
    except (TypeError, ValueError, OverflowError):
        raise InvalidRequest("The request cannot be written as JSON.", code="invalid_json") from None


def texts_of(request: EmbeddingRequest) -> list[str]:
    """For a provider that takes nothing but texts."""
    if request.opaque:
        raise unsayable(request.opaque)
    texts = [each for each in request.inputs if isinstance(each, str)]
    if len(texts) < len(request.inputs):
        raise Untranslatable(
            "This model's provider takes texts, not tokens; send the texts themselves.",
            param=request.spelled.get("input", "input"),
        )
    return texts


def unsayable(place: str) -> Untranslatable:
    return Untranslatable(f"'{place}' cannot be said to this model's provider.", param=place)


def read[T](body: bytes | msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UpstreamInvalidResponse("The provider's answer is not a list of vectors.") from None


def counted(vectors: tuple[Vector, ...], count: int) -> tuple[Vector, ...]:
    if len(vectors) != count:
        raise UpstreamInvalidResponse(f"The provider gave {len(vectors)} vectors for {count} inputs.")
    return vectors


def as_base64(vector: Vector) -> str:
    known = _known(vector)
    if isinstance(known, str):
        return known
    return b64encode(_little_endian(array("f", known)).tobytes()).decode("ascii")


def as_numbers(vector: Vector) -> list[float]:
    known = _known(vector)
    if not isinstance(known, str):
        return known
    numbers = array("f")
    try:
        numbers.frombytes(b64decode(known, validate=True))
    except (Error, ValueError):
        raise UpstreamInvalidResponse("The provider's answer is not a list of vectors.") from None
    return _little_endian(numbers).tolist()


def _known(vector: Vector) -> list[float] | str:
    """Read only now, by who writes it in another shape."""
    return read(vector, _NUMBERS) if isinstance(vector, msgspec.Raw) else vector


def _little_endian(numbers: array[float]) -> array[float]:
    if byteorder == "big":
        numbers.byteswap()
    return numbers
