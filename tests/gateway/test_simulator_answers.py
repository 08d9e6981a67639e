"""What the simulated models say."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulator.answer import answer, difficulty
from gateway.simulator.asked import Answer, Asked, Tool, Turn
from gateway.simulator.behaviour import WELL, Behaviour, behaviour_of
from gateway.simulator.dice import Dice
from gateway.simulator.minds import mind_of
from gateway.simulator.prompt_cache import PromptCache, prompt_tokens
from gateway.simulator.schema import conforming
from gateway.simulator.task import task_of
from gateway.simulator.tokens import count, pieces, within

STRONG, LIGHT = "gpt-5", "gpt-5-nano"
HARD = "Prove step by step that this algorithm is optimal, and compare its trade-offs with the other architecture."


def asked(prompt: str, model: str = STRONG, *, system: str = "", **more: Any) -> Asked:
    rules = (Turn("system", system),) if system else ()
    return Asked(model=model, turns=(*rules, Turn("user", prompt)), **more)


def said(prompt: str, model: str = STRONG, **more: Any) -> str:
    return answer(asked(prompt, model, **more), WELL).text


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Classify the sentiment as positive, negative or neutral: I love it, works great", "positive"),
        ("What is the sentiment of this review? I want a refund, it is broken", "negative"),
        ("Label this ticket (billing|technical|shipping): My parcel never arrived", "shipping"),
        ("Answer with one of: Billing, Technical, Other.\nI was charged twice on my invoice", "Billing"),
        ("Is this spam? Answer yes or no: Click here", ""),
        ("Reply with exactly: OK", "OK"),
        ("What is 17 * 23?", "391"),
        ("what is (2 + 3) × 4", "20"),
        ("What is the capital of France?", "Paris."),
        ("Extract the email: write to ada@acme.test please", "ada@acme.test"),
        ("Extract all order numbers: AB-1234 came, AB-5678 did not", "AB-1234, AB-5678"),
        (
            "Summarize in one sentence: We met on Monday and agreed. Bob writes it up.",
            "We met on Monday and agreed.",
        ),
        ("Extract name and email: Grace Hopper, grace@navy.mil", "grace@navy.mil, Grace Hopper"),
        (
            "Rewrite this more politely: send it asap",
            "Thank you for getting in touch. Send it as soon as possible.",
        ),
        ("Correct the spelling: hotl neer colloseum rom", "Hotel near Colosseum Rome"),
        (
            "Extract destination and dates from this query as JSON: crete in may",
            '{\n  "destination": "crete"',
        ),
        ("Translate to German: thank you", "Vielen Dank"),
        ("Write a one-line commit message for this diff.", ""),
        ("Write a three-day itinerary for Lisbon.", "Day 1"),
        ("Draft a reply to a customer about a late delivery", "Hello,"),
        ("Write a Python function that merges overlapping date ranges", "```python\ndef merge_overlapping"),
        ("Write SQL for the signups of a month", "```sql\nSELECT"),
        ("Summarize this pull request in three sentences.", "The change"),
        ("Compare step by step the two offers", "1. "),
        ("Score the answer between 0 and 1: I'm sorry, I can't help.", "0.1"),
        ("Score the answer between 0 and 1: Paris is the capital.", "0."),
    ],
)
def test_answers_in_kind(prompt: str, expected: str) -> None:
    assert said(prompt).startswith(expected)


def test_instructions_may_stand_in_the_system_prompt() -> None:
    system = "You label support tickets. Answer with one of: billing, technical, shipping."
    assert said("The app crashes with an error on login", system=system) == "technical"


def test_the_same_words_get_the_same_answer() -> None:
    assert said(HARD) == said(HARD)
    assert (
        answer(asked("Why is the sky blue?"), WELL, 1).text
        != answer(asked("Why is the sky blue?"), WELL, 0).text
    )


def test_strong_models_say_more() -> None:
    prompt = "Explain how suspension bridges carry load across a river"
    assert (
        count(said(prompt, "gpt-5")) > count(said(prompt, "claude-sonnet-4-6")) > count(said(prompt, LIGHT))
    )


def test_light_models_are_less_sure_of_hard_prompts() -> None:
    easy = "Classify the sentiment as positive or negative: great"
    assert hardness(HARD) > 0.6 > hardness(easy)
    assert answer(asked(easy, LIGHT), WELL).mean_logprob > -0.3
    assert answer(asked(HARD, STRONG), WELL).mean_logprob > -0.5
    assert answer(asked(HARD, LIGHT), WELL).mean_logprob < -0.5


def hardness(prompt: str) -> float:
    return difficulty(task_of(asked(prompt), 3, Dice()))


JUDGING = (
    "You grade an answer. Between the marks stand a request and the answer to it. "
    "Reply with one number between 0 and 1 and nothing else."
)


@pytest.mark.parametrize(("reply", "low", "high"), [("I'm sorry, I can't.", 0, 0.3), ("Paris.", 0.7, 1)])
@pytest.mark.parametrize("model", ["gpt-5", "gpt-5-nano", "llama-3.3-8b"])
def test_any_model_can_judge(reply: str, low: float, high: float, model: str) -> None:
    """Even of a hard request, and whatever it says itself about sorry."""
    shown = f"<<<request>>>\n[user] {HARD} I'm sorry to ask.\n<<<answer>>>\n{reply}\n<<<end>>>\nScore:"
    assert low <= float(said(shown, model, system=JUDGING, most_tokens=16)) <= high


def test_light_models_refuse_some_hard_prompts_and_strong_ones_none() -> None:
    prompts = [f"{HARD} Case {number}." for number in range(60)]
    refused = [prompt for prompt in prompts if said(prompt, LIGHT).startswith("I'm sorry")]
    assert 10 < len(refused) < 40
    assert not any(said(prompt, STRONG).startswith("I'm sorry") for prompt in prompts)


def test_behaviours_of_the_answer() -> None:
    assert answer(asked("Hi"), Behaviour("refuse")).text.startswith("I'm sorry, I can't")
    assert answer(asked("Hi"), Behaviour("low-logprob")).mean_logprob < -2
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer(asked("Give me JSON", json=True), Behaviour("bad-json")).text)


def test_limits_and_stops() -> None:
    whole = answer(asked("Explain how bridges carry load"), WELL)
    short = answer(asked("Explain how bridges carry load", most_tokens=5), WELL)
    assert (short.ending, short.tokens - short.reasoning) == ("length", 5)
    assert whole.text.startswith(short.text)
    word = whole.text.split()[4]
    stopped = answer(asked("Explain how bridges carry load", stops=("never said", word)), WELL)
    assert (stopped.ending, stopped.stopped_by) == ("stop_sequence", word)
    assert stopped.text == whole.text[: whole.text.index(word)]


WEATHER = Tool(
    "get_weather",
    "Look up the weather.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["city"],
    },
)
STOCK = Tool("stockPrice", "", {"type": "object", "properties": {"ticker": {"type": "string"}}})


def called(prompt: str, **more: Any) -> list[str]:
    return [call.name for call in answer(asked(prompt, tools=(WEATHER, STOCK), **more), WELL).calls]


def test_tools_are_called_when_the_prompt_asks_for_them() -> None:
    one = answer(asked("What is the weather in Paris in celsius?", tools=(WEATHER, STOCK)), WELL)
    assert [(call.name, call.arguments) for call in one.calls] == [
        ("get_weather", {"city": "Paris", "unit": "celsius"})
    ]
    assert json.loads(one.calls[0].text) == one.calls[0].arguments
    assert called("Weather in Oslo and the stock price of ACME?") == ["get_weather", "stockPrice"]
    assert called("Weather in Oslo and the stock price of ACME?", parallel=False) == ["get_weather"]
    assert called("Tell me a joke") == []
    assert called("Tell me a joke", choice="any") == ["get_weather"]
    assert called("Tell me a joke", choice="stockPrice") == ["stockPrice"]
    assert called("What is the weather?", choice="none") == []


def test_a_tool_result_is_answered_in_words() -> None:
    turns = (
        Turn("user", "What is the weather?"),
        Turn("assistant", "get_weather()"),
        Turn("tool", "sunny, 21 °C"),
    )
    one = answer(Asked(model=STRONG, turns=turns, tools=(WEATHER,)), WELL)
    assert (one.calls, "sunny, 21 °C" in one.text) == ((), True)


INVOICE = {
    "type": "object",
    "properties": {
        "email": {"type": "string", "format": "email"},
        "invoice_number": {"type": "string"},
        "total": {"type": "number", "minimum": 0},
        "count": {"type": "integer", "minimum": 3, "maximum": 9, "multipleOf": 3},
        "paid": {"type": "boolean"},
        "currency": {"enum": ["USD", "EUR"]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "minItems": 1, "maxItems": 3},
        "note": {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 40, "maxLength": 60}]},
        "due": {"type": ["string", "null"], "format": "date"},
        "kind": {"const": "invoice"},
        "party": {
            "allOf": [
                {"$ref": "#/$defs/line"},
                {"properties": {"vat": {"type": "string"}}, "required": ["vat"]},
            ]
        },
    },
    "required": ["email", "total", "lines", "kind"],
    "additionalProperties": False,
    "$defs": {
        "line": {
            "type": "object",
            "properties": {
                "text": {"type": "string"},
                "below": {"type": "array", "items": {"$ref": "#/$defs/line"}},
            },
            "required": ["text"],
        }
    },
}


def test_json_conforms_to_the_schema_and_uses_the_prompt() -> None:
    prompt = "Invoice INV-2041 over $1,200.50, 4 items in EUR, send to ada@acme.test"
    value = json.loads(said(prompt, schema=INVOICE, json=True))
    jsonschema.validate(value, INVOICE)
    assert (value["invoice_number"], value["currency"]) == ("INV-2041", "EUR")


leaves = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "minLength": 3, "maxLength": 5},
        {"type": "integer", "minimum": -5, "maximum": 5},
        {"type": "integer", "exclusiveMinimum": 10},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "number", "minimum": 200},
        {"type": "boolean"},
        {"type": "null"},
        {"enum": [1, "two", None]},
        {"const": {"a": 1}},
        {},
    ]
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["a", "city", "email"]), inner, max_size=3).map(
            lambda properties: {"type": "object", "properties": properties, "required": list(properties)}
        ),
        inner.map(lambda items: {"type": "array", "items": items, "minItems": 1}),
        st.lists(inner, min_size=1, max_size=2).map(lambda options: {"anyOf": options}),
    ),
    max_leaves=8,
)


@given(schemas, st.text(max_size=40))
def test_any_schema_gets_a_conforming_value(schema: dict[str, object], prompt: str) -> None:
    jsonschema.validate(conforming(schema, prompt, Dice(prompt)), schema)


@given(st.text(max_size=300), st.sampled_from([STRONG, LIGHT, "claude-haiku-4-5", "anything"]))
def test_any_prompt_gets_an_answer(prompt: str, model: str) -> None:
    one: Answer = answer(asked(prompt, model), WELL)
    assert one.text.strip()
    assert one.tokens == sum(piece.tokens for piece in one.pieces) + one.reasoning


@given(st.text(max_size=200))
def test_pieces_are_the_text_and_its_tokens(text: str) -> None:
    cut = pieces(text)
    assert "".join(piece.text for piece in cut) == text
    assert sum(piece.tokens for piece in cut) == count(text)
    assert sum(piece.tokens for piece in within(3, cut)) <= 3


def test_minds_are_told_from_names() -> None:
    order = ["llama-3.3-8b", "gpt-5-nano", "claude-haiku-4-5", "gpt-5-mini", "gpt-5"]
    assert [mind_of(name).strength for name in order] == sorted(mind_of(name).strength for name in order)
    assert mind_of("openai/gpt-5-nano-2026").strength == mind_of("gpt-5-nano").strength
    assert mind_of("claude-opus-4-8").strength == mind_of("gpt-5").strength


@pytest.mark.parametrize(
    ("model", "header", "expected"),
    [
        ("gpt-5", "", Behaviour()),
        ("gpt-5-sim-500", "", Behaviour("500")),
        ("sim-429-ra7", "", Behaviour("429", retry_after="7")),
        ("gpt-5", "429;retry-after=7", Behaviour("429", retry_after="7")),
        ("gpt-5-sim-500", "html", Behaviour("html")),
        ("x-sim-cut-fin-5", "", Behaviour("cut-fin", 5)),
        ("x-sim-err-p20", "", Behaviour("err", 20)),
        ("x-sim-hang-headers", "", Behaviour("hang-headers")),
        ("x-sim-redirect-302", "", Behaviour("redirect", 302)),
    ],
)
def test_behaviours_are_told_from_names_and_headers(model: str, header: str, expected: Behaviour) -> None:
    assert behaviour_of(model, header) == expected


LONG = "Our returns policy, in full. " * 400


def test_long_prefixes_are_cached_without_being_asked() -> None:
    cache = PromptCache()
    first = cache.automatic(asked("One?", system=LONG), "key")
    again = cache.automatic(asked("Two?", system=LONG), "key")
    other = cache.automatic(asked("Two?", system=LONG), "another key")
    assert (first.cache_read, other.cache_read) == (0, 0)
    assert again.cache_read >= 1024
    assert again.cache_read % 128 == 0
    assert again.prompt == prompt_tokens(asked("Two?", system=LONG))


def test_marked_prefixes_are_written_and_then_read() -> None:
    def prompt(question: str) -> Asked:
        turns = (Turn("system", LONG, "1h"), Turn("user", LONG, "5m"), Turn("user", question))
        return Asked(model=STRONG, turns=turns)

    cache = PromptCache()
    first, again = cache.marked(prompt("One?"), "key"), cache.marked(prompt("Two?"), "key")
    assert first.cache_write > 1024
    assert first.cache_write_1h > 1024
    assert (first.cache_read, again.cache_write, again.cache_write_1h) == (0, 0, 0)
    assert again.cache_read == first.cache_write + first.cache_write_1h
    assert cache.marked(asked(LONG), "key").cache_write == 0
