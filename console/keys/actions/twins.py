"""Two of a name, or of a secret: the database decides, not a look beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction


@contextmanager
def refused(told: Mapping[str, tuple[str, str]]) -> Iterator[None]:
    """`told` gives, for a constraint, the field at fault and what to say."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause = error.__cause__
        constraint = cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None
        if constraint is None or constraint not in told:
            raise
        field, message = told[constraint]
        raise ValidationError({field: message}) from None
