"""The rule editor through its forms, as a person without YAML (and without JavaScript) uses it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from billing import baselines
from console.routers import actions, selectors, text
from console.routers.checks_form import KINDS
from console.routers.models import Router
from console.tenancy import within
from console.tenants.models import Tenant
from gateway.core.baseline import WORDS
from gateway.core.demand import Quality
from gateway.core.policy import Policy
from gateway.core.strategy import Weights
from gateway.core.webhook import told
from tests.billing.events import NANO, attempt, settled
from tests.console.browsing import encoded, form_in
from tests.console.conftest import Person
from tests.console.reports.conftest import Book, book
from tests.console.routers.contract import POLICY

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

__all__ = ["book"]  # a fixture of the books

HERE = "/t/acme/routers/support/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(ben: Person) -> Client:
    return ben.client


def draft(acme: Tenant, slug: str = "support") -> Policy:
    with within(acme):
        return selectors.router_of(acme, slug).policy


def opened(client: Client, path: str) -> QueryDict:
    response = client.get(HERE + path)
    assert response.status_code == 200
    return form_in(response.content, "editing")


def post(client: Client, path: str, data: QueryDict, **headers: str) -> Response:
    return client.post(
        HERE + path, encoded(data), content_type="application/x-www-form-urlencoded", headers=headers
    )


def given(data: QueryDict, **fields: str | Iterable[str]) -> QueryDict:
    for name, value in fields.items():
        data.setlist(name.replace("__", "-"), [value] if isinstance(value, str) else list(value))
    return data


@pytest.mark.parametrize(
    "path",
    ["rules/0/", "rules/1/", "rules/2/", "otherwise/", "basics/", "floors/0/", "tests/0/"],
)
def test_saving_a_form_that_nobody_touched_changes_nothing(
    acme: Tenant, client: Client, contract: Router, path: str
) -> None:
    response = post(client, path, opened(client, path))
    assert response.status_code == 302
    assert draft(acme) == text.read(POLICY)
    with within(acme):
        assert selectors.router_of(acme, "support").version == contract.version


@pytest.mark.parametrize("word", WORDS)
def test_a_baseline_may_be_a_word_in_the_form_and_in_yaml(
    acme: Tenant, client: Client, contract: Router, word: str
) -> None:
    assert post(client, "basics/", given(opened(client, "basics/"), baseline_kind=word)).status_code == 302
    assert draft(acme).baseline == word
    assert text.read(text.write(draft(acme))).baseline == word

    post(client, "basics/", opened(client, "basics/"))
    assert draft(acme).baseline == word

    unnamed = given(opened(client, "basics/"), baseline_kind="model", baseline="")
    assert post(client, "basics/", unnamed).status_code == 422
    assert draft(acme).baseline == word


def test_the_form_says_when_another_baseline_takes_effect(
    acme: Tenant, ben: Person, client: Client, contract: Router, book: Book
) -> None:
    def told() -> str:
        return client.get(HERE + "basics/").content.decode()

    assert "It counts for all requests of this router" in told()
    with within(acme):
        baselines.declare(acme, "support", "requested", policy_version=1, now=timezone.now())
    assert "counts from today once it is published" in told()
    book(settled(acme.pk, attempt(NANO), at=timezone.now()))
    following = (timezone.now().date().replace(day=1) + timedelta(days=32)).replace(day=1)
    assert f"counts from 1 {following:%B %Y} once it is published" in told()


def test_the_contracts_example_can_be_built_by_forms_alone(
    acme: Tenant, ben: Person, client: Client, contract: Router
) -> None:
    with within(acme):
        wanted = contract.policy
        actions.save_draft(contract, Policy(), acting=ben.acting)
    post(client, "basics/", given(opened(client, "basics/"), baseline_kind="model", baseline="openai/gpt-5",
        narrowed="on", whitelist="openai/gpt-5, openai/gpt-5-nano, anthropic/claude-haiku-4-5",
        doubtful="on", confidence_below="50", unsure_tier="mid"))  # fmt: skip
    post(client, "rules/0/", given(opened(client, "rules/0/"), name="escalated", when__tag_name="escalated",
        when__tag_values="true", to="tier", tier="premium"))  # fmt: skip
    post(client, "rules/1/", _routine(client))
    post(client, "rules/2/", given(opened(client, "rules/2/"), name="pinned",
        when__requested_model="openai/gpt-5", to="model", model="openai/gpt-5"))  # fmt: skip
    post(client, "floors/0/", given(opened(client, "floors/0/"), name="reasoning", tier="mid",
        when__classes="reasoning"))  # fmt: skip
    post(client, "tests/0/", given(opened(client, "tests/0/"), name="regulated stays up", text="Tag this",
        tags="data=regulated", expect_tier="premium"))  # fmt: skip
    built = draft(acme)
    assert [rule.name for rule in built.rules] == ["escalated", "routine", "pinned"]
    assert built.rules[1] == wanted.rules[1]
    assert built.rules[2].model == "openai/gpt-5"
    assert (built.baseline, built.whitelist, built.unsure) == (
        wanted.baseline,
        wanted.whitelist,
        wanted.unsure,
    )
    assert built.tests == wanted.tests
    assert built.floors[0].tier == wanted.floors[0].tier


def _routine(client: Client) -> QueryDict:
    """By the form's buttons: two conditions that both hold, and five checks."""
    data = given(opened(client, "rules/1/"), name="routine", to="tier", tier="lightweight", checked="on")
    orders = ["add when-all", "add when-all"]
    orders += [f"check {kind}" for kind in ("not_refusal", "json_valid", "mean_logprob", "regex", "judge")]
    for order in orders:
        response = post(client, "rules/1/", given(data, op=order))
        assert response.status_code == 200
        data = form_in(response.content, "editing")
    return given(
        data,
        when__all__0__classes=["classification", "extraction", "rewriting"],
        when__all__1__tokens_at_most="2000",
        checks__3__pattern="^(positive|negative)$",
        checks__4__model="openai/gpt-5-nano",
        checks__4__score_at_least="70",
        up_to="premium",
    )


EVERY_CHECK = """\
rules:
  - name: all
    tier: lightweight
    cascade:
      max_cost_usd: 0.02
      checks:
        - {not_refusal: true}
        - {not_hedging: true}
        - {json_valid: true}
        - {schema_valid: true}
        - {tool_arguments_valid: true}
        - {regex: "^a"}
        - {length: {at_least: 2, at_most: 900}}
        - {mean_logprob: {at_least: -0.7}}
        - {margin: {at_least: 0.7}}
        - {agreement: {with: anthropic/claude-haiku-4-5}}
        - {self_agreement: {samples: 4, at_least: 0.75}}
        - {judge: {model: openai/gpt-5-nano, at_least: 0.8, rubric: Brief.}}
        - {webhook: {url: "https://acme.test/check", send: [answer, prompt], at_least: 0.6, timeout_ms: 900}}
timeouts: {first_byte_ms: 20000, total_ms: 90000}
retries: {times: 2, backoff_ms: 50, share: 0.1, before_up: true}
hedge: {after_ms: 1500, share: 0.02}
max_output_tokens: 4096
"""


def saved(acme: Tenant, ben: Person, contract: Router, policy: Policy) -> None:
    with within(acme):
        actions.save_draft(contract, policy, acting=ben.acting)


@pytest.mark.parametrize("path", ["rules/0/", "basics/"])
def test_a_form_changes_nothing_of_what_it_shows(
    path: str, acme: Tenant, ben: Person, client: Client, contract: Router
) -> None:
    policy = text.read(EVERY_CHECK)
    assert [check.kind for check in policy.rules[0].cascade.checks] == list(KINDS)  # type: ignore[union-attr]
    saved(acme, ben, contract, policy)
    assert post(client, path, opened(client, path)).status_code == 302
    assert draft(acme) == policy


def test_every_check_can_be_built_by_forms_alone(
    acme: Tenant, ben: Person, client: Client, contract: Router
) -> None:
    saved(acme, ben, contract, Policy())
    data = given(opened(client, "rules/0/"), name="all", to="tier", tier="lightweight", checked="on")
    for kind in KINDS:
        data = form_in(post(client, "rules/0/", given(data, op=f"check {kind}")).content, "editing")
    filled = given(
        data, checks__5__pattern="^a", checks__6__length_at_least="2", checks__6__length_at_most="900",
        checks__7__mean_at_least="-0.7", checks__8__margin_at_least="0.7",
        checks__9__other="anthropic/claude-haiku-4-5", checks__10__samples="4", checks__10__agreeing="75",
        checks__11__model="openai/gpt-5-nano", checks__11__score_at_least="80", checks__11__rubric="Brief.",
        checks__12__url="https://acme.test/check", checks__12__send=["answer", "prompt"],
        checks__12__webhook_score="60", checks__12__timeout_ms="900", max_cost_usd="0.02",
    )  # fmt: skip
    assert post(client, "rules/0/", filled).status_code == 302
    assert draft(acme).rules == text.read(EVERY_CHECK).rules


def test_failing_over_can_be_set_by_the_form_alone(
    acme: Tenant, ben: Person, client: Client, contract: Router
) -> None:
    saved(acme, ben, contract, Policy())
    data = given(
        opened(client, "basics/"), timed="on", first_byte_ms="20000", total_ms="90000",
        retried="on", times="2", backoff_ms="50", retry_share="10", before_up="on",
        hedged="on", after_ms="1500", hedge_share="2", max_output_tokens="4096",
    )  # fmt: skip
    assert post(client, "basics/", data).status_code == 302
    wanted, built = text.read(EVERY_CHECK), draft(acme)
    assert (built.timeouts, built.retries, built.hedge) == (wanted.timeouts, wanted.retries, wanted.hedge)
    assert built.max_output_tokens == 4096
    page = client.get(HERE).content.decode()
    assert "20 s to begin, 90 s in all; retried 2 times; a second is asked after 1.5 s" in " ".join(
        page.split()
    )


def test_only_who_may_edit_sees_by_what_a_validator_knows_us(
    acme: Tenant, ben: Person, client: Client, contract: Router
) -> None:
    saved(acme, ben, contract, text.read(EVERY_CHECK))
    secret = told(settings.SECRET_KEY.encode(), str(acme.pk))
    assert secret in client.get(HERE + "rules/0/").content.decode()
    assert secret not in client.get(HERE).content.decode()


def test_buttons_that_shape_a_form_save_nothing(acme: Tenant, client: Client, contract: Router) -> None:
    data = opened(client, "rules/0/")
    for op in ("check regex", "add when-any", "show when share", "drop checks 0", "nonsense", "tag when"):
        assert post(client, "rules/0/", given(data.copy(), op=op)).status_code == 200
    assert draft(acme) == contract.policy


def test_what_is_wrong_is_said_at_the_field(acme: Tenant, client: Client, contract: Router) -> None:
    response = post(client, "rules/0/", given(opened(client, "rules/0/"), name=""))
    assert response.status_code == 422
    assert "This field is required." in response.content.decode()
    assert draft(acme) == contract.policy


@pytest.mark.parametrize(
    ("op", "names"),
    [
        ("down 0", ["routine", "escalated", "pinned"]),
        ("up 2", ["escalated", "pinned", "routine"]),
        ("up 0", ["escalated", "routine", "pinned"]),
        ("copy 0", ["escalated", "escalated 2", "routine", "pinned"]),
        ("remove 1", ["escalated", "pinned"]),
    ],
)
def test_rules_are_arranged_by_buttons(
    acme: Tenant, client: Client, contract: Router, op: str, names: list[str]
) -> None:
    response = client.post(f"{HERE}arrange/", {"version": contract.version, "op": op, "order": "0,1,2"})
    assert response.status_code == 302
    assert [rule.name for rule in draft(acme).rules] == names


def test_rules_are_arranged_by_dragging(acme: Tenant, client: Client, contract: Router) -> None:
    client.post(f"{HERE}arrange/", {"version": contract.version, "order": "2,0,1"})
    assert [rule.name for rule in draft(acme).rules] == ["pinned", "escalated", "routine"]


@pytest.mark.parametrize("order", ["", "0,1", "0,1,1", "0,1,2,3", "a,b", "9" * 50])
def test_an_order_of_other_rules_is_refused(
    acme: Tenant, client: Client, contract: Router, order: str
) -> None:
    assert client.post(f"{HERE}arrange/", {"version": contract.version, "order": order}).status_code == 409
    assert draft(acme) == contract.policy


def test_floors_and_tests_are_removed(acme: Tenant, client: Client, contract: Router) -> None:
    client.post(f"{HERE}arrange/", {"version": contract.version, "op": "remove-floor 0"})
    client.post(f"{HERE}arrange/", {"version": contract.version + 1, "op": "remove-test 0"})
    assert draft(acme).floors == ()
    assert draft(acme).tests == ()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_second_of_two_tabs_gets_409(
    acme: Tenant, client: Client, contract: Router, headers: dict[str, str]
) -> None:
    first, second = opened(client, "rules/0/"), opened(client, "rules/0/")
    post(client, "rules/0/", given(first, name="mine"))
    response = post(client, "rules/0/", given(second, name="yours"), **headers)
    assert response.status_code == 409
    assert draft(acme).rules[0].name == "mine"
    if headers:
        assert "Somebody saved this router" in response["HX-Trigger"]
    else:
        assert "Somebody was first" in response.content.decode()


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40])
def test_a_save_without_its_version_is_refused(
    acme: Tenant, client: Client, contract: Router, version: str
) -> None:
    response = post(client, "rules/0/", given(opened(client, "rules/0/"), name="x", version=version))
    assert response.status_code == 409
    assert draft(acme) == contract.policy


def test_yaml_is_saved_and_shown_as_rules(acme: Tenant, client: Client, contract: Router) -> None:
    yaml = "rules:\n- {name: only, tier: small}\notherwise: {model: openai/gpt-5}\n"
    response = client.post(f"{HERE}yaml/", {"version": contract.version, "yaml": yaml}, follow=True)
    assert draft(acme) == text.read(yaml)
    assert ">only</a>" in response.content.decode()


def test_yaml_that_is_no_policy_comes_back_with_its_line(
    acme: Tenant, client: Client, contract: Router
) -> None:
    yaml = "rules:\n- {name: only, teir: small}\n"
    response = client.post(f"{HERE}yaml/", {"version": contract.version, "yaml": yaml})
    page = response.content.decode()
    assert response.status_code == 422
    assert "teir: small" in page
    assert 'data-editor-line="2"' in page
    assert "$.rules[0].teir" in page
    assert draft(acme) == contract.policy


def test_text_is_checked_as_one_types(vera: Person, contract: Router) -> None:
    page = vera.client.post(f"{HERE}check/", {"yaml": "rules: [{name: a}]"}, headers=HTMX).content.decode()
    assert "<html" not in page
    assert "Names neither a tier nor a model" in page
    good = vera.client.post(f"{HERE}check/", {"yaml": POLICY}, headers=HTMX).content.decode()
    assert "Test <b>regulated stays up</b> fails: tier is" in good
    assert "1 failing test" in good


def test_a_form_is_checked_as_one_fills_it_in(acme: Tenant, client: Client, contract: Router) -> None:
    data = given(opened(client, "rules/0/"), name="renamed", to="model", model="no/such")
    page = post(client, "rules/0/?preview", data, **HTMX).content.decode()
    assert "name: renamed" in page
    assert "Unknown model no/such" in page
    assert 'hx-swap-oob="outerHTML"' in page
    assert draft(acme) == contract.policy
    assert post(client, "rules/0/?preview", given(data, name=""), **HTMX).status_code == 204


def test_htmx_gets_the_workbench_alone(client: Client, contract: Router) -> None:
    for path in ("", "floors/", "rules/0/", "otherwise/"):
        page = client.get(HERE + path, headers=HTMX).content.decode()
        assert "<html" not in page
        assert 'id="editor"' in page


def test_a_place_after_the_last_is_for_a_new_one_and_beyond_is_nothing(
    client: Client, contract: Router
) -> None:
    assert client.get(f"{HERE}rules/3/").status_code == 200
    assert client.get(f"{HERE}rules/4/").status_code == 404
    assert client.get(f"{HERE}floors/2/").status_code == 404
    assert client.get(f"{HERE}tests/2/").status_code == 404


def test_names_are_shown_inert(acme: Tenant, client: Client, contract: Router) -> None:
    name = '<script>alert(1)</script>{{7*7}}"><img onerror=x>'
    post(client, "rules/0/", given(opened(client, "rules/0/"), name=name))
    assert draft(acme).rules[0].name == name
    page = client.get(HERE).content.decode()
    assert "<script>alert" not in page
    assert "<img onerror" not in page
    assert "{{7*7}}" in page


@pytest.mark.parametrize(("name", "status"), [("x" * 101, 422), (" ", 422), ("a\0b", 422), ("🧑‍🚀 ok", 302)])
def test_the_lengths_and_characters_of_a_name(
    client: Client, contract: Router, name: str, status: int
) -> None:
    assert post(client, "rules/0/", given(opened(client, "rules/0/"), name=name)).status_code == status


@pytest.mark.parametrize(("written", "kept"), [("0.95 of baseline", "0.95 of baseline"), ("0.9", 0.9)])
def test_a_rule_may_ask_for_quality(
    written: str, kept: float | str, acme: Tenant, client: Client, contract: Router
) -> None:
    post(client, "rules/0/", given(opened(client, "rules/0/"), to="quality", at_least=written))
    rule = draft(acme).rules[0]
    assert (rule.tier, rule.model, rule.quality) == (None, None, Quality(at_least=kept))
    again = opened(client, "rules/0/")
    assert (again["to"], again["at_least"]) == ("quality", written)
    assert f"cheapest model with a quality of <b>{written}</b>" in client.get(HERE).content.decode()


def test_a_quality_that_is_none_is_said_at_its_field(acme: Tenant, client: Client, contract: Router) -> None:
    page = post(client, "rules/0/", given(opened(client, "rules/0/"), to="quality", at_least="high"))
    assert "A quality is written 0.9 or 0.95 of baseline" in page.content.decode()
    assert draft(acme) == contract.policy


def test_who_of_a_tier_comes_first_is_set_by_forms_and_written_as_yaml(
    acme: Tenant, client: Client, contract: Router
) -> None:
    post(client, "basics/", given(opened(client, "basics/"), strategy="latency"))
    assert draft(acme).strategy == "latency"
    drawn = given(
        opened(client, "otherwise/"), strategy="weights", weights="openai/gpt-5 = 3, openai/gpt-5-nano=1"
    )
    assert post(client, "otherwise/", drawn).status_code == 302
    policy = draft(acme)
    assert policy.otherwise.strategy == Weights(weights={"openai/gpt-5": 3, "openai/gpt-5-nano": 1})
    assert text.read(text.write(policy)) == policy
    assert "strategy: latency\n" in text.write(policy)
    for path in ("basics/", "otherwise/"):
        post(client, path, opened(client, path))
    assert draft(acme) == policy
    page = client.get(HERE).content.decode()
    assert "the fastest first" in page
    assert "drawn by weights, openai/gpt-5 3, openai/gpt-5-nano 1" in page
    post(client, "basics/", given(opened(client, "basics/"), strategy="cost"))
    assert draft(acme).strategy is None


@pytest.mark.parametrize(
    "weights", ["", "openai/gpt-5", "openai/gpt-5 = much", "= 3", "openai/gpt-5 = 9999999"]
)
def test_weights_that_are_none_are_not_saved(
    acme: Tenant, client: Client, contract: Router, weights: str
) -> None:
    before = draft(acme)
    answer = post(
        client, "otherwise/", given(opened(client, "otherwise/"), strategy="weights", weights=weights)
    )
    assert answer.status_code == 422
    assert draft(acme) == before


def test_how_much_models_think_is_set_by_the_form_of_a_rule(
    acme: Tenant, client: Client, contract: Router
) -> None:
    post(client, "rules/1/", given(opened(client, "rules/1/"), effort="low"))
    policy = draft(acme)
    assert policy.rules[1].effort == "low"
    assert text.read(text.write(policy)) == policy
    post(client, "rules/1/", opened(client, "rules/1/"))
    assert draft(acme) == policy
    assert ", thinking low" in client.get(HERE).content.decode()
    post(client, "rules/1/", given(opened(client, "rules/1/"), effort=""))
    assert draft(acme).rules[1].effort is None
