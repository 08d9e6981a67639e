"""One request under way: what is known of it, what has been tried for it, and the events it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Literal, Protocol

from msgspec.structs import replace

from gateway import telemetry
from gateway.core.baseline import of_kind
from gateway.core.budget import limit_of
from gateway.core.catalogue import Model, Provider, protocol_for
from gateway.core.checks import CAP_REACHED
from gateway.core.conversation import Part, Refused, Text, Thinking, ToolCall
from gateway.core.decide import Route, decide, within_floors
from gateway.core.events import Evidence, Intent, Origin, RequestSettled
from gateway.core.expected import expected_cost
from gateway.core.facts import RequestFacts, Tier
from gateway.core.foresee import keys_of
from gateway.core.ladder import Attempt, AttemptOutcome, Kind, Purpose, Rung, next_model, outcome_of
from gateway.core.money import nano
from gateway.core.policy import Check
from gateway.core.price import NOTHING, Usage, UsageSource
from gateway.core.router import Router
from gateway.core.settle import Settlement, line_of, settle, total
from gateway.record import Spool
from gateway.state import Connection, TenantRuntime

Then = Literal["skip", "climb", "unknown"]  # what becomes of an answer whose checks are not made

DEADLINE = 600.0  # seconds for a whole request, unless the caller wants it sooner


class Trial:
    """One attempt that has begun. Times are monotonic seconds."""

    __slots__ = (
        "closed",
        "connection",
        "dialect",
        "first_byte",
        "id",
        "kind",
        "made",
        "model",
        "started",
        "usage",
        "usage_source",
    )

    def __init__(
        self,
        id: str,  # noqa: A002
        model: Model,
        connection: Connection,
        kind: Kind,
        dialect: str,
    ) -> None:
        self.id, self.model, self.connection, self.kind = id, model, connection, kind
        self.dialect = dialect  # the protocol in which the model is asked
        self.made = ""  # the answer's id, as the provider gave it
        self.started = monotonic()
        self.closed = False
        self.first_byte: float | None = None
        self.usage, self.usage_source = NOTHING, UsageSource.NONE


class OutsideEnvelope(Exception):
    """A model was about to be called that the decision does not hold: a fault of ours, stopped here."""


class Learning(Protocol):
    """Who hears what came of a request. `keys` are those with which models have cached its conversation."""

    keys: Mapping[str, str]

    def __call__(self, attempts: Sequence[Attempt]) -> None: ...


class Barred(Exception):
    """Calls beside the answer may not be made: no budget has room for them."""

    def __init__(self, then: Then) -> None:
        super().__init__(then)
        self.then = then


class Journey:
    # What most requests leave as it is stands here, for them all.
    begun = 0  # attempts of any kind
    again = ""  # the model that has failed and is to be asked once more
    at_once = ""  # the model that is asked next, with another key
    retried = 0
    decide_us = 0
    sketch = b""  # of what was asked, where a rule of the router asks for quality
    checked = False  # whether the answer that is sent was held against the checks
    unchecked = ""  # why it is sent without, where there are some (`core.checks`)
    settlement: Settlement | None = None
    came_out = ""  # in the contract's words, once it is settled
    choices = 1  # answers asked for at once
    is_bounded = False  # whether a budget rests on no answer being longer than was reckoned with
    before_next: Callable[[str], Awaitable[None]] | None = None  # `LimitReached` if it may not be asked
    # `Barred` if calls for that purpose, at so many nano-dollars together, may not be made:
    before_aside: Callable[[Purpose, int], Awaitable[None]] | None = None
    on_settled: Callable[[], None] | None = None
    learning: Learning | None = None  # from what comes of it
    on_kept: Callable[[str, str], None] | None = None  # an answer's id, the provider key's name

    def __init__(
        self,
        *,
        runtime: TenantRuntime,
        router: Router,
        facts: RequestFacts,
        route: Route,
        origin: Origin,
        arrived: float,
        patience: float,
        spool: Spool,
    ) -> None:
        self.runtime, self.router, self.origin, self.arrived = runtime, router, origin, arrived
        self.facts, self.route = facts, route
        timeouts = router.policy.timeouts
        self.deadline = arrived + (min(patience, timeouts.total_ms / 1000) if timeouts else patience)
        self.ladder: tuple[Rung, ...] = route.ladder
        self.attempts: list[Attempt] = []
        self.failed_keys: dict[str, set[str]] = {}  # by model, where it may be called with several
        self.dropped: set[str] = set()  # fields of the request that a provider could not be told
        # model → tokens of output that we limited it to, for its caller did not
        self.limits: dict[str, int] = {}
        self.under_way: list[Trial] = []
        self._spool = spool

    def downgrade(self) -> None:
        """Decided anew, for a budget that is spent; as it was where nothing cheaper may answer."""
        facts = replace(self.facts, budget_left=0.0, downgraded=True)
        decision = decide(facts, self.router)
        if isinstance(decision, Route):
            self.facts, self.route, self.ladder = facts, decision, decision.ladder

    @property
    def checks(self) -> tuple[Check, ...]:
        cascade = self.route.target.cascade
        return cascade.checks if cascade else ()

    @property
    def asks_others(self) -> bool:
        """Whether a check takes a call."""
        return any(check.asks for check in self.checks)

    @property
    def needs_logprobs(self) -> bool:
        checks = self.checks
        return bool(checks) and any(
            each.mean_logprob is not None or each.margin is not None for each in checks
        )

    @property
    def needs_margin(self) -> bool:
        """The likeliest tokens beside those that were taken."""
        return any(check.margin is not None for check in self.checks)

    @property
    def remaining(self) -> float:
        """Seconds left."""
        return self.deadline - monotonic()

    @property
    def tier(self) -> Tier:
        return self.route.tier

    def next_model(self, avoiding: Collection[str] = ()) -> str | None:
        cascade = self.route.target.cascade
        up_to = cascade.up_to if cascade else None
        return next_model(self.ladder, self.attempts, up_to=up_to, avoiding=avoiding, again=self.again)

    def can_climb(self, model: str) -> bool:
        """Whether another would be asked, were the model's answer rejected."""
        cascade = self.route.target.cascade
        rejected = Attempt(id="", model=model, outcome=AttemptOutcome.REJECTED)
        following = next_model(
            self.ladder, [*self.attempts, rejected], up_to=cascade.up_to if cascade else None
        )
        return following is not None and not self.is_beyond_means(following)

    @property
    def has_climbed(self) -> bool:
        return any(attempt.outcome is AttemptOutcome.REJECTED for attempt in self.attempts)

    @property
    def answers(self) -> int:
        """Attempts at an answer that are over."""
        return sum(attempt.kind is Kind.ANSWER for attempt in self.attempts)

    @property
    def means(self) -> int | None:
        """Nano-dollars that all calls together may come to, but for the first, which is made in any case."""
        cascade = self.route.target.cascade
        most = cascade.max_cost_usd if cascade else None
        return None if most is None else nano(most)

    def is_beyond_means(self, model_id: str, *, besides: Trial | None = None) -> bool:
        """Whether asking the model for the answer may cost more than is left; `besides`: what is under way."""
        under_way = [self.expected(besides.model.id)] if besides else []
        return not self.affords(self.expected(model_id), *under_way)

    def expected(self, model_id: str) -> int | None:
        """Nano-dollars for an answer of the model; None where it has no price."""
        return expected_cost(self.router.models[model_id], self.route.facts, self.facts.at.date())

    def affords(self, *costs: int | None) -> bool:
        """Whether so much more may be spent. What has no price may cost anything."""
        means = self.means
        if means is None:
            return True
        day, models = self.facts.at.date(), self.router.models
        spent = [line_of(attempt, models, day).cost for attempt in self.attempts]
        known = total([*spent, *costs])
        return known is not None and known <= means

    def limit_for(self, model: Model) -> int | None:
        """Tokens of output, where the caller gives no limit and the policy or a budget wants one."""
        usual = self.router.policy.max_output_tokens
        if self.facts.max_output_tokens is not None or (usual is None and not self.is_bounded):
            return None
        limit = self.limits[model.id] = limit_of(model, self.facts, usual)
        return limit

    def skip(self, model: str) -> None:
        """The model cannot be asked for this, and was not."""
        self.ladder = tuple(
            Rung(rung.tier, tuple(m for m in rung.models if m != model)) for rung in self.ladder
        )

    def begin(self, model_id: str, *, kind: Kind = Kind.ANSWER) -> Trial:
        """The one place where an attempt starts, and so where the envelope is held for every kind of it."""
        model = self.router.models.get(model_id)
        if model is None or not self._may_ask(model_id, kind):
            raise OutsideEnvelope(model_id)
        connection = self.runtime.connections[model.provider_key]
        dialect = protocol_for(model, connection.provider, self.facts.surface)
        self.begun += 1
        return Trial(f"{self.origin.request_id}-{self.begun}", model, connection, kind, dialect)

    def _may_ask(self, model_id: str, kind: Kind) -> bool:
        """To answer, whom the decision holds; to compare, who could have answered; to judge, anybody whom requests
        reach. Nobody is below a floor, whatever for."""
        if kind is Kind.ANSWER or kind is Kind.COUNT:
            return self.route.holds(model_id)
        if kind is Kind.JUDGE:
            floors = [floor.tier for _, floor in self.router.floors if floor.name in self.route.target.floors]
            asked = (model for model in self.router.open if all(model.tier >= tier for tier in floors))
            return any(model.id == model_id for model in asked)
        could = within_floors(self.route.target, self.facts, self.router)
        return any(model.id == model_id for model in could)

    def begin_webhook(self, host: str) -> Trial:
        """An attempt that asks no model: the tenant's own validator."""
        self.begun += 1
        model = Model(id=f"webhook/{host}", provider="webhook", tier=Tier.LOCAL)
        return Trial(f"{self.origin.request_id}-{self.begun}", model, _NOWHERE, Kind.WEBHOOK, "")

    def announce(self, trial: Trial) -> None:
        """The intent: on disk before the provider is called."""
        self.under_way.append(trial)
        day = self.facts.at.date()
        self._spool.put(
            Intent(
                process=self._spool.process,
                seq=self._spool.next_seq(),
                at=self.facts.at,
                origin=self.origin,
                attempt_id=trial.id,
                model=trial.model.id,
                provider=trial.model.provider,
                tier=trial.model.tier,
                kind=trial.kind,
                deadline_s=int(self.deadline - self.arrived) + 1,
                facts=self.facts,
                settled=tuple([line_of(attempt, self.router.models, day) for attempt in self.attempts]),
            )
        )

    def close(
        self, trial: Trial, outcome: AttemptOutcome, *, because: str = "", status: int = 200, served: str = ""
    ) -> Attempt:
        trial.closed = True
        if trial in self.under_way:
            self.under_way.remove(trial)
        attempt = Attempt(
            id=trial.id,
            model=trial.model.id,
            outcome=outcome,
            kind=trial.kind,
            because=because,
            status=status,
            usage=trial.usage,
            usage_source=trial.usage_source,
            served_model=served[:200],
            provider_key=trial.connection.name if trial.model.keys else "",
            started_ms=_ms(trial.started - self.arrived),
            first_byte_ms=None if trial.first_byte is None else _ms(trial.first_byte - trial.started),
            total_ms=_ms(monotonic() - trial.started),
        )
        self.attempts.append(attempt)
        if self.on_kept and trial.made and trial.dialect == self.facts.surface:
            self.on_kept(trial.made, trial.connection.name)
        return attempt

    def overrule(self, attempt: Attempt, because: str) -> Attempt:
        """A check that came later rejects what had passed."""
        return self._revised(attempt, replace(attempt, outcome=AttemptOutcome.REJECTED, because=because))

    def let_pass(self, attempt: Attempt) -> Attempt:
        """With a word where not all of its checks could be made."""
        return self._revised(attempt, replace(attempt, because=self.unchecked)) if self.unchecked else attempt

    def _revised(self, attempt: Attempt, revised: Attempt) -> Attempt:
        self.attempts[self.attempts.index(attempt)] = revised
        return revised

    def settle(self, *, delivered: Attempt | None, status: int, outcome: str = "", error: str = "") -> None:
        """The settlement: on disk before the last byte goes back. Once."""
        if self.settlement is not None:
            return
        declared, basis = of_kind(self.facts.kind, self.router.baselines, self.router.policy.baseline)
        self.settlement = settle(
            self.attempts,
            models=self.router.models,
            baseline=basis,
            requested=self.facts.requested_model,
            day=self.facts.at.date(),
            delivered=delivered,
            declared=declared,
            could=partial(within_floors, self.route.target, self.facts, self.router),
        )
        self.came_out = outcome or self.outcome(delivered)
        settled = self._settled(delivered, status, error)
        self._spool.put(settled)
        telemetry.observe(settled)
        if self.on_settled is not None:
            self.on_settled()
        if self.learning is not None:
            self.learning(self.attempts)

    def outcome(self, delivered: Attempt | None) -> str:
        return outcome_of(self.attempts, delivered)

    def _settled(self, delivered: Attempt | None, status: int, error: str) -> RequestSettled:
        assert self.settlement is not None
        return RequestSettled(
            process=self._spool.process,
            seq=self._spool.next_seq(),
            at=self.facts.at,
            origin=self.origin,
            facts=self.facts,
            rule=self.route.target.rule,
            tier=self.tier,
            floors=self.route.target.floors,
            outcome=self.came_out,
            status=status,
            error=error,
            model=delivered.model if delivered else "",
            baseline_model=self.settlement.baseline_model,
            baseline=self.settlement.baseline,
            second_model=self.settlement.second_model,
            second=self.settlement.second,
            attempts=self.settlement.lines,
            total_ms=_ms(monotonic() - self.arrived),
            first_byte_ms=None
            if delivered is None or delivered.first_byte_ms is None
            else delivered.started_ms + delivered.first_byte_ms,
            decide_us=self.decide_us,
            evidence=self.evidence(delivered) if self.sketch else None,
        )

    def evidence(self, delivered: Attempt | None) -> Evidence | None:
        """None where nobody judged an answer."""
        tries = [attempt for attempt in self.attempts if attempt.kind is Kind.ANSWER]
        scores = {
            each.model: 0.0
            for each in tries
            if each.outcome is AttemptOutcome.REJECTED and each.because != CAP_REACHED
        }
        if self.checked and delivered is not None and delivered.outcome is AttemptOutcome.ANSWERED:
            scores[delivered.model] = 1.0
        return Evidence(sketch=self.sketch, keys=keys_of(self.facts), scores=scores) if scores else None


_NOWHERE = Connection(
    id="", name="", provider=Provider(id="webhook", name="Webhook", dialect="", base_url="")
)


def reckoned(
    said: Usage, source: UsageSource, *, characters: int, prompt_tokens: int, whole: bool = True
) -> tuple[Usage, UsageSource]:
    """What an answer has used: as its provider said at the end, else as far as it was said, and what came."""
    if whole and source is UsageSource.PROVIDER_FINAL:
        return said, source
    came = 0 if whole and said.completion else -(-characters // 4)
    known = replace(said, input=said.input if said.prompt else prompt_tokens, output=max(said.output, came))
    return known, UsageSource.PROVIDER_PARTIAL if known == said else UsageSource.ESTIMATED


def characters_of(parts: Iterable[Part]) -> int:
    return sum(map(_length, parts))


def _length(part: Part) -> int:
    match part:
        case Text(text=text) | Thinking(text=text) | Refused(text=text) | ToolCall(arguments=text):
            return len(text)
        case _:
            return 0


def _ms(seconds: float) -> int:
    return int(seconds * 1000 + 0.5) if seconds > 0 else 0
