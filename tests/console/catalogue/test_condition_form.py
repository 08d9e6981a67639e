"""Conditions through the form: what nobody touched comes out as it went in, and every part can be written."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from console.catalogue.condition_editor import ConditionEditor, reshape
from gateway.core.conditions import ALWAYS, Condition, Range
from gateway.core.facts import Need, RequestClass, Surface
from tests.console.browsing import form_in
from tests.core.strategies import conditions

C = RequestClass


def page(editor: ConditionEditor) -> str:
    return render_to_string("catalogue/condition.html", {"when": editor})


def sent(condition: Condition) -> QueryDict:
    """What a browser sends for a condition that was opened in the form."""
    return form_in(page(ConditionEditor.of(condition)))


def read(data: QueryDict) -> Condition:
    editor = ConditionEditor.read(data)
    assert editor.is_valid(), editor.form.errors
    return editor.condition


@settings(deadline=None, max_examples=60)
@given(conditions)
def test_what_nobody_touched_comes_out_as_it_went_in(condition: Condition) -> None:
    assert read(sent(condition)) == condition


@pytest.mark.parametrize(
    "condition",
    [
        Condition(request_class=(C.CODING,)),  # a list of one stays a list of one
        Condition(request_class=()),
        Condition(tag={"team": "a, b"}),
        Condition(tag={"team": ("a", "b"), "env": "prod"}),
        Condition(tag={}),
        Condition(input_tokens=Range(below=10)),  # a bound that the form does not show
        Condition(difficulty=Range()),
        Condition(any_=()),
        Condition(all_=(Condition(any_=(Condition(request_class=C.CODING), ALWAYS)),)),  # too deep to show
        Condition(not_=Condition(not_=Condition(share=0.1))),
        Condition(budget_left=Range(below=0.2), confidence=Range(at_least=0.3)),
        Condition(surface=(Surface.ANTHROPIC,), key=("a", "b"), semantic="refund", share=0.333),
        Condition(has=(Need.TOOLS, Need.IMAGES), requested_model=("x/*", "y/z")),
    ],
)
def test_odd_conditions_are_kept(condition: Condition) -> None:
    assert read(sent(condition)) == condition


def test_every_part_can_be_written() -> None:
    data = sent(ALWAYS)
    data.setlist("when-classes", ["coding", "reasoning"])
    data.setlist("when-has", ["tools"])
    data.setlist("when-surface", ["anthropic"])
    data.setlist("when-tag_name", ["team", "", "env"])
    data.setlist("when-tag_values", ["search, ads", "lost", "prod"])
    for name, value in {
        "difficulty_at_least": "0.2",
        "difficulty_below": "0.9",
        "tokens_at_most": "2000",
        "confidence_below": "0.5",
        "requested_model": "a/*, b/c",
        "key": "main",
        "semantic": "refund",
        "share": "12.5",
        "budget_left_below": "20",
    }.items():
        data[f"when-{name}"] = value
    assert read(data) == Condition(
        request_class=(C.CODING, C.REASONING),
        has=Need.TOOLS,
        surface=Surface.ANTHROPIC,
        tag={"team": ("search", "ads"), "env": "prod"},
        difficulty=Range(at_least=0.2, below=0.9),
        input_tokens=Range(at_most=2000),
        confidence=Range(below=0.5),
        requested_model=("a/*", "b/c"),
        key="main",
        semantic="refund",
        share=0.125,
        budget_left=Range(below=0.2),
    )


def test_groups_are_built_by_buttons() -> None:
    data = sent(ALWAYS)
    for order in ("add when-any", "add when-any", "add when-not"):
        data = form_in(page(ConditionEditor.read(reshape(data, order), judged=False)))
    data.setlist("when-any-0-classes", ["coding"])
    data["when-any-1-tokens_at_most"] = "100"
    data["when-not-0-tag_name"], data["when-not-0-tag_values"] = "env", "prod"
    assert read(data) == Condition(
        any_=(Condition(request_class=C.CODING), Condition(input_tokens=Range(at_most=100))),
        not_=Condition(tag={"env": "prod"}),
    )
    dropped = form_in(page(ConditionEditor.read(reshape(data, "drop when-any 0"), judged=False)))
    assert read(dropped).any_ == (Condition(input_tokens=Range(at_most=100)),)


def test_a_row_is_shown_and_taken_away_with_what_it_says() -> None:
    data = sent(Condition(share=0.5))
    assert 'name="when-share"' in page(ConditionEditor.read(data))
    assert 'name="when-key"' not in page(ConditionEditor.read(data))
    assert 'name="when-key"' in page(ConditionEditor.read(reshape(data, "show when key"), judged=False))
    without = form_in(page(ConditionEditor.read(reshape(data, "hide when share"), judged=False)))
    assert read(without) == ALWAYS


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("when-difficulty_at_least", "2"),
        ("when-tokens_at_most", "-1"),
        ("when-tokens_at_most", "many"),
        ("when-share", "101"),
        ("when-classes", "nonsense"),
        ("when-was", "{"),
        ("when-was", '{"unknown": 1}'),
    ],
)
def test_what_is_no_condition_is_said_at_its_field(field: str, value: str) -> None:
    data = sent(ALWAYS)
    data[field] = value
    editor = ConditionEditor.read(data)
    assert not editor.is_valid()
    assert field.removeprefix("when-") in editor.form.errors
    assert 'class="field-errors"' in page(editor)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=60))
def test_no_order_breaks_a_form(order: str) -> None:
    assert isinstance(reshape(sent(Condition(share=0.5)), order), QueryDict)


def test_what_lies_too_deep_is_said() -> None:
    deep = Condition(all_=(Condition(any_=(Condition(request_class=C.CODING), Condition(share=0.1))),))
    assert "nested deeper than this form shows" in page(ConditionEditor.of(deep))
