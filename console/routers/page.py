"""What the pages of a router show: its draft in words and as YAML, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from console.catalogue import phrases
from console.routers import baselines, text
from console.routers.inspection import Inspection, inspect
from console.routers.models import Router
from console.routers.selectors import surroundings
from console.routers.text import Problem, Unreadable
from console.tenancy import Role, TenantRequest
from gateway.core.conditions import Condition, listed
from gateway.core.lint import Finding
from gateway.core.policy import Cascade, Floor, Otherwise, Policy, PolicyTest, Rule
from gateway.core.router import on_whitelist
from gateway.core.snapshot import TenantSnapshot
from gateway.core.webhook import told

CURL = """\
curl {address}/v1/chat/completions \\
  -H "Authorization: Bearer $RUNGWAY_KEY" -H "Content-Type: application/json" \\
  -d '{{"model": "auto", "messages": [{{"role": "user", "content": "Hello"}}]}}'"""


@dataclass(frozen=True)
class Said:
    """A finding with the line of the YAML that it speaks of."""

    level: str
    place: str
    line: int | None
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class Checked:
    """A policy's text as the panel beside it judges it."""

    said: tuple[Said, ...]
    inspection: Inspection | None  # None: the text is no policy

    @property
    def errors(self) -> tuple[Said, ...]:
        return tuple(one for one in self.said if one.level == "error")

    @property
    def warnings(self) -> tuple[Said, ...]:
        return tuple(one for one in self.said if one.level != "error")

    @property
    def error_lines(self) -> str:
        return " ".join(str(one.line) for one in self.errors if one.line)

    @property
    def publishable(self) -> bool:
        return self.inspection is not None and self.inspection.publishable

    @property
    def blocked_by(self) -> str:
        """`2 errors and 1 failing test`."""
        failing = len(self.inspection.failing) if self.inspection else 0
        parts = [_counted(len(self.errors), "error"), _counted(failing, "failing test")]
        return " and ".join(filter(None, parts))


@dataclass(frozen=True)
class Card:
    """One rule, floor or the otherwise, in words."""

    place: int
    name: str
    when: tuple[phrases.Clause, ...]
    outcome: Rule | Otherwise | Floor
    checks: tuple[str, ...]
    said: tuple[Said, ...]

    @property
    def number(self) -> int:
        return self.place + 1

    @property
    def cascade(self) -> Cascade | None:
        return None if isinstance(self.outcome, Floor) else self.outcome.cascade

    @property
    def strategy(self) -> str:
        return "" if isinstance(self.outcome, Floor) else phrases.strategy(self.outcome.strategy)

    @property
    def is_floor(self) -> bool:
        return isinstance(self.outcome, Floor)

    @property
    def model(self) -> str | None:
        return None if isinstance(self.outcome, Floor) else self.outcome.model


@dataclass(frozen=True)
class TestCard:
    __test__ = False  # for pytest

    place: int
    test: PolicyTest
    failure: str | None  # None: it was not run

    @property
    def expected(self) -> str:
        expect = self.test.expect
        forbidden = () if expect.not_model is None else listed(expect.not_model)
        parts = [
            expect.tier and f"tier {expect.tier.value}",
            expect.rule and f"rule {expect.rule}",
            expect.model and f"model {expect.model}",
            expect.request_class and f"class {expect.request_class.value}",
            forbidden and f"never {', '.join(forbidden)}",
        ]
        return ", ".join(part for part in parts if part) or "any model"


@dataclass(frozen=True)
class Page:
    """Everything that the pages of one router have in common."""

    router: Router
    policy: Policy
    tenant: TenantSnapshot = field(repr=False)
    checked: Checked
    yaml: str
    can_edit: bool
    tab: str

    @property
    def is_read_only(self) -> bool:
        return not self.can_edit

    @property
    def address(self) -> str:
        """Where the router answers; what SDKs take as their base lies under it."""
        return f"{settings.GATEWAY_URL}/router/{self.router.slug}"

    @property
    def chat_base(self) -> str:
        return f"{self.address}/v1"

    @property
    def curl(self) -> str:
        return CURL.format(address=self.address)

    @property
    def webhook_secret(self) -> str:
        """By which a validator of the tenant's knows us; for those who may edit."""
        return told(settings.SECRET_KEY.encode(), str(self.router.tenant_id)) if self.can_edit else ""

    @property
    def strategy(self) -> str:
        return phrases.strategy(self.policy.strategy)

    @property
    def failover(self) -> list[str]:
        return phrases.failover(self.policy)

    @property
    def cards(self) -> list[Card]:
        return [
            self._card("rules", place, rule.name, rule.when, rule)
            for place, rule in enumerate(self.policy.rules)
        ]

    @property
    def floors(self) -> list[Card]:
        return [
            self._card("floors", place, floor.name, floor.when, floor)
            for place, floor in enumerate(self.policy.floors)
        ]

    @property
    def tenant_floors(self) -> list[Card]:
        return [
            Card(place, floor.name, phrases.clauses(floor.when), floor, (), ())
            for place, floor in enumerate(self.tenant.floors)
        ]

    @property
    def otherwise(self) -> Card:
        otherwise = self.policy.otherwise
        return Card(0, "Otherwise", (), otherwise, _checks(otherwise.cascade), self._said("$.otherwise"))

    @property
    def tests(self) -> list[TestCard]:
        inspection = self.checked.inspection
        failures = [result.failure for result in inspection.tests] if inspection else []
        return [
            TestCard(place, test, failures[place] if place < len(failures) else None)
            for place, test in enumerate(self.policy.tests)
        ]

    @property
    def tabs(self) -> list[dict[str, object]]:
        address = (self.router.tenant.slug, self.router.slug)
        return [
            {"label": label, "href": reverse(view, args=address), "active": view == self.tab, "count": count}
            for label, view, count in (
                ("Rules", "router", len(self.policy.rules)),
                ("Floors & tests", "router_floors", len(self.policy.floors) + len(self.policy.tests)),
                ("Versions", "router_versions", self.router.versions.count()),
                ("What-if", "router_what_if", None),
            )
        ]

    @property
    def baseline_effect(self) -> str:
        return baselines.effect(self.router.tenant, self.router.slug, now=timezone.now())

    @property
    def published_yaml(self) -> str:
        return text.write(self.router.current.policy) if self.router.current else ""

    @property
    def known_models(self) -> list[str]:
        """Those within reach first."""
        models = [model for model in self.tenant.models if on_whitelist(model.id, self.tenant.whitelist)]
        return [model.id for model in sorted(models, key=lambda model: (not model.provider_key, model.id))]

    @property
    def has_keys(self) -> bool:
        return any(model.provider_key for model in self.tenant.models)

    def _card(self, part: str, place: int, name: str, when: Condition, outcome: Rule | Floor) -> Card:
        checks = () if isinstance(outcome, Floor) else _checks(outcome.cascade)
        said = self._said(f"$.{part}[{place}]")
        return Card(place, name, phrases.clauses(when), outcome, checks, said)

    def _said(self, place: str) -> tuple[Said, ...]:
        found = self.checked.inspection.at(place) if self.checked.inspection else ()
        return tuple(_lined(found, {}))


def page_of(request: TenantRequest, router: Router, *, tab: str = "router") -> Page:
    tenant = surroundings(request.tenant)
    policy = router.policy
    written = text.write(policy)
    return Page(
        router=router,
        policy=policy,
        tenant=tenant,
        checked=check_policy(policy, tenant, router=router.slug, written=written),
        yaml=written,
        can_edit=request.membership.holds(Role.EDITOR),
        tab=tab,
    )


def check_policy(policy: Policy, tenant: TenantSnapshot, *, router: str, written: str) -> Checked:
    _, lines = text.parse(written)
    inspection = inspect(policy, tenant, router=router, at=timezone.now())
    return Checked(tuple(_lined(inspection.findings, lines)), inspection)


def check_text(written: str, tenant: TenantSnapshot, *, router: str) -> Checked:
    """As one types: the text may be no policy at all."""
    try:
        policy = text.read(written)
    except Unreadable as unreadable:
        return Checked(tuple(map(_unreadable, unreadable.problems)), None)
    return check_policy(policy, tenant, router=router, written=written)


def _unreadable(problem: Problem) -> Said:
    return Said("error", problem.place, problem.line, problem.message)


def _lined(findings: Iterable[Finding], lines: Mapping[str, int]) -> Iterable[Said]:
    for finding in findings:
        line = text.line_of(finding.place, lines)
        yield Said(finding.level, finding.place, line, _spoken(finding.message), _spoken(finding.remedy))


def _spoken(text: str) -> str:
    """A name in backticks, as people quote it on a page."""
    return re.sub(r"`([^`]*)`", r"“\1”", text)


def _checks(cascade: Cascade | None) -> tuple[str, ...]:
    return tuple(map(phrases.check, cascade.checks)) if cascade else ()


def _counted(number: int, word: str) -> str:
    return "" if not number else f"{number} {word}" if number == 1 else f"{number} {word}s"


def places(order: str) -> Sequence[int]:
    """`2,0,1` as the list of rules sends it; anything else is no order."""
    return [int(place) for place in order.split(",") if place.isdecimal() and len(place) < 6]
