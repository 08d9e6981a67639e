"""Lists, a page at a time by key: a page far down costs what the first one does."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import Model, QuerySet

from console.api.errors import invalid
from console.api.schema import Param

if TYPE_CHECKING:
    from console.api.endpoint import Call

MOST = 200
PAGE = (
    Param("cursor", "What `next` said: the page that follows."),
    Param("limit", f"Rows on a page, at most {MOST}.", int),
)


class Listing[T](TypedDict):
    """`next` is the `cursor` of the following page, null on the last one."""

    results: Sequence[T]
    next: str | None


def listing[M: Model, T](rows: QuerySet[M], call: "Call", *, by: str, row: Callable[[M], T]) -> Listing[T]:
    """`by` is a field whose values are unique among the rows."""
    limit, after = limit_of(call), position(call)
    if after:
        rows = rows.filter(**{f"{by}__gt": after})
    return paged(list(rows.order_by(by)[: limit + 1]), limit, key=attrgetter(by.replace("__", ".")), row=row)


def paged[M, T](
    found: Sequence[M], limit: int, *, key: Callable[[M], Any], row: Callable[[M], T]
) -> Listing[T]:
    """`found` holds one row more than the page, if there are more."""
    shown = found[:limit]
    return Listing(
        results=[row(each) for each in shown],
        next=cursor_at(str(key(shown[-1]))) if len(found) > limit else None,
    )


def limit_of(call: "Call", default: int = MOST) -> int:
    text = call.param("limit")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text[:9]) == 0:
        raise invalid("limit", "A number from 1 on.")
    return min(int(text[:9]), MOST)


def cursor_at(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def position(call: "Call") -> str:
    text = call.param("cursor")
    try:
        key = urlsafe_b64decode(text.encode() + b"==").decode()
    except (ValueError, binascii.Error):
        raise invalid("cursor", "Not one that was given out.") from None
    if "\0" in key or cursor_at(key) != text:
        raise invalid("cursor", "Not one that was given out.")
    return key


def number_in(call: "Call") -> int | None:
    """For lists that are kept by number."""
    after = position(call)
    if not after:
        return None
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise invalid("cursor", "Not one that was given out.")
    return int(after)
