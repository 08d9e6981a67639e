"""Money is an integer number of nano-dollars (1 USD = 1,000,000,000). No float ever holds it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

NANO = 1_000_000_000
PER_MILLION = 1_000_000


def usd(nano: int) -> str:
    """Nano-dollars as an exact decimal string in USD, without trailing zeros: `1_250_000` → `"0.00125"`."""
    if nano < 0:
        return f"-{usd(-nano)}"
    digits = str(nano).zfill(10)
    part = digits[-9:].rstrip("0")
    return f"{digits[:-9]}.{part}" if part else digits[:-9]


def nano(dollars: str | int | float | Decimal) -> int:
    """USD as nano-dollars; `ValueError` when the amount is not a number or is finer than a nano-dollar.

    A float is read by its shortest decimal form, so that `1.25` in a YAML file means exactly that.
    """
    try:
        amount = Decimal(str(dollars)) * NANO
    except InvalidOperation:
        raise ValueError(f"{dollars!r} is not an amount in USD") from None
    if not amount.is_finite():
        raise ValueError(f"{dollars!r} is not an amount in USD")
    if amount != amount.to_integral_value():
        raise ValueError(f"{dollars} is finer than a nano-dollar")
    return int(amount)


def round_half_up(amount: int, per: int) -> int:
    """`amount / per` to the nearest integer, halves away from zero."""
    if amount < 0:
        return -round_half_up(-amount, per)
    return (amount + per // 2) // per
