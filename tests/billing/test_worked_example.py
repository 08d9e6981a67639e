"""The article's example out of our own ledger: 100 M tokens, 60 % moved from $45 to $1.25 a million."""

from zoneinfo import ZoneInfo

from billing.periods import read_period
from billing.query import SpendQuery
from billing.spend import spend
from console.tenancy import every_tenant
from console.tenants.models import Tenant
from gateway.core.facts import Tier
from gateway.core.money import usd
from gateway.core.price import Usage
from tests.billing.conftest import Book
from tests.billing.events import NOON, attempt, model, settled

FRONTIER = model("openai/frontier", Tier.PREMIUM, "45")
LIGHT = model("openai/light", Tier.LIGHTWEIGHT, "1.25")


def test_4500_dollars_become_1875_which_is_58_percent_less(acme: Tenant, book: Book) -> None:
    a_thousandth = Usage(input=80_000, output=20_000)
    book(
        *(
            settled(
                acme.pk,
                attempt(LIGHT if n % 10 < 6 else FRONTIER, usage=a_thousandth),
                baseline=FRONTIER.id,
                models={FRONTIER.id: FRONTIER, LIGHT.id: LIGHT},
            )
            for n in range(1000)
        )
    )

    march = read_period({"from": "2026-03-01", "to": "2026-03-31"}, zone=ZoneInfo("Europe/Berlin"), now=NOON)
    with every_tenant():
        answer = spend(acme, SpendQuery(period=march, by=("tier",)))

    total = answer.total
    assert total.tokens == 100_000_000
    assert (usd(total.known_baseline), usd(total.known_cost)) == ("4500", "1875")
    assert total.saved is not None
    assert usd(total.saved) == "2625"
    assert total.saved_share is not None
    assert f"{total.saved_share:.0%}" == "58%"
    by_tier = {row.key: (usd(row.measures.known_cost), row.measures.tokens) for row in answer.rows}
    assert by_tier == {("premium",): ("1800", 40_000_000), ("lightweight",): ("75", 60_000_000)}
