from console.routers.models import Router
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
