from datetime import UTC, datetime

from redis import Redis

from billing import ingest
from billing.stream import Stream
from console.routers.models import Router
from tests.billing.events import NANO, attempt, send, settled
from tests.console.conftest import Person


def test_every_page_of_a_router_shows(ben: Person, vera: Person, contract: Router) -> None:
    for path in ("", "floors/", "versions/"):
        for person in (ben, vera):
            assert person.client.get(f"/t/acme/routers/support/{path}").status_code == 200, path
    for path in (
        "rules/0/",
        "rules/1/",
        "rules/3/",
        "otherwise/",
        "basics/",
        "floors/0/",
        "floors/1/",
        "tests/0/",
        "tests/1/",
    ):
        assert ben.client.get(f"/t/acme/routers/support/{path}").status_code == 200, path
        assert vera.client.get(f"/t/acme/routers/support/{path}").status_code == 403, path


def test_the_list_says_what_came_through_each_router(vera: Person, contract: Router, redis: Redis) -> None:
    now = datetime.now(UTC)
    send(redis, [settled(contract.tenant_id, attempt(NANO), at=now) for _ in range(3)])
    ingest.drain(Stream(redis))
    page = vera.client.get("/t/acme/routers/?period=7d").content.decode()

    assert '<a href="/t/acme/requests/?period=7d&amp;router=support">3</a>' in page
    assert '<a href="/t/acme/savings/?period=7d&amp;router=support"><span class="money gain"' in page
    assert vera.client.get("/t/acme/routers/?period=fortnight").status_code == 200
