"""What happened, and what it cost: the ledger, the requests it belongs to, and the sums that pages read.

Amounts are nano-dollars. NULL is an amount that nobody knows, never a zero. Rows are written by
`billing.store` alone; nothing here is edited by hand.
"""

from datetime import datetime, timedelta

import msgspec
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

import billing.alerts
import billing.heard  # noqa: F401 (models of their own)
from console.tenancy import Owned
from gateway.core.snapshot import BudgetScope


class Dimensions(Owned):
    """By what money is told apart (see `billing.dimensions`)."""

    router = models.TextField(db_default="")  # empty: called without a router
    gateway_key = models.TextField(db_default="")
    provider = models.TextField(db_default="")  # empty, like model and tier: nobody was called
    model = models.TextField(db_default="")
    requested_model = models.TextField(db_default="")
    request_class = models.TextField(db_default="")
    rule = models.TextField(db_default="")
    tier = models.TextField(db_default="")
    outcome = models.TextField(db_default="")  # of the request
    part = models.TextField(db_default="")  # answer | rejected | failed | check
    known = models.BooleanField(db_default=True)  # whether the request's saving is
    verified = models.BooleanField(db_default=True)  # whether providers reported all of the request's tokens
    fit = models.TextField(db_default="")  # core.overkill.Fit of the request
    called_for = models.TextField(db_default="")
    needs = models.TextField(db_default="")  # abilities, joined by commas

    class Meta:
        abstract = True


class Tokens(models.Model):
    """Disjoint buckets; `reasoning_tokens` are part of `output_tokens`."""

    input_tokens = models.PositiveBigIntegerField(db_default=0)
    cache_read_tokens = models.PositiveBigIntegerField(db_default=0)
    cache_write_tokens = models.PositiveBigIntegerField(db_default=0)
    cache_write_1h_tokens = models.PositiveBigIntegerField(db_default=0)
    output_tokens = models.PositiveBigIntegerField(db_default=0)
    reasoning_tokens = models.PositiveBigIntegerField(db_default=0)
    audio_input_tokens = models.PositiveBigIntegerField(db_default=0)
    audio_output_tokens = models.PositiveBigIntegerField(db_default=0)
    audio_cache_read_tokens = models.PositiveBigIntegerField(db_default=0)
    image_input_tokens = models.PositiveBigIntegerField(db_default=0)
    image_output_tokens = models.PositiveBigIntegerField(db_default=0)
    tool_input_tokens = models.PositiveBigIntegerField(db_default=0)
    searches = models.PositiveBigIntegerField(db_default=0)  # of the web, by the provider; no tokens

    class Meta:
        abstract = True


class RequestRecord(Dimensions):
    """One request: what it was, how it was decided, and its totals. Its lines are in the ledger."""

    # No constraint in the database: what was spent outlives whom it was spent for.
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, db_constraint=False, related_name="requests"
    )
    request_id = models.TextField(primary_key=True)  # in the table with `at`, by whose days it is partitioned
    at = models.DateTimeField()
    process = models.TextField()
    seq = models.BigIntegerField()
    status = models.PositiveSmallIntegerField()
    error = models.TextField(db_default="")
    decided_tier = models.TextField(db_default="")  # where the ladder began; `tier` is the one that answered
    floors = models.JSONField()
    facts = models.JSONField(null=True)
    difficulty = models.FloatField(null=True)
    confidence = models.FloatField(null=True)
    tags = models.JSONField()
    end_user = models.TextField(db_default="")
    session = models.TextField(db_default="")
    policy_version = models.PositiveBigIntegerField()
    snapshot_version = models.PositiveBigIntegerField()
    attempts = models.PositiveSmallIntegerField()
    cost_nano = models.PositiveBigIntegerField()  # of the attempts whose cost is known
    unpriced_attempts = models.PositiveSmallIntegerField()
    baseline_model = models.TextField(db_default="")
    baseline_nano = models.PositiveBigIntegerField(null=True)
    saved_nano = models.BigIntegerField(null=True)
    second_model = models.TextField(
        db_default=""
    )  # the other baseline, always reckoned beside the declared one
    second_nano = models.PositiveBigIntegerField(null=True)
    total_ms = models.PositiveBigIntegerField()
    first_byte_ms = models.PositiveBigIntegerField(null=True)
    decide_us = models.PositiveBigIntegerField()
    interrupted = models.BooleanField()  # the gateway died over it; no settlement has come
    corrected = models.BooleanField(db_default=False)  # a settlement came after all
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(fields=("tenant", "-at", "-request_id"), name="request_newest"),
            models.Index(fields=("tenant", "router", "-at"), name="request_by_router"),
            models.Index(fields=("tenant", "-at"), condition=Q(known=False), name="request_unknown"),
            models.Index(
                fields=("tenant", "session", "-at"), condition=~Q(session=""), name="request_of_session"
            ),
            models.Index(
                fields=("tenant", "end_user", "-at"), condition=~Q(end_user=""), name="request_of_user"
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(known=True, saved_nano=models.F("baseline_nano") - models.F("cost_nano"))
                | Q(known=False, saved_nano__isnull=True),
                name="request_saving_is_net",
            ),
            models.CheckConstraint(
                condition=Q(known=False) | Q(unpriced_attempts=0), name="request_saving_knows_all_costs"
            ),
        )

    def __str__(self) -> str:
        return self.request_id

    @property
    def known_cost(self) -> int | None:
        """The whole cost, or None as soon as a part of it is unknown."""
        return None if self.unpriced_attempts else self.cost_nano


class LedgerEntry(Dimensions, Tokens):
    """One line a settled attempt. Append-only: the product's role may neither UPDATE nor DELETE.

    A correction is two more lines: the old one with `sign` -1, and the new one. Sums multiply by `sign`.
    `place` and `hash` chain the lines of one tenant and day (see `billing.chain`). A column added later must
    be nullable: an old line's digest leaves out what is null.
    """

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, db_constraint=False, related_name="ledger"
    )
    attempt_id = models.TextField(primary_key=True)  # in the table with `at`, by whose days it is partitioned
    request_id = models.TextField()
    n = models.PositiveSmallIntegerField()  # within the request, from 1
    at = models.DateTimeField()  # the request's arrival
    sign = models.SmallIntegerField(db_default=1)
    corrects = models.TextField(db_default="")  # attempt_id of the line that this one takes back or replaces
    reason = models.TextField(null=True)  # noqa: DJ001 (null in a line that corrects nothing)
    place = models.BigIntegerField()  # among the tenant's lines of the day, from 1
    hash = models.BinaryField()  # SHA-256 of the hash before it and this line's digest
    served_model = models.TextField(db_default="")
    provider_key = models.TextField(db_default="")
    service_tier = models.TextField(null=True)  # noqa: DJ001 (null where it was the standard one)
    region = models.TextField(null=True)  # noqa: DJ001 (null where its price holds everywhere)
    difficulty = models.FloatField(null=True)
    kind = models.TextField()
    attempt_outcome = models.TextField()
    status = models.PositiveSmallIntegerField()  # the provider's, 0 when there was none
    because = models.TextField(db_default="")
    usage_source = models.TextField()
    needs_review = models.BooleanField()
    cost_nano = models.PositiveBigIntegerField(null=True)
    price = models.JSONField(null=True)  # what `cost_nano` was reckoned with
    baseline_model = models.TextField(db_default="")
    baseline_nano = models.PositiveBigIntegerField(
        null=True
    )  # of the request, on the line that answered; else 0
    second_model = models.TextField(db_default="")
    second_nano = models.PositiveBigIntegerField(null=True)
    tags = models.JSONField()
    end_user = models.TextField(db_default="")
    session = models.TextField(db_default="")
    policy_version = models.PositiveBigIntegerField()
    snapshot_version = models.PositiveBigIntegerField()
    started_ms = models.PositiveBigIntegerField()
    first_byte_ms = models.PositiveBigIntegerField(null=True)
    total_ms = models.PositiveBigIntegerField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(fields=("request_id",), name="ledger_of_request"),
            models.Index(fields=("tenant", "-at"), name="ledger_newest"),
            models.Index(
                fields=("tenant", "session", "-at"), condition=~Q(session=""), name="ledger_of_session"
            ),
            models.Index(
                fields=("tenant", "end_user", "-at"), condition=~Q(end_user=""), name="ledger_of_user"
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(sign__in=(1, -1)), name="ledger_sign"),
            models.CheckConstraint(
                condition=Q(sign=1) | ~Q(corrects=""), name="ledger_takes_back_what_was_there"
            ),
        )

    def __str__(self) -> str:
        return self.attempt_id

    @property
    def started_at(self) -> datetime:
        return self.at + timedelta(milliseconds=self.started_ms)


class LedgerDay(Owned):
    """Where a tenant's chain of one day (UTC) ends: lines cut off its end are missed as well."""

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, db_constraint=False, related_name="ledger_days"
    )
    day = models.DateField()
    lines = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint("tenant", "day", name="one_chain_a_day"),)

    def __str__(self) -> str:
        return f"{self.day}: {self.lines} lines"


class Sums(models.Model):
    """`tag` is empty for all requests; further rows are those with one tag's value (see also `dimensions.MANY`)."""

    tag = models.TextField(db_default="")
    value = models.TextField(db_default="")
    requests = models.BigIntegerField()
    attempts = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    cache_read_tokens = models.BigIntegerField()
    cache_write_tokens = models.BigIntegerField()
    cache_write_1h_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    reasoning_tokens = models.BigIntegerField()
    audio_input_tokens = models.BigIntegerField()
    audio_output_tokens = models.BigIntegerField()
    audio_cache_read_tokens = models.BigIntegerField(db_default=0)
    image_input_tokens = models.BigIntegerField(db_default=0)
    image_output_tokens = models.BigIntegerField(db_default=0)
    tool_input_tokens = models.BigIntegerField(db_default=0)
    searches = models.BigIntegerField(db_default=0)
    cost_nano = models.BigIntegerField()
    unpriced_attempts = models.BigIntegerField()
    took_ms = models.BigIntegerField(db_default=0)
    cache_saved_nano = models.BigIntegerField(db_default=0)
    cache_paid_nano = models.BigIntegerField(db_default=0)
    baseline_nano = models.BigIntegerField()
    second_nano = models.BigIntegerField(db_default=0)
    second_unknown = models.BigIntegerField(db_default=0)  # requests whose second baseline nobody knows
    longest = (
        models.BigIntegerField()
    )  # tokens of the largest request, prompt and answer; a maximum, not a sum

    class Meta:
        abstract = True


class Rollup(Dimensions, Sums):
    """Sums of an hour, which begins in the tenant's time zone: days are whole where zones are off by 30 minutes."""

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, db_constraint=False, related_name="rollups"
    )
    hour = models.DateTimeField()
    # Of tag, value and all dimensions: values may be longer than an index allows. In the table the key is
    # tenant, tag, hour and this.
    digest = models.UUIDField(primary_key=True)

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M} {self.model} {self.tag}={self.value}"


class DailyRollup(Dimensions, Sums):
    """Sums of a day of the tenant's, once for each grain: dimensions that a grain leaves out are empty."""

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, db_constraint=False, related_name="daily_rollups"
    )
    day = models.DateField()
    grain = models.CharField(max_length=8)  # billing.dimensions.GRAINS

    class Meta:
        indexes = (models.Index(fields=("tenant", "grain", "tag", "day"), name="daily_rollup_rows"),)

    def __str__(self) -> str:
        return f"{self.day} {self.grain} {self.tag}={self.value}"


class LatencyRollup(Owned):
    """How many requests took how long: of an hour, and once more of each day that is summed.

    `ms` has two significant digits, so a percentile read from here is at most 5 % off.
    """

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, db_constraint=False, related_name="latency_rollups"
    )
    of_day = models.BooleanField()
    at = models.DateTimeField()
    ms = models.BigIntegerField()
    totals = models.BigIntegerField()  # requests that took so long
    first_bytes = models.BigIntegerField()  # requests whose first byte took so long

    class Meta:
        constraints = (models.UniqueConstraint("tenant", "of_day", "at", "ms", name="latency_row"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.ms} ms"


class RolledDay(Owned):
    """A day of the tenant's that has hourly sums. Late lines unsettle it until it is summed again."""

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, db_constraint=False, related_name="rolled_days"
    )
    day = models.DateField()
    summed = models.BooleanField(db_default=False)  # whether the daily sums are those of the hours

    class Meta:
        constraints = (models.UniqueConstraint("tenant", "day", name="rolled_day"),)

    def __str__(self) -> str:
        return f"{self.day} {'summed' if self.summed else 'open'}"


class Multirange(models.Field):  # type: ignore[type-arg]  # not generic at run time
    def db_type(self, connection: object) -> str:
        return "int8multirange"


class Sequence(models.Model):
    """The sequence numbers seen of a gateway process: one range, or something is missing."""

    process = models.TextField(primary_key=True)
    seen = Multirange()
    changed_at = models.DateTimeField()
    # What lies below `settled` has had its time to come; `upcoming` is where that goes next.
    settled = models.BigIntegerField(db_default=1)
    upcoming = models.BigIntegerField(db_default=1)
    moved_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.process


class DeclaredBaseline(Owned):
    """What a router's savings are measured against, from a day on. Appended to, never changed."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="declared_baselines")
    router = models.TextField()
    since = models.DateField()
    basis = models.TextField()  # a model's id, or a word of core.baseline
    mix = models.JSONField()  # model → requests, where that is the basis
    policy_version = models.PositiveBigIntegerField()  # that declared it
    declared_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=("tenant", "router", "since"), name="baselines_of_router"),)

    def __str__(self) -> str:
        return f"{self.router} {self.since}: {self.basis}"


class SelfCheck(models.Model):
    """What an hourly look at the books found: invariant → how many things contradict it."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    at = models.DateTimeField(db_index=True)
    since = models.DateTimeField()
    findings = models.JSONField()
    examples = models.JSONField()  # invariant → some ids
    took_ms = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"

    @property
    def is_clean(self) -> bool:
        return not any(self.findings.values())


class OpenIntent(Owned):
    """A provider was called, and the request has not settled yet."""

    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.PROTECT, db_constraint=False, related_name="open_intents"
    )
    attempt_id = models.TextField(primary_key=True)
    request_id = models.TextField(db_index=True)
    at = models.DateTimeField()
    due = models.DateTimeField(db_index=True)  # after which it counts as interrupted
    intent = models.JSONField()

    def __str__(self) -> str:
        return self.attempt_id


class Judged(Owned):
    """What checks said of the models that answered one request, for learning from. No text, only a sketch of it."""

    # No constraint in the database: an event of a tenant that is gone is no reason to refuse a batch.
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, db_constraint=False, related_name="judged"
    )
    request_id = models.TextField(primary_key=True)
    at = models.DateTimeField()  # the request's arrival
    sketch = models.BinaryField()  # core.quality.keep
    keys = models.JSONField()
    scores = models.JSONField()  # model → 0 to 1

    class Meta:
        indexes = (models.Index(fields=("tenant", "-at"), name="judged_newest"),)

    def __str__(self) -> str:
        return self.request_id


class KnownQuality(Owned):
    """What a tenant's judged requests say of its models, as it is published."""

    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.CASCADE, primary_key=True, related_name="known_quality"
    )
    content = models.BinaryField()  # core.quality.keep
    outcomes = models.PositiveIntegerField()  # that it was learnt from
    newest = models.DateTimeField()  # arrival of the last of them
    learnt_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.tenant_id} of {self.outcomes}"


class KnownLengths(Owned):
    """How long a tenant's answers are, as it is published."""

    tenant = models.OneToOneField(
        "tenants.Tenant", on_delete=models.CASCADE, primary_key=True, related_name="known_lengths"
    )
    content = models.JSONField()  # core.lengths.Length, several
    learnt_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.tenant_id} of {self.learnt_at:%Y-%m-%d}"


class DeadLetter(models.Model):
    """An event that could not be stored, counted so that stored + dead = sent, and kept to be tried again."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID())
    entry = models.TextField(unique=True)  # id in the stream
    reason = models.TextField()
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    tenant = models.UUIDField(null=True, db_index=True)  # whom it names; None: that cannot be read either
    payload = models.BinaryField(null=True)  # None: gone, or too large to be stored ever

    def __str__(self) -> str:
        return f"{self.entry}: {self.reason}"


def percents() -> list[int]:
    return [50, 80, 100]


class Budget(Owned):
    """An amount that a scope may spend in a period; `gateway.core.snapshot.Budget` is what is published of it."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="budgets")
    name = models.CharField(max_length=64)
    nano = models.PositiveBigIntegerField()
    per = models.CharField(max_length=8)
    at_limit = models.CharField(max_length=16)
    limits = models.JSONField(default=dict)  # core.snapshot.BudgetScope
    alert_at = models.JSONField(default=percents)  # of the amount, each told once a period

    class Meta:
        constraints = (models.UniqueConstraint(fields=["tenant", "name"], name="one_budget_a_name"),)

    def __str__(self) -> str:
        return self.name

    @property
    def scope(self) -> BudgetScope:
        return msgspec.convert(self.limits, BudgetScope)
