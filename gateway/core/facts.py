"""Everything a decision may look at.

No prompt text, no clock, no dice: facts are stored with the request and decided on again by the request
page and the what-if replay, months later. A field added later needs a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from gateway.core.quality.estimate import Estimate


class Tier(StrEnum):
    """How capable, and so how dear, a model is. Ordered from the bottom of the price ladder."""

    LOCAL = "local"
    SMALL = "small"
    LIGHTWEIGHT = "lightweight"
    MID = "mid"
    PREMIUM = "premium"

    @property
    def rank(self) -> int:
        return RANK[self]

    def __lt__(self, other: str) -> bool:
        return RANK[self] < RANK[other]

    def __le__(self, other: str) -> bool:
        return RANK[self] <= RANK[other]

    def __gt__(self, other: str) -> bool:
        return RANK[self] > RANK[other]

    def __ge__(self, other: str) -> bool:
        return RANK[self] >= RANK[other]


RANK: Mapping[str, int] = {tier.value: rank for rank, tier in enumerate(Tier)}


class RequestClass(StrEnum):
    """What kind of work a request asks for."""

    CLASSIFICATION = "classification"
    EXTRACTION = "extraction"
    REWRITING = "rewriting"
    SUMMARIZATION = "summarization"
    SIMPLE_QA = "simple_qa"
    BOILERPLATE = "boilerplate"
    GENERATION = "generation"
    CODING = "coding"
    REASONING = "reasoning"
    LONG_CONTEXT = "long_context"
    AGENTIC = "agentic"
    UNKNOWN = "unknown"


class Need(StrEnum):
    """Something a request cannot do without, and so an ability of a model."""

    TOOLS = "tools"
    IMAGES = "images"
    AUDIO = "audio"
    JSON_SCHEMA = "json_schema"
    STREAMING = "streaming"
    REASONING = "reasoning"


class ModelKind(StrEnum):
    """What a model makes. A request is for one kind, and no model of another is ever its candidate."""

    CHAT = "chat"
    EMBEDDING = "embedding"


class Surface(StrEnum):
    """The wire shape in which a caller speaks to us."""

    OPENAI_CHAT = "openai_chat"
    ANTHROPIC = "anthropic"
    OPENAI_RESPONSES = "openai_responses"
    OPENAI_COMPLETIONS = "openai_completions"
    GEMINI = "gemini"


class RequestFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request as a decision sees it. Tokens are estimates made before the call."""

    at: datetime
    surface: Surface
    requested_model: str
    request_class: RequestClass
    difficulty: float  # 0 (trivial) to 1
    confidence: float  # of the classifier, 0 to 1
    input_tokens: int
    output_tokens: int  # expected
    max_output_tokens: int | None = None  # as the caller limits it
    semantic: str | None = None  # the tenant's own class, if one was near enough
    needs: frozenset[Need] = frozenset()
    tags: Mapping[str, str] = {}
    key: str = ""  # the gateway key's name
    lot: float = 0.0  # in [0, 1), drawn from the request id: a split replays the same
    unavailable: frozenset[str] = frozenset()  # model ids whose provider is failing just now
    budget_left: float = 1.0  # share of the tightest budget
    downgraded: bool = False  # a budget is spent that asks for cheaper models then
    kind: ModelKind = ModelKind.CHAT  # of model, that can answer it
    native: str = ""  # the first field that only a provider of the caller's own protocol can be told
    made_by: str = ""  # the provider key whose account remembers the answer that this request follows
    expected: Mapping[str, Estimate] = {}  # quality by model, where a rule of the router asks for it
    counts_only: bool = False  # nothing is generated: the caller asks how many tokens the prompt has
    foreseen_tokens: int | None = (
        None  # of output, as the class usually takes, where the tenant's answers say otherwise
    )
    outputs: Mapping[str, int] = {}  # tokens expected of models whose answers are of another length
    cached: Mapping[
        str, int
    ] = {}  # tokens of the prompt that the cache of a model's provider is expected to hold
    marks_cache: bool = False  # its caller says what is to be cached: what is not there yet is written
    latency: Mapping[str, int] = {}  # milliseconds, by model, where a rule of the router asks for speed
    draw: float | None = None  # in [0, 1), the same for all requests of a session
    service_tier: str = ""  # another than the standard one, as the caller asks for it
    effort: str = ""  # of thinking, as the rule that holds asks of models that can; `decide` says so
