"""A router's policy as data: edited in the console, decided on in the gateway, replayed in billing.

The types are the YAML of the contract, strict: an unknown field is an error with its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from gateway.core.conditions import ALWAYS, Condition, Range
from gateway.core.demand import Quality
from gateway.core.facts import Need, RequestClass, Tier
from gateway.core.strategy import Strategy

# As a baseline, beside a model's id (see core.baseline):
REQUESTED = "requested"  # the model that the caller asked for
CHEAPEST = "cheapest"  # of those that could answer, within whitelist and floors
FRONTIER = "frontier"  # the dearest of the highest tier of those
MEASURED = "measured"  # the mix of models that answered before the router was used

ASKING = ("webhook", "agreement", "self_agreement", "judge")  # checks that take a call

Shown = Literal["answer", "prompt"]
Effort = Literal["none", "low", "medium", "high"]


class Judge(
    Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """A model that scores an answer between 0 and 1."""

    model: str
    at_least: float = 0.7
    rubric: str = ""


class Agreement(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    rename={"model": "with"},
):
    """Another model is asked the same; both must come to the same."""

    model: str


class SelfAgreement(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """The model is asked the same again; so many of its answers, the first one counted, must come to the same."""

    samples: int = 3  # in all
    at_least: float = 0.6  # of them


class Webhook(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """A validator of the tenant's own: what it is sent is signed, and no more than is listed here."""

    url: str
    send: tuple[Shown, ...] = ()
    at_least: float = 0.5  # of the score, where it gives one
    timeout_ms: int = 2_000


class Check(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """One question to an answer before it is sent; exactly one field is given."""

    not_refusal: bool | None = None
    not_hedging: bool | None = None
    json_valid: bool | None = None
    schema_valid: bool | None = None  # the caller's own schema
    tool_arguments_valid: bool | None = None  # the schemas of the caller's own tools
    regex: str | None = None
    length: Range | None = None  # characters
    mean_logprob: Range | None = None
    margin: Range | None = None  # mean of ln p of the token taken less ln p of the next likeliest
    webhook: Webhook | None = None
    agreement: Agreement | None = None
    self_agreement: SelfAgreement | None = None
    judge: Judge | None = None

    @property
    def kind(self) -> str:
        """The name of the field that is given, "" when none is, or several joined by " + "."""
        return " + ".join(name for name in self.__struct_fields__ if getattr(self, name) is not None)

    @property
    def asks(self) -> bool:
        """Whether it takes a call, and so money or time."""
        return any(getattr(self, name) is not None for name in ASKING)


class Cascade(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """Check the answer; climb when it does not pass, at most to `up_to`."""

    up_to: Tier = Tier.PREMIUM
    checks: tuple[Check, ...] = ()
    # A stream is sent once its checks have passed, or when it has come to so many bytes: then unchecked, unless a check
    # has failed already. None: 262,144.
    hold: int | None = None
    stream_unchecked: bool = False  # stream the first rung at once; its checks only tell afterwards
    max_cost_usd: float | None = None  # of all calls after the first: none begins that may go beyond it


class Timeouts(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """How long a provider may take, in milliseconds. `total` is for the whole request, retries and checks included."""

    connect_ms: int = 5_000
    first_byte_ms: int = 60_000
    idle_ms: int = 90_000
    total_ms: int = 600_000


class Retries(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """The same model once more, after a failure that may pass by itself.

    The other models of its rung come first, and those of the rungs above unless `before_up`.
    """

    times: int = 1  # in one request
    backoff_ms: int = 100  # before the first; doubled each time, and drawn from its upper half
    share: float = 0.2  # of a provider key's recent requests, so that retries do not bury what is down
    before_up: bool = False


class Hedge(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """A second model, or the same, is asked too when the first is slow to begin; who begins first answers."""

    after_ms: int
    share: float = 0.05  # of the requests of a provider key


class Rule(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """Which tier, which one model, or how good a one answers the requests that match. The first that holds wins."""

    name: str
    when: Condition = ALWAYS
    tier: Tier | None = None
    model: str | None = None
    quality: Quality | None = None
    strategy: Strategy | None = None  # within a rung; None: the policy's
    effort: Effort | None = None  # of thinking, where the model can; None: as the caller says
    cascade: Cascade | None = None


class Otherwise(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """What answers when no rule holds."""

    tier: Tier | None = None
    model: str | None = None
    quality: Quality | None = None
    strategy: Strategy | None = None  # within a rung; None: the policy's
    effort: Effort | None = None  # of thinking, where the model can; None: as the caller says
    cascade: Cascade | None = None


class Unsure(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """Where a request goes whose class is in doubt, or for which no quality can be promised: never below this tier."""

    tier: Tier
    confidence_below: float = 0.5


class Floor(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """No request that matches goes below this tier, whatever a rule or the classifier says."""

    name: str
    tier: Tier
    when: Condition = ALWAYS


class SemanticClass(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """A class of the tenant's own, shown by examples."""

    name: str
    examples: tuple[str, ...] = ()


class Sample(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """A request as a policy's test (or `explain`) writes it."""

    text: str = ""
    system: str = ""
    tags: Mapping[str, str] = {}
    model: str = "auto"
    has: tuple[Need, ...] = ()
    key: str = ""
    input_tokens: int | None = None  # instead of counting the text


class Expectation(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    rename={"request_class": "class"},
):
    """What must come out; only what is given is compared."""

    tier: Tier | None = None
    rule: str | None = None
    model: str | None = None
    request_class: RequestClass | None = None
    not_model: str | tuple[str, ...] | None = None


class PolicyTest(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """A request with its expected outcome; run on every save, a failing one blocks publishing."""

    name: str
    request: Sample
    expect: Expectation


class Policy(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """How one router chooses."""

    baseline: str = REQUESTED
    whitelist: tuple[str, ...] | None = None
    rules: tuple[Rule, ...] = ()
    otherwise: Otherwise = Otherwise(tier=Tier.MID)
    unsure: Unsure | None = None
    floors: tuple[Floor, ...] = ()
    classes: tuple[SemanticClass, ...] = ()
    strategy: Strategy | None = None  # who of a rung comes first; None: the cheapest
    max_output_tokens: int | None = None  # of an answer whose caller gives no limit; its provider is told
    timeouts: Timeouts | None = None
    retries: Retries | None = None
    hedge: Hedge | None = None
    tests: tuple[PolicyTest, ...] = ()
