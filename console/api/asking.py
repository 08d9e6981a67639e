"""Questions to the books: the parameters that `usage`, `requests`, `savings` and `overkill` share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils import timezone

from billing.periods import Period, zone_of
from billing.query import COLUMNS, SpendQuery, ask
from console.api.schema import Param

if TYPE_CHECKING:
    from console.api.endpoint import Call
    from console.tenants.models import Tenant

PERIOD = (
    Param("from", "A day, or a moment with its offset; days are those of the tenant's time zone."),
    Param("to", "The same; a day is included whole."),
    Param("period", "Instead: 24h, today, 7d, 30d (unless said), 90d, month, last_month."),
)
FILTERS = (
    *(
        Param(name, f"Only this {name.replace('_', ' ')}; give it again for several, `(none)` for without.")
        for name in COLUMNS
    ),
    Param("tag.<name>", "Only this value of a tag."),
)
BY = Param("by", "Dimensions to tell apart, up to four: those of the filters, and tag.<name>.")
ASKED = (*PERIOD, *FILTERS)


class Keys:
    """The ledger knows gateway keys by id, people by name; either may be asked for."""

    def __init__(self, tenant: Tenant) -> None:
        self._names = {str(key): name for key, name in tenant.gateway_keys.values_list("pk", "name")}

    def name(self, key: str) -> str:
        return self._names.get(key, key)

    def ids(self, called: str) -> list[str]:
        return [called, *(key for key, name in self._names.items() if name == called)]


def question(call: Call) -> SpendQuery:
    """Raises `Misread`, which is answered with the field at fault."""
    params = {name: list(values) for name, values in call.params.items()}
    keys = Keys(call.tenant)
    if "key" in params:
        params["key"] = [key for called in params["key"] for key in keys.ids(called)]
    return ask(params, zone=zone_of(call.tenant.time_zone), now=timezone.now())


def span(period: Period) -> Mapping[str, str]:
    """From, up to and without to."""
    return {
        "from": period.start.astimezone(period.zone).isoformat(),
        "to": period.end.astimezone(period.zone).isoformat(),
    }
