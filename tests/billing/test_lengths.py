"""How long answers are is learnt from a tenant's own, and published where it has changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import lengths
from billing.lengths import Came, has_moved, lengths_in
from billing.store import store
from console.outbox.selectors import is_stale
from console.publishing import tasks
from console.routers.selectors import surroundings
from console.tenancy import every_tenant, within
from console.tenants.models import Tenant
from gateway.core.facts import RequestClass
from gateway.core.lengths import ENOUGH, Length
from gateway.core.price import Usage
from tests.billing.events import MINI, NANO, attempt, settled

CODING = RequestClass.CODING
ASKED = {"request_class": CODING, "output_tokens": 100}


def rows(*answers: tuple[str, int, int]) -> list[Came]:
    return [Came("coding", model, count, tokens, count * 100) for model, count, tokens in answers]


def test_a_class_is_believed_once_there_are_enough_and_a_model_too() -> None:
    assert lengths_in(rows((NANO.id, ENOUGH - 1, 9_000))) == ()
    assert lengths_in(rows((NANO.id, ENOUGH, 10_000), (MINI.id, 10, 11_000))) == (
        Length(request_class=CODING, share=3.5, models={NANO.id: 2.0}),
    )
    assert lengths_in([Came("", NANO.id, 900, 9, 9), Came("coding", NANO.id, 900, 9, 0)]) == ()


def test_only_what_has_moved_by_a_tenth_is_news() -> None:
    was = (Length(request_class=CODING, share=2.0, models={NANO.id: 1.0}),)
    assert not has_moved(was, was)
    assert not has_moved(was, (Length(request_class=CODING, share=2.15, models={NANO.id: 1.05}),))
    assert has_moved(was, (Length(request_class=CODING, share=2.3, models={NANO.id: 1.0}),))
    assert has_moved(was, (Length(request_class=CODING, share=2.0),))
    assert has_moved((), was)


@pytest.mark.django_db(transaction=True)
def test_a_tenants_answers_come_to_its_gateways(acme: Tenant) -> None:
    """What was foreseen before anything was learnt stays the measure, or the factor would wear off."""
    now = timezone.now()
    first = [
        settled(acme.pk, attempt(NANO, usage=Usage(input=900, output=300)), at=now, about=ASKED)
        for _ in range(ENOUGH)
    ]
    known = {**ASKED, "output_tokens": 300, "foreseen_tokens": 100}
    again = [settled(acme.pk, attempt(NANO, usage=Usage(input=900, output=300)), at=now, about=known)]
    other = [
        settled(
            acme.pk,
            attempt(MINI, usage=Usage(input=900, output=9_000)),
            at=now - timedelta(days=30),
            about=ASKED,
        )
    ]
    with every_tenant():
        store([*first, *again, *other])
    tasks.learn_lengths()
    with within(acme):
        assert lengths.published(acme) == (Length(request_class=CODING, share=3.0, models={NANO.id: 3.0}),)
        assert surroundings(acme).lengths == lengths.published(acme)
        assert is_stale(acme)
        assert not lengths.learn(acme, now=now)
    with every_tenant():
        assert acme.pk not in lengths.learnable(now)
