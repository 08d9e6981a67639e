from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from console.interface import formatting
from gateway.core import money

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("nano", "written"),
    [
        (None, "unknown"),
        (0, "$0.00"),
        (1, "$0.000000001"),
        (3_120, "$0.0000031"),
        (41_000, "$0.000041"),
        (9_999_999, "$0.01"),
        (12_345_678, "$0.0123"),
        (500_000_000, "$0.50"),
        (999_999_999, "$1.00"),
        (1_234_567_890_123, "$1,234.57"),
        (-1_250_000_000, "−$1.25"),
    ],
)
def test_usd_has_the_digits_that_matter(nano: int | None, written: str) -> None:
    assert formatting.usd(nano) == written


@given(some.integers(-(10**18), 10**18))
def test_usd_exact_is_exact(nano: int) -> None:
    assert money.nano(formatting.usd_exact(nano).replace("$", "").replace("−", "-")) == nano


@given(some.integers(1, 10**18))
def test_no_amount_reads_as_nothing(nano: int) -> None:
    assert set(formatting.usd(nano)) & set("123456789")


@pytest.mark.parametrize(
    ("nano", "written"),
    [
        (None, "unknown"),
        (12_500_000, "$0.0125"),
        (999 * 10**9, "$999.00"),
        (4_500 * 10**9, "$4.5k"),
        (-(10**15) * 2, "−$2M"),
    ],
)
def test_usd_short(nano: int | None, written: str) -> None:
    assert formatting.usd_short(nano) == written


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (None, "–"),
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (12_345, "12.3k"),
        (999_950, "1M"),
        (1_234_567, "1.23M"),
        (2 * 10**12, "2000B"),
    ],
)
def test_tokens(number: int | None, written: str) -> None:
    assert formatting.tokens(number) == written


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (None, "–"),
        (0, "0%"),
        (0.583, "58.3%"),
        (0.5, "50%"),
        (1, "100%"),
        (0.0001, "<0.1%"),
        (0.9999, "99.9%"),
        (-0.2, "−20%"),
    ],
)
def test_percent_never_rounds_to_nothing_or_to_all(share: float | None, written: str) -> None:
    assert formatting.percent(share) == written


@pytest.mark.parametrize(
    ("duration", "written"),
    [(None, "–"), (0.43, "0.4 ms"), (840, "840 ms"), (1_234, "1.23 s"), (180_000, "3.0 min")],
)
def test_milliseconds(duration: float | None, written: str) -> None:
    assert formatting.milliseconds(duration) == written


@pytest.mark.parametrize(
    ("past", "written"),
    [
        (2, "just now"),
        (17, "17 s ago"),
        (200, "3 min ago"),
        (7_300, "2 h ago"),
        (3 * 86_400, "3 d ago"),
        (13 * 86_400, "13 d ago"),
        (14 * 86_400, "10 Nov"),
        (400 * 86_400, "20 Oct 2025"),
        (-3_600, "in 1 h"),
    ],
)
def test_ago(past: int, written: str) -> None:
    assert formatting.ago(NOW - timedelta(seconds=past), now=NOW) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [("simple_qa", "Simple QA"), ("fell_back", "Fell back"), ("json_valid", "JSON valid")],
)
def test_words(name: str, written: str) -> None:
    assert formatting.words(name) == written
