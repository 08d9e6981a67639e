"""The ledger: appended to and nothing else, by day, and chained so that a change is told with its place."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import IntegrityError, ProgrammingError

from billing import chain, partitions, rollup
from billing.models import LedgerDay, LedgerEntry, RequestRecord
from console.tenants.models import Tenant
from gateway.core.ladder import AttemptOutcome
from tests.billing.conftest import Book
from tests.billing.events import GPT_5, NANO, NOON, attempt, settled

pytestmark = pytest.mark.usefixtures("everywhere")
DAY = NOON.date()
PARTITION = f"billing_ledgerentry_{DAY:%Y%m%d}"


class TestAppendOnly:
    """Tried as the role that the product connects with."""

    @pytest.mark.parametrize("table", ["billing_ledgerentry", PARTITION])
    @pytest.mark.parametrize("rewrite", ["UPDATE {} SET cost_nano = 0", "DELETE FROM {}"])
    def test_no_line_can_be_rewritten(self, acme: Tenant, book: Book, table: str, rewrite: str) -> None:
        book(settled(acme.pk, attempt(NANO)))

        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            _execute(rewrite.format(table))

        assert LedgerEntry.objects.get().cost_nano == 130_000

    def test_a_role_that_was_granted_it_is_still_refused(self, acme: Tenant, book: Book) -> None:
        book(settled(acme.pk, attempt(NANO)))
        _execute("GRANT UPDATE ON billing_ledgerentry TO CURRENT_USER")

        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            _execute("UPDATE billing_ledgerentry SET cost_nano = 0")

    def test_a_partition_is_not_read_past_the_policies(self, acme: Tenant, book: Book) -> None:
        book(settled(acme.pk, attempt(NANO)))

        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            _execute(f"SELECT * FROM {PARTITION}")


class TestDays:
    def test_each_day_has_a_partition_of_its_own(self, acme: Tenant, book: Book) -> None:
        book(*(settled(acme.pk, attempt(NANO), at=NOON - timedelta(days=n)) for n in (3, 0, 400)))

        assert {DAY, DAY - timedelta(days=3), DAY - timedelta(days=400)} <= set(partitions.days())
        assert rollup.differences(acme) == 0

    def test_they_are_made_ahead(self, db: None) -> None:
        partitions.make_ahead(date(2031, 5, 1))

        assert {date(2031, 5, 1), date(2031, 5, 8)} <= set(partitions.days())
        assert date(2031, 5, 9) not in partitions.days()

    def test_old_days_are_dropped_and_their_sums_stay(self, acme: Tenant, book: Book) -> None:
        old, new = (
            settled(acme.pk, attempt(NANO), at=NOON - timedelta(days=90)),
            settled(acme.pk, attempt(NANO)),
        )
        book(old, new)

        gone = partitions.drop_before(DAY)

        assert old.at.date() in gone
        assert [line.at for line in LedgerEntry.objects.all()] == [NOON]
        assert [record.at for record in RequestRecord.objects.all()] == [NOON]
        assert _execute("SELECT sum(requests) FROM billing_rollup WHERE tag = ''") == [(2,)]
        assert rollup.differences(acme) == 0
        rollup.rebuild(acme)
        assert _execute("SELECT sum(requests) FROM billing_rollup WHERE tag = ''") == [(2,)]

    def test_what_comes_again_after_its_day_was_dropped_has_a_place(self, acme: Tenant, book: Book) -> None:
        late = settled(acme.pk, attempt(NANO), at=NOON - timedelta(days=90))
        partitions.drop_before(DAY)
        book(late)

        assert LedgerEntry.objects.get().at == late.at


class TestChain:
    def test_each_line_holds_the_hash_of_the_one_before(self, acme: Tenant, evil: Tenant, book: Book) -> None:
        book(
            settled(acme.pk, attempt(NANO), attempt(GPT_5), outcome="escalated"),
            settled(evil.pk, attempt(NANO)),
        )
        book(settled(acme.pk, attempt(NANO)))

        for tenant, count in ((acme, 3), (evil, 1)):
            lines = list(LedgerEntry.objects.filter(tenant=tenant).order_by("place"))
            assert [line.place for line in lines] == list(range(1, count + 1))
            hash_before = hashlib.sha256(f"{tenant.pk} {DAY}".encode()).digest()
            for line in lines:
                hash_before = hashlib.sha256(hash_before + _digest(line)).digest()
                assert bytes(line.hash) == hash_before
            ended = LedgerDay.objects.get(tenant=tenant)
            assert (ended.lines, bytes(ended.hash)) == (count, hash_before)

    def test_no_column_is_left_out(self) -> None:
        columns = {field.attname for field in LedgerEntry._meta.concrete_fields}
        assert {*chain.HASHED, *chain.HASHED_WHERE_SET} == columns - {"hash"}

    def test_an_untouched_ledger_holds(self, acme: Tenant, evil: Tenant, book: Book) -> None:
        for batch in (1, 2, 7):
            book(*(settled(tenant.pk, attempt(NANO), at=NOON - timedelta(hours=9 * n)) for n in range(6)
                   for tenant in (acme, evil)), batch=batch)  # fmt: skip

        found = list(chain.verify())

        assert [day.broken for day in found] == [None] * len(found)
        assert sum(day.lines for day in found) == 36

    @pytest.mark.parametrize(
        ("change", "place", "because"),
        [
            ("UPDATE {} SET cost_nano = cost_nano - 1 WHERE place = 3", 3, "it, or its place, was changed"),
            ("UPDATE {} SET tags = '{{}}' WHERE place = 2", 2, "it, or its place, was changed"),
            ("UPDATE {} SET difficulty = NULL WHERE place = 2", 2, "it, or its place, was changed"),
            ("UPDATE {} SET service_tier = 'flex' WHERE place = 2", 2, "it, or its place, was changed"),
            ("UPDATE {} SET at = at + interval '1 second' WHERE place = 4", 4, "it, or its place, was changed"),
            ("UPDATE {} SET recorded_at = recorded_at + interval '1 second' WHERE place = 1", 1,
             "it, or its place, was changed"),
            ("UPDATE {} SET place = 9 - place WHERE place IN (4, 5)", 4, "it, or its place, was changed"),
            ("DELETE FROM {} WHERE place = 2", 3, "a line before it is missing"),
            ("DELETE FROM {} WHERE place > 3", 5, "the lines at the end of the day are missing"),
            ("DELETE FROM {}", 5, "the lines at the end of the day are missing"),
        ],
    )  # fmt: skip
    def test_whoever_owns_the_disk_is_found_out(
        self, acme: Tenant, evil: Tenant, book: Book, change: str, place: int, because: str
    ) -> None:
        book(*(settled(acme.pk, attempt(NANO)) for _ in range(5)))
        _as_owner_of_the_disk(change.format(PARTITION))

        broken = chain.verify_day(DAY).broken

        assert broken is not None
        assert (broken.tenant, broken.day, broken.place, broken.because) == (
            str(acme.pk),
            DAY,
            place,
            because,
        )

    def test_the_command_proves_it(self, acme: Tenant, book: Book) -> None:
        book(*(settled(acme.pk, attempt(NANO)) for _ in range(5)))
        told = StringIO()

        call_command("verify_ledger", stdout=told)

        assert f"{DAY}  1 chain, 5 lines: whole" in told.getvalue()

    def test_the_command_names_the_first_broken_line(self, acme: Tenant, book: Book) -> None:
        book(*(settled(acme.pk, attempt(NANO)) for _ in range(5)))
        (name,) = LedgerEntry.objects.filter(place=3).values_list("attempt_id", flat=True)
        _as_owner_of_the_disk(f"UPDATE {PARTITION} SET cost_nano = 0 WHERE place >= 3")

        with pytest.raises(CommandError, match=rf"{DAY}, tenant {acme.pk}, line 3 \({name}\)"):
            call_command("verify_ledger", tenant="acme", since=str(DAY))


def test_a_request_is_recorded_once_though_its_day_is_named_twice(acme: Tenant, book: Book) -> None:
    one = settled(
        acme.pk, attempt(NANO, outcome=AttemptOutcome.ANSWERED), at=datetime(2026, 3, 10, tzinfo=UTC)
    )
    book(one, one)

    assert LedgerEntry.objects.count() == 1


def _digest(line: LedgerEntry) -> bytes:
    """As the chain's docstring says, by hand; numbers and nested JSON as PostgreSQL writes them."""
    written = ", ".join(f"'{name}', {name}::text" for name in ("difficulty", "price", "tags"))
    found = _execute(
        f"SELECT json_build_object({written}) FROM billing_ledgerentry WHERE attempt_id = '{line.pk}'"
    )
    ((plain,),) = found
    assert isinstance(plain, dict)
    texts = []
    for name in chain.HASHED:
        value = getattr(line, name)
        if isinstance(value, datetime):
            texts.append(f"{value.timestamp():.6f}")
        elif name in plain:
            texts.append(plain[name] or "null")
        else:
            texts.append(json.dumps(str(value) if isinstance(value, UUID) else value, ensure_ascii=False))
    return hashlib.sha256(f"[{', '.join(texts)}]".encode()).digest()


def _as_owner_of_the_disk(sql: str) -> None:
    """By taking back, as the table's owner may, what the product has taken from itself."""
    with connection.cursor() as cursor:
        cursor.execute("GRANT ALL ON billing_ledgerentry TO CURRENT_USER")
        cursor.execute(f"GRANT ALL ON {PARTITION} TO CURRENT_USER")
        cursor.execute(sql)


def _execute(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []
