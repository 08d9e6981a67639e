"""`explain`: a decision that nobody is called for."""

import pytest

from console.tenants.models import Tenant
from tests.console.api.conftest import Program

ROUTINE = {"text": "Classify the sentiment of this review as positive or negative: I love it."}


def test_it_says_where_a_request_would_go_and_why(support: Tenant, viewer: Program) -> None:
    answer = viewer.post("routers/support/explain", ROUTINE)
    assert answer.status == 200
    assert answer.body["policy_version"] == 1
    assert (answer.body["class"], answer.body["rule"], answer.body["tier"]) == (
        "classification",
        "routine",
        "lightweight",
    )
    assert answer.body["evidence"]
    assert answer.body["baseline"]["model"] == "openai/gpt-5"
    taken = [candidate for candidate in answer.body["candidates"] if candidate["taken"]]
    assert taken[0]["model"] == answer.body["model"] == "openai/gpt-5-nano"
    left = {candidate["model"]: candidate["because"] for candidate in answer.body["candidates"]}
    assert left["openai/gpt-5-mini"] == "not on the router's whitelist"


def test_tags_needs_and_the_whole_conversation_count(support: Tenant, viewer: Program) -> None:
    def asked(**more: object) -> dict[str, object]:
        answer = viewer.post("routers/support/explain", ROUTINE | more)
        assert answer.status == 200
        return dict(answer.body)

    assert asked(tags={"escalated": "true"})["tier"] == "premium"
    assert asked(input_tokens=5_000)["rule"] == "otherwise"
    assert asked(model="openai/gpt-5", input_tokens=5_000)["rule"] == "pinned"
    talk = [
        {"role": "system", "content": "You tag reviews."},
        {"role": "user", "content": [{"type": "text", "text": ROUTINE["text"]}]},
        {"role": "assistant", "content": "positive"},
        {"role": "user", "content": "and now: Classify the sentiment of this one: I hate it."},
    ]
    answer = viewer.post("routers/support/explain", {"messages": talk}).body
    assert answer["class"] == "classification"
    assert answer["input_tokens"] > asked()["input_tokens"]


def test_the_draft_is_asked_where_it_is_wanted_or_all_there_is(
    support: Tenant, editor: Program, viewer: Program
) -> None:
    editor.put("routers/support/policy", {"otherwise": {"tier": "premium"}})
    assert viewer.post("routers/support/explain", ROUTINE).body["tier"] == "lightweight"
    draft = viewer.post("routers/support/explain", ROUTINE | {"draft": True}).body
    assert (draft["tier"], draft["policy_version"]) == ("premium", None)
    editor.post("routers", {"id": "fresh", "policy": {"otherwise": {"tier": "premium"}}})
    fresh = viewer.post("routers/fresh/explain", ROUTINE).body
    assert (fresh["tier"], fresh["policy_version"]) == ("premium", None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": 1}, "text"),
        ({"has": ["wings"]}, "has"),
        ({"prompt": "x"}, "prompt"),
        ({"messages": [{"content": "x"}]}, "messages"),
    ],
)
def test_what_is_no_question(support: Tenant, viewer: Program, body: object, field: str) -> None:
    answer = viewer.post("routers/support/explain", body)
    assert (answer.status, list(answer.body)) == (400, [field])


def test_nothing_left_is_an_answer_too(support: Tenant, viewer: Program) -> None:
    answer = viewer.post("routers/support/explain", {"text": "Hello", "input_tokens": 10_000_000}).body
    assert (answer["model"], answer["tier"], answer["refusal"]) == (None, None, "context_length_exceeded")
