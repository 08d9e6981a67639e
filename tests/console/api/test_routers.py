"""Routers, their policies and versions over REST."""

import pytest

from console.tenancy import within
from console.tenants.models import Tenant
from tests.console.api.conftest import Program

MID = {"otherwise": {"tier": "mid"}}
PREMIUM = {"otherwise": {"tier": "premium"}}


def test_from_nothing_to_a_served_router(support: Tenant, editor: Program) -> None:
    made = editor.post("routers", {"id": "search", "policy": PREMIUM})
    assert made.status == 201
    assert made.body["published_version"] is None
    assert made.body["base_url"].endswith("/router/search")

    assert editor.post("routers/search/publish").body["version"] == 1
    draft = editor.put("routers/search/policy", PREMIUM | {"baseline": "openai/gpt-5"})
    assert (draft.status, draft.body["version"], draft.headers["ETag"]) == (200, 2, '"2"')
    assert draft.body["draft"] == {"baseline": "openai/gpt-5", "otherwise": {"tier": "premium"}}
    assert draft.body["published"] == PREMIUM
    assert draft.body["has_changes"]
    assert draft.body["publishable"]
    assert editor.post("routers/search/publish", {"version": 2, "note": "dearer"}).body["note"] == "dearer"

    versions = editor.get("routers/search/versions").body["results"]
    assert [(version["version"], version["current"]) for version in versions] == [(2, True), (1, False)]
    assert editor.post("routers/search/versions/1/restore").body["version"] == 3
    assert editor.get("routers/search/versions/3").body["policy"] == PREMIUM
    assert editor.get("routers/search").body["baseline"] == "requested"

    assert editor.patch("routers/search", {"enabled": False}).body["enabled"] is False
    assert editor.delete("routers/search").status == 204
    assert editor.get("routers/search").status == 404


def test_a_list_goes_on_by_cursor(support: Tenant, editor: Program) -> None:
    for n in range(7):
        editor.post("routers", {"id": f"r{n}"})
    assert [row["id"] for row in editor.every("routers")] == [*(f"r{n}" for n in range(7)), "support"]
    for _ in range(4):
        editor.put("routers/r1/policy", MID)
        editor.post("routers/r1/publish")
        editor.put("routers/r1/policy", PREMIUM)
        editor.post("routers/r1/publish")
    assert [row["version"] for row in editor.every("routers/r1/versions")] == [8, 7, 6, 5, 4, 3, 2, 1]


def test_who_read_an_older_draft_is_told(support: Tenant, editor: Program) -> None:
    read = editor.get("routers/support/policy")
    assert editor.put("routers/support/policy", {"policy": MID, "version": 1}).status == 200
    lost = editor.put("routers/support/policy", {"policy": PREMIUM, "version": 1})
    assert (lost.status, lost.body["code"]) == (409, "outdated")
    assert editor.put("routers/support/policy", PREMIUM, if_match=read.headers["ETag"]).status == 412
    assert editor.post("routers/support/publish", {"version": 1}).status == 409
    assert editor.put("routers/support/policy", PREMIUM, if_match='"x"').status == 400
    assert editor.get("routers/support/policy").body["draft"] == MID
    assert editor.put("routers/support/policy", {"draft": PREMIUM, "version": 2}).status == 200


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"rules": [{"name": "a"}, {"name": "b", "whn": {}}]}, "$.rules[1].whn: Unknown or read-only field."),
        ({"rules": [{"name": "a", "when": {"clas": "coding"}}]}, "$.rules[0].when.clas: Unknown"),
        ({"rules": [{"tier": "mid"}]}, "$.rules[0].name: This field is required."),
        ({"otherwise": {"tier": "huge"}}, "$.otherwise.tier: Invalid enum value 'huge'"),
        ({"tenant": "evil"}, "$.tenant: Unknown or read-only field."),
    ],
)
def test_what_is_no_policy_is_named_with_its_place(
    support: Tenant, editor: Program, policy: object, said: str
) -> None:
    for body in (policy, {"policy": policy, "version": 1}):
        answer = editor.put("routers/support/policy", body)
        assert answer.status == 400
        assert answer.body["policy"][0].startswith(said)
    assert editor.get("routers/support").body["version"] == 1


def test_what_cannot_be_published_is_kept_and_told(support: Tenant, editor: Program) -> None:
    wrong = {
        "rules": [{"name": "r", "model": "openai/gpt-0"}],
        "tests": [{"name": "t", "request": {"text": "Tag this"}, "expect": {"tier": "local"}}],
    }
    draft = editor.put("routers/support/policy", wrong)
    assert (draft.status, draft.body["publishable"]) == (200, False)
    assert {finding["place"] for finding in draft.body["findings"]} >= {"$.rules[0].model"}
    assert [test["passed"] for test in draft.body["tests"]] == [False]
    blocked = editor.post("routers/support/publish")
    assert (blocked.status, blocked.body["code"]) == (400, "not_publishable")
    assert blocked.body["findings"] == draft.body["findings"]
    assert editor.get("routers/support").body["published_version"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id": "Sup port"}, "id"),
        ({"id": "support"}, "id"),
        ({}, "id"),
        ({"id": "x", "tenant": "evil"}, "tenant"),
        ({"id": "x", "version": 9}, "version"),
        ({"id": "x", "policy": {"rules": 1}}, "policy"),
        ([], "body"),
    ],
)
def test_what_is_no_router(support: Tenant, editor: Program, body: object, field: str) -> None:
    answer = editor.post("routers", body)
    assert (answer.status, list(answer.body)) == (400, [field])
    assert len(editor.get("routers").body["results"]) == 1


@pytest.mark.parametrize("field", ["tenant", "id", "version", "created_at", "draft", "current"])
def test_nothing_but_the_switch_is_taken(support: Tenant, editor: Program, field: str) -> None:
    answer = editor.patch("routers/support", {"enabled": False, field: 1})
    assert answer.body == {field: ["Unknown or read-only field."]}
    assert editor.get("routers/support").body["enabled"]


def test_the_trail_names_the_token(support: Tenant, editor: Program) -> None:
    editor.put("routers/support/policy", MID)
    with within(support):
        entry = support.audit_entries.order_by("-id")[0]
    assert (entry.verb, entry.actor_kind) == ("router.edited", "token")
    assert entry.actor.startswith("editor")
