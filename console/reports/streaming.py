"""A long answer, sent as it is made, and never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from billing.exports import Form, Names, export
from billing.query import SpendQuery
from billing.spend import spend
from console.catalogue import builtin
from console.tenants.models import Tenant

UNPRICED = "X-Rungway-Unpriced-Attempts"


def exported(request: HttpRequest, tenant: Tenant, query: SpendQuery, form: Form) -> StreamingHttpResponse:
    """The header says how many attempts have no known price: they have no amount, or no row in FOCUS."""
    names = Names(
        keys={str(key): name for key, name in tenant.gateway_keys.values_list("pk", "name")},
        providers={vendor.id: vendor.name for vendor in builtin.providers().values()},
    )
    unpriced = spend(tenant, query.told_apart()).total.unpriced_attempts
    batches = export(tenant, query, form, names, now=timezone.now())
    name = f"{tenant.slug}-{form}-{query.period.first_day}-{query.period.last_day}.csv"
    return StreamingHttpResponse(
        in_thread(batches) if isinstance(request, ASGIRequest) else batches,
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            UNPRICED: str(unpriced),
        },
    )


async def in_thread(batches: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Each batch reads the database, which is not for the loop; it opens and closes its own transaction."""
    following = sync_to_async(_next)
    while (batch := await following(batches)) is not None:
        yield batch


def _next(batches: Iterator[bytes]) -> bytes | None:
    return next(batches, None)
