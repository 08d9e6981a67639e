"""A bad event never holds up good ones, and never vanishes: stored + dead = sent."""

from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.decode import Unreadable, decode
from billing.models import DeadLetter, LedgerEntry, RequestRecord
from console.tenants.models import Tenant
from gateway.core.price import Usage
from tests.billing.conftest import Book
from tests.billing.events import NANO, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")


def raw(tenant: object, **changes: Any) -> bytes:
    """An event with parts replaced as no type of ours would allow."""
    tree = msgspec.json.decode(msgspec.json.encode(settled(tenant, attempt(NANO))))
    for place, value in changes.items():
        *way, last = place.split("__")
        node = tree
        for step in way:
            node = node[int(step)] if step.isdigit() else node[step]
        node[last] = value
    return msgspec.json.encode(tree)


def test_a_batch_of_poison_keeps_every_good_row(acme: Tenant, book: Book) -> None:
    good = [settled(acme.pk, attempt(NANO)) for _ in range(994)]
    bad = [
        raw(acme.pk, rule="a\0b"),  # NUL: mended
        raw(acme.pk, rule="@@").replace(b"@@", b"\\ud800"),  # a lone surrogate: mended
        raw(acme.pk, attempts__0__attempt__usage={"input": 2**63}),
        raw(acme.pk, error="x" * 5_000_000),
        raw(acme.pk, attempts__0__tier="platinum"),
        raw(acme.pk, rule="@@").replace(b"@@", b"\xff\xfe"),  # not UTF-8: mended
    ]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        done = book(*good[:500], *bad, *good[500:])

    assert (done.entries, done.dead, done.batches) == (1000, 3, 1)
    assert RequestRecord.objects.count() + DeadLetter.objects.count() == 1000
    savepoints = [query for query in queries.captured_queries if query["sql"].startswith("SAVEPOINT")]
    assert len(savepoints) <= 12
    mended = RequestRecord.objects.exclude(rule="routine").values_list("rule", flat=True)
    assert sorted(mended) == ["?", "a\ufffdb", "\ufffd\ufffd"]


def test_what_only_the_database_refuses_is_found_by_halving(
    acme: Tenant, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billing.decode.MOST", 2**70)
    events = [settled(acme.pk, attempt(NANO)) for _ in range(30)]
    events[17] = settled(acme.pk, attempt(NANO, usage=Usage(reasoning=2**64)))
    done = book(*events)

    assert (done.entries, done.dead) == (30, 1)
    assert LedgerEntry.objects.count() == 29
    assert DeadLetter.objects.get().reason == "refused by the database (DataError)"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"origin__tenant": "acme"}, "tenant is not a UUID"),
        ({"origin__request_id": ""}, "request_id is missing or longer than 200 characters"),
        ({"at": "2026-03-10T12:30:00"}, "at has no time zone or lies outside 2020–2100"),
        ({"at": "9999-03-10T12:30:00Z"}, "at has no time zone or lies outside 2020–2100"),
        ({"attempts__0__cost": -1}, f"cost is below 0 or above {10**16}"),
        ({"attempts__0__attempt__usage": {"output": -5}}, f"usage is below 0 or above {2**53}"),
        ({"attempts__0__attempt__id": ""}, "attempt ids are missing, repeated or longer than 200 characters"),
        ({"type": "secret-word"}, "Invalid value `$.type`"),
        ({"total_ms": "secret-word"}, "Expected `int`, got `str` `$.total_ms`"),
    ],
)
def test_the_reason_names_the_place_and_never_the_content(changes: dict[str, Any], reason: str) -> None:
    verdict = decode(raw("0d4a4a3e-6a1e-4a52-a4f6-5d2b4d8f6f6e", **changes))

    assert isinstance(verdict, Unreadable)
    assert verdict.reason == reason


def test_text_that_spells_a_nul_is_kept_as_it_is(acme: Tenant, book: Book) -> None:
    book(raw(acme.pk, rule="\\u0000"))

    assert RequestRecord.objects.get().rule == "\\u0000"
