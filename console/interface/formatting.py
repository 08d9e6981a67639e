"""How figures are written for people. One rule for a kind of figure, used by every page and chart table.

`None` is a figure we do not know. For money it is said in a word; elsewhere an en dash stands for it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from gateway.core import money
from gateway.core.policy import CHEAPEST, FRONTIER, MEASURED, REQUESTED

UNKNOWN = "unknown"
ABSENT = "–"
MINUS = "−"
LONG_AGO = timedelta(days=14)

_ACRONYMS = {
    "qa": "QA",
    "json": "JSON",
    "api": "API",
    "id": "ID",
    "url": "URL",
    "usd": "USD",
    "yaml": "YAML",
}
_NAMES = {  # protocols, as their makers write them
    "openai_chat": "OpenAI chat",
    "openai_completions": "OpenAI completions",
    "openai_responses": "OpenAI Responses",
}
_BASELINES = {
    REQUESTED: "the model each request asks for",
    CHEAPEST: "the cheapest model that meets the floors",
    FRONTIER: "the frontier model",
    MEASURED: "the measured mix",
}


def usd(nano: int | None) -> str:
    """Dollars with the digits that matter: cents from a dollar up, more the smaller the amount."""
    if nano is None:
        return UNKNOWN
    return _sign(nano) + "$" + _significant(Decimal(abs(nano)) / money.NANO)


def usd_exact(nano: int | None) -> str:
    if nano is None:
        return UNKNOWN
    return _sign(nano) + "$" + _with_cents(money.usd(abs(nano)))


def usd_short(nano: int | None) -> str:
    """For places with room for five characters: `$4.5k`, `$1.2M`."""
    if nano is None:
        return UNKNOWN
    dollars = Decimal(abs(nano)) / money.NANO
    return usd(nano) if dollars < 1000 else f"{_sign(nano)}${_scaled(dollars)}"


def count(number: int | float | None) -> str:
    return ABSENT if number is None else f"{number:,}".replace("-", MINUS)


def tokens(number: int | None) -> str:
    if number is None:
        return ABSENT
    return str(number) if abs(number) < 1000 else _sign(number) + _scaled(Decimal(abs(number)))


def percent(share: float | Decimal | None, places: int = 1) -> str:
    """A share of one as a percentage. A little never reads as 0 %, and almost all never as 100 %."""
    if share is None:
        return ABSENT
    step = Decimal(1).scaleb(-places)
    exact = abs(Decimal(str(share)) * 100)
    shown = exact.quantize(step, ROUND_HALF_UP)
    if not shown and exact:
        return f"<{step}%"
    if shown == 100 and exact < 100:
        shown = 100 - step
    text = f"{shown:f}"
    return (MINUS if share < 0 else "") + (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def signed_percent(share: float | Decimal | None, places: int = 0) -> str:
    text = percent(share, places)
    return f"+{text}" if share is not None and share > 0 else text


def milliseconds(duration: float | None) -> str:
    if duration is None:
        return ABSENT
    if duration < 10:
        return f"{duration:.1f} ms"
    if duration < 1000:
        return f"{duration:.0f} ms"
    return f"{duration / 1000:.2f} s" if duration < 100_000 else f"{duration / 60_000:.1f} min"


def ago(moment: datetime | None, *, now: datetime) -> str:
    """Of what is long past, the day."""
    if moment is None:
        return "never"
    past = now - moment
    if past < timedelta(0):
        return f"in {_span(-past)}"
    if past >= LONG_AGO:
        return f"{moment.day} {moment:%b}" + (f" {moment:%Y}" if moment.year != now.year else "")
    return "just now" if past < timedelta(seconds=5) else f"{_span(past)} ago"


def day(of: date) -> str:
    return f"{of.day} {of:%B %Y}"


def baseline(basis: str) -> str:
    """What it is in a sentence; a model is called by its id."""
    return _BASELINES.get(basis, basis)


def words(name: object) -> str:
    """An identifier as words of a sentence: `simple_qa` is "Simple QA"."""
    if str(name) in _NAMES:
        return _NAMES[str(name)]
    parts = str(name).replace("-", "_").split("_")
    text = " ".join(_ACRONYMS.get(part.lower(), part) for part in parts if part)
    return text[:1].upper() + text[1:]


def _significant(dollars: Decimal) -> str:
    if not dollars or dollars >= 1:
        return f"{dollars:,.2f}"
    places = 4 if dollars >= Decimal("0.01") else min(9, 1 - dollars.adjusted())
    return _with_cents(f"{dollars:.{places}f}".rstrip("0"))


def _with_cents(text: str) -> str:
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(2, '0')}"


def _scaled(number: Decimal) -> str:
    """Three digits and a letter: `12.3k`, `1.23M`."""
    for letter in ("k", "M", "B"):
        number /= 1000
        places = max(0, 2 - number.adjusted())
        shown = round(number, places)
        if shown < 1000 or letter == "B":
            break
    text = f"{shown:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + letter


def _sign(number: int) -> str:
    return MINUS if number < 0 else ""


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
