"""Texts → vectors, in nobody's dialect.

A vector means something only beside vectors of the same model, so that an embedding is never routed to another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

from msgspec import Raw, Struct

from gateway.core.facts import ModelKind, Need, Surface
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.core.tokens import count_tokens


class Task(StrEnum):
    """What the vectors are for; many models place a question elsewhere than a text that answers it."""

    QUERY = "query"
    DOCUMENT = "document"
    SIMILARITY = "similarity"
    CLASSIFICATION = "classification"
    CLUSTERING = "clustering"
    QUESTION_ANSWERING = "question_answering"
    FACT_VERIFICATION = "fact_verification"
    CODE_QUERY = "code_query"


class EmbeddingRequest(Struct, frozen=True, kw_only=True):
    """A request as checked: `raw` is the caller's body, parsed once and never changed."""

    kind: ClassVar[ModelKind] = ModelKind.EMBEDDING
    native: ClassVar[str] = ""

    surface: Surface
    requested_model: str
    raw: Mapping[str, Any]
    inputs: tuple[str | tuple[int, ...], ...]  # each a text, or tokens of the model's own
    batch: bool = False  # asked for as several: the shape of the answer
    dimensions: int | None = None
    task: Task | None = None
    base64: bool = False  # how the caller wants to read vectors: 32-bit floats, little-endian
    end_user: str = ""
    dropped: tuple[str, ...] = ()  # fields that were taken out, for they are never a caller's to say
    unsayable: tuple[
        str, ...
    ] = ()  # fields that only a provider of the same dialect knows, and can be missed
    opaque: str = (
        ""  # the place of what only a provider of the same dialect understands, and cannot be missed
    )
    spelled: Mapping[str, str] = {}  # what the caller's dialect calls a field, where it is another word

    needs: frozenset[Need] = frozenset()
    max_output_tokens: None = None

    @property
    def tokens(self) -> int:
        """Our own estimate."""
        return sum(count_tokens(each) if isinstance(each, str) else len(each) for each in self.inputs)


# Numbers, or base64 of 32-bit floats, little-endian; or the JSON of either, for most of it is only passed on.
type Vector = list[float] | str | Raw


class Embeddings(Struct, frozen=True, kw_only=True):
    """Vectors in the order of the inputs."""

    model: str  # as the provider names it
    vectors: tuple[Vector, ...]
    usage: Usage = NOTHING
    usage_source: UsageSource = UsageSource.NONE
