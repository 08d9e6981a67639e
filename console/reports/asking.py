"""What a page is asked, out of its query string: the filters as a form, and the question as billing takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone

from billing import selectors
from billing.periods import Misread, Period, preset, zone_of
from billing.query import NONE, TAG, YES_OR_NO, SpendQuery, ask, is_dimension
from console.interface.formatting import words
from console.reports.links import Trail
from console.tenancy import TenantRequest
from console.tenants.models import Tenant

CUSTOM = "custom"
PERIODS = (
    ("24h", "Last 24 hours"),
    ("today", "Today"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("90d", "Last 90 days"),
    ("month", "This month"),
    ("last_month", "Last month"),
    (CUSTOM, "Custom…"),
)
LABELS: Mapping[str, str] = {
    "router": "Router",
    "key": "Gateway key",
    "provider": "Provider",
    "model": "Model",
    "requested_model": "Requested model",
    "class": "Class",
    "rule": "Rule",
    "tier": "Tier",
    "outcome": "Outcome",
    "part": "Part",
    "known": "Saving known",
    "verified": "Tokens verified",
    "fit": "Fit",
    "called_for": "Called for",
    "needs": "Needs",
    "end_user": "End user",
    "session": "Session",
}
WITHOUT: Mapping[str, str] = {"router": "No router", "model": "No model", "provider": "No provider"}
WORDY = frozenset({"class", "tier", "outcome", "part", "fit", "called_for"})
MOST_TAGS = 4  # filters for so many tags; the others can still be drilled into


@dataclass(frozen=True)
class Chip:
    """A filter that came with a link and has no field of its own; `href` takes it away."""

    label: str
    value: str
    href: str


@dataclass(frozen=True)
class Asked:
    query: SpendQuery
    form: forms.Form
    trail: Trail
    names: Names
    chips: tuple[Chip, ...] = ()
    problem: str = ""

    @property
    def period(self) -> Period:
        return self.query.period

    @property
    def period_length(self) -> str:
        """As in "against the 30 days before"."""
        hours = round((self.period.end - self.period.start).total_seconds() / 3600)
        days = round(hours / 24)
        return f"{hours} hours" if hours < 48 else f"{days} days"

    @property
    def span(self) -> str:
        """The days asked about, as people write them."""
        first, last = self.period.first_day, self.period.last_day
        if first == last:
            return f"{first.day} {first:%B %Y}"
        left = f"{first.day} {first:%b}" + (f" {first:%Y}" if first.year != last.year else "")
        return f"{left} – {last.day} {last:%b %Y}"


class Names:
    """What a dimension's value is called on a page."""

    def __init__(self, tenant: Tenant) -> None:
        self._keys = {str(key): name for key, name in tenant.gateway_keys.values_list("pk", "name")}

    def of(self, dimension: str, value: str) -> str:
        if not value:
            untagged = dimension.startswith(TAG)
            return "Untagged" if untagged else WITHOUT.get(dimension, "None")
        if dimension == "key":
            return self._keys.get(value, value)
        if dimension in YES_OR_NO:
            return "Yes" if value == "true" else "No"
        return words(value) if dimension in WORDY else value


def asked(
    request: TenantRequest, *fields: str, tags: bool = False, more: Mapping[str, forms.Field] | None = None
) -> Asked:
    """`fields` are the dimensions that the page offers as filters; a link may bring any other."""
    tenant, zone = request.tenant, zone_of(request.tenant.time_zone)
    query, problem = _question(request.GET, zone)
    names = Names(tenant)
    offered = [*fields, *_tags(tenant)] if tags else list(fields)
    choices = _choices(tenant, offered, query, names)
    form = Filters(choices, more or {}, given=request.GET, problem=problem)
    trail = Trail(tenant, query)
    rest = [name for name in query.filters if name not in offered]
    return Asked(
        query=query,
        form=form,
        trail=trail,
        names=names,
        chips=tuple(_chip(name, query, names, request.GET) for name in rest),
        problem=problem,
    )


class Filters(forms.Form):
    """A span of time and a choice for each dimension; what it does not show it carries along."""

    def __init__(
        self,
        choices: Mapping[str, Sequence[tuple[str, str]]],
        more: Mapping[str, forms.Field],
        *,
        given: QueryDict,
        problem: str,
    ) -> None:
        period = given.get("period") or (CUSTOM if given.get("from") or given.get("to") else "30d")
        super().__init__({**given.dict(), "period": period})
        self.fields["period"] = forms.ChoiceField(label="Period", choices=PERIODS, required=False)
        if period == CUSTOM:
            for name in ("from", "to"):
                self.fields[name] = forms.CharField(
                    label=name.title(),
                    required=False,
                    widget=forms.DateInput(
                        attrs={"type": "date" if _is_day(given.get(name, "")) else "text"}
                    ),
                )
        self.fields.update(more)
        for name, options in choices.items():
            everything = ("", "Any")
            self.fields[name] = forms.ChoiceField(
                label=label_of(name), choices=[everything, *options], required=False
            )
        for name in given:
            if name not in self.fields and is_dimension(name):
                self.fields[name] = forms.CharField(widget=forms.HiddenInput, required=False)
        if problem:
            self.add_error(None, problem)


def label_of(dimension: str) -> str:
    if dimension.startswith(TAG):
        return words(dimension.removeprefix(TAG))
    return LABELS[dimension]


def _question(given: QueryDict, zone: ZoneInfo) -> tuple[SpendQuery, str]:
    params = {name: list(values) for name, values in given.lists()}
    if given.get("period") not in {None, "", CUSTOM}:
        params = {name: values for name, values in params.items() if name not in {"from", "to"}}
    elif given.get("period") == CUSTOM:
        del params["period"]
    try:
        return ask(params, zone=zone, now=timezone.now()), ""
    except Misread as error:
        default = preset("30d", zone=zone, now=timezone.now())
        return SpendQuery(period=default), f"{label_for(error.field)}: {error.message}."


def label_for(field: str) -> str:
    return label_of(field) if is_dimension(field) else words(field)


def _choices(
    tenant: Tenant, offered: Sequence[str], query: SpendQuery, names: Names
) -> dict[str, list[tuple[str, str]]]:
    """Also what is chosen, though it may not have occurred."""
    dimensions = [name for name in offered if not name.startswith(TAG)]
    seen = dict(selectors.values(tenant, dimensions, query.period)) if dimensions else {}
    if len(dimensions) < len(offered):
        tags = selectors.tags_seen(tenant, query.period)
        seen |= {name: tags.get(name.removeprefix(TAG), []) for name in offered if name.startswith(TAG)}
    choices: dict[str, list[tuple[str, str]]] = {}
    for name in offered:
        chosen = query.filters.get(name, ())
        found = [value for value in dict.fromkeys([*seen[name], *chosen]) if value]
        choices[name] = [(value, names.of(name, value)) for value in found]
        if "" in chosen or name.startswith(TAG):
            choices[name].append((NONE, names.of(name, "")))
    return choices


def _chip(name: str, query: SpendQuery, names: Names, given: QueryDict) -> Chip:
    without = given.copy()
    without.pop(name, None)
    value = " or ".join(names.of(name, value) for value in query.filters[name])
    return Chip(label=label_of(name), value=value, href=f"?{without.urlencode()}")


def _tags(tenant: Tenant) -> list[str]:
    return [TAG + tag for tag in tenant.tags[:MOST_TAGS]]


def _is_day(text: str) -> bool:
    return len(text) in {0, len("2026-03-01")}
