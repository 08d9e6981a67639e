"""A fault of ours is told in the shape of every other refusal, and without its words."""

import pytest
from django.test import Client

from tests.console.api.conftest import Program
from tests.console.conftest import Person


@pytest.fixture
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("canary-7f3a")

    monkeypatch.setattr("console.api.token.ByToken.authenticate", fails)
    monkeypatch.setattr("console.routers.traffic.lines", fails)


@pytest.mark.usefixtures("_broken")
def test_it_is_json(viewer: Program) -> None:
    answer = Client(raise_request_exception=False).get("/api/v1/routers")
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {
        "detail": "Something went wrong on our side. Nothing was changed; it is in the log.",
        "code": "internal_error",
    }


@pytest.mark.usefixtures("_broken")
def test_a_page_stays_a_page(ada: Person) -> None:
    ada.client.raise_request_exception = False
    answer = ada.client.get("/t/acme/routers/")
    assert answer.status_code == 500
    assert b"<h1>Something went wrong on our side</h1>" in answer.content
    assert b"canary-7f3a" not in answer.content
