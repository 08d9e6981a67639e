"""Every way a request can end badly has a sentence and a remedy."""

from collections.abc import Iterator

import pytest
from django.urls import reverse

from console.interface import navigation
from console.reports.failures import FAILURES, OBJECTIONS, because, failure_of
from gateway.core.checks import AT_ONCE, CAP, CAP_REACHED, TOO_LONG
from gateway.core.ladder import HEDGED
from gateway.core.policy import Check
from gateway.errors import (
    ContextTooLong,
    GatewayError,
    InternalError,
    LimitReached,
    NoEligibleModel,
    Unavailable,
    Untranslatable,
    UpstreamError,
)

RECORDED = (UpstreamError, Unavailable, InternalError, NoEligibleModel, ContextTooLong, Untranslatable)
OF_THE_BOOKS = {"client_cancelled", "interrupted"}


def below(error: type[GatewayError]) -> Iterator[type[GatewayError]]:
    yield error
    for kind in error.__subclasses__():
        yield from below(kind)


def test_every_code_that_is_recorded_is_told() -> None:
    codes = {kind.code for error in RECORDED for kind in below(error)}
    limits = {kind.code for error in LimitReached.__subclasses__() for kind in below(error)}
    assert set(FAILURES) == codes | limits | OF_THE_BOOKS


def test_every_check_has_its_objection() -> None:
    beside = {"no check could tell", HEDGED, "agrees", "differs", AT_ONCE, TOO_LONG, CAP, CAP_REACHED}
    assert set(OBJECTIONS) == {*Check.__struct_fields__, *beside}


@pytest.mark.parametrize("code", FAILURES)
def test_a_remedy_is_said_and_its_page_exists(code: str) -> None:
    failure = FAILURES[code]
    assert failure.told.endswith(".")
    assert failure.remedy.endswith(".")
    views = {item.view for group in navigation.NAVIGATION for item in group.items}
    assert failure.view in {"", *views}
    if failure.view not in {"", "budgets"}:  # the navigation leaves out what an installation does not have
        assert reverse(failure.view, args=["acme"]) == navigation.address(failure.view, "acme")


def test_other_words_stand_as_they_are() -> None:
    assert failure_of("") is None
    told = failure_of("not_yet_invented")
    assert told is not None
    assert told.told == "It ended with not_yet_invented."
    assert because("scored 0.4") == "scored 0.4"
    assert because("upstream_timeout") == "The provider did not answer in time"
