"""Every book that is kept of the same traffic, read one by one and reckoned again from tokens and prices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path

from billing import rollup
from billing.models import LedgerEntry, OpenIntent, RequestRecord
from console.tenancy import every_tenant
from console.tenants.models import Tenant
from gateway.core.price import Price
from gateway.simulator.statement import Line
from tests.faults.company import BASELINES, PRICES
from tests.gateway.simulated import statement

MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Books:
    tenant: Tenant
    log: Path  # the simulated providers' own

    @cached_property
    def statement(self) -> Mapping[str, Line]:
        lines = [line for line in statement(self.log) if line.attempt is not None]
        said = {line.attempt: line for line in lines if line.attempt is not None}
        assert len(said) == len(lines), "a provider was called twice for one attempt"
        return said

    @cached_property
    def ledger(self) -> Mapping[str, LedgerEntry]:
        with every_tenant():
            return {line.attempt_id: line for line in LedgerEntry.objects.filter(tenant=self.tenant)}

    @cached_property
    def requests(self) -> Mapping[str, RequestRecord]:
        with every_tenant():
            return {row.request_id: row for row in RequestRecord.objects.filter(tenant=self.tenant)}

    @cached_property
    def by_request(self) -> Mapping[str, Sequence[LedgerEntry]]:
        found: dict[str, list[LedgerEntry]] = defaultdict(list)
        for line in sorted(self.ledger.values(), key=lambda line: (line.request_id, line.n)):
            found[line.request_id].append(line)
        return found

    def agree(self) -> None:
        """The ledger is what the providers say, what its prices say, and what is summed from it."""
        assert set(self.statement) <= set(self.ledger)
        assert {self.ledger[one].attempt_outcome for one in set(self.ledger) - set(self.statement)} <= {
            "interrupted"  # killed between the intent and the call
        }
        assert set(self.by_request) <= set(self.requests)
        for line in self.ledger.values():
            assert line.cost_nano == cost_of(line), line.attempt_id
            if line.attempt_outcome != "interrupted":
                agrees_with_the_provider(line, self.statement[line.attempt_id])
        for request in self.requests.values():
            is_its_lines(request, self.by_request.get(request.request_id, ()))
        assert rollup.differences(self.tenant) == 0
        with every_tenant():
            assert OpenIntent.objects.filter(tenant=self.tenant).count() == 0


def agrees_with_the_provider(line: LedgerEntry, said: Line) -> None:
    """What the provider told is kept as it told it; what it did not tell is never called final."""
    told = said.usage_told and said.ended == "completed" and said.status == 200
    if told and line.attempt_outcome != "cancelled":
        assert line.usage_source == "provider_final", line.attempt_id
        assert tokens(line) == (
            said.prompt_tokens, said.cached_tokens, said.cache_write_tokens, said.cache_write_1h_tokens,
            said.completion_tokens,
        ), line.attempt_id  # fmt: skip
        if said.path.startswith("/openai"):  # the other protocol has no word for it
            assert line.reasoning_tokens == said.reasoning_tokens
    elif line.usage_source == "provider_final":
        assert told, line.attempt_id
    if said.status >= 400:
        assert (line.attempt_outcome, line.status, line.cost_nano) == ("failed", said.status, 0)
    assert PRICES[line.model] is None or line.price is not None


def tokens(line: LedgerEntry) -> tuple[int, ...]:
    written = line.cache_write_tokens + line.cache_write_1h_tokens
    return (
        line.input_tokens + line.cache_read_tokens + written, line.cache_read_tokens,
        line.cache_write_tokens, line.cache_write_1h_tokens, line.output_tokens,
    )  # fmt: skip


def cost_of(line: LedgerEntry) -> int | None:
    """In `Decimal`, and with nothing of the product's own arithmetic."""
    if line.usage_source == "unknown":
        return None
    if line.usage_source == "none" and not any(tokens(line)):
        return 0
    return priced(PRICES[line.model], line)


def priced(price: Price | None, line: LedgerEntry) -> int | None:
    if price is None:
        return None
    of = {
        "input_tokens": price.input,
        "cache_read_tokens": price.cache_read if price.cache_read is not None else price.input,
        "cache_write_tokens": price.cache_write if price.cache_write is not None else price.input,
        "output_tokens": price.output,
    }
    amount = sum((Decimal(getattr(line, name)) * each / MILLION for name, each in of.items()), Decimal(0))
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP)) + price.per_request


def is_its_lines(request: RequestRecord, lines: Sequence[LedgerEntry]) -> None:
    assert request.attempts == len(lines)
    assert request.cost_nano == sum(line.cost_nano or 0 for line in lines)
    assert request.unpriced_attempts == sum(line.cost_nano is None for line in lines)
    assert [line.n for line in lines] == list(range(1, len(lines) + 1))
    baseline = baseline_of(request, lines)
    assert request.baseline_nano == baseline, request.request_id
    unknown = baseline is None or request.unpriced_attempts
    assert request.saved_nano == (None if unknown else (baseline or 0) - request.cost_nano)


def baseline_of(request: RequestRecord, lines: Sequence[LedgerEntry]) -> int | None:
    """The answer's own tokens at the declared baseline's price; nothing where nothing was answered."""
    if request.outcome == "failed":
        return 0
    answer = [line for line in lines if line.kind == "answer" and line.attempt_outcome != "failed"][-1]
    declared = BASELINES[request.router]
    name = request.requested_model if declared == "requested" else declared
    return priced(PRICES.get(name), answer)


@dataclass(frozen=True)
class Sums:
    """What any report over these requests has to come to."""

    requests: int
    attempts: int
    input_tokens: int
    output_tokens: int
    cost: int
    unpriced: int
    baseline: int
    saved: int


def sums(lines: Iterable[LedgerEntry], requests: Iterable[RequestRecord]) -> Sums:
    lines, requests = list(lines), list(requests)
    compared = [each for each in requests if each.saved_nano is not None]
    return Sums(
        requests=len(requests),
        attempts=len(lines),
        input_tokens=sum(line.input_tokens for line in lines),
        output_tokens=sum(line.output_tokens for line in lines),
        cost=sum(line.cost_nano or 0 for line in lines),
        unpriced=sum(line.cost_nano is None for line in lines),
        baseline=sum(each.baseline_nano or 0 for each in compared),
        saved=sum(each.saved_nano or 0 for each in compared),
    )
