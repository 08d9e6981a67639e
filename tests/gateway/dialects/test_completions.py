"""The completions of before the chats: what is taken, what is refused, and the shape of the answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openai.types import Completion

from gateway.core.conversation import (
    ChatRequest,
    Counted,
    Delta,
    Ended,
    Finish,
    RefusalDelta,
    Refused,
    Reply,
    Started,
    Text,
    TextDelta,
    ThinkingDelta,
    Token,
)
from gateway.core.facts import Need
from gateway.core.price import Usage
from gateway.dialects import DIALECTS, SURFACES
from gateway.errors import Draining, InvalidRequest, Untranslatable
from tests.gateway.dialects.samples import ANTHROPIC, MODEL, OPENAI, events

SURFACE = SURFACES["openai_completions"]


def parse(**changes: Any) -> ChatRequest:
    body = {"model": "m", "prompt": "Hi"} | changes
    return SURFACE.parse_request(json.dumps({k: v for k, v in body.items() if v is not ...}).encode())


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"prompt": ...}, "prompt", "missing_required_parameter"),
        ({"prompt": None}, "prompt", "missing_required_parameter"),
        ({"prompt": {}}, "prompt", "invalid_type"),
        ({"prompt": ["a", "b"]}, "prompt", "invalid_value"),
        ({"prompt": []}, "prompt", "invalid_value"),
        ({"prompt": [1, 2]}, "prompt", "invalid_value"),
        ({"prompt": [[1, 2]]}, "prompt", "invalid_value"),
        ({"suffix": "end"}, "suffix", "invalid_value"),
        ({"best_of": 3}, "best_of", "invalid_value"),
        ({"logprobs": 6}, "logprobs", "invalid_value"),
        ({"logprobs": True}, "logprobs", "invalid_type"),
        ({"logprobs": 2, "echo": True}, "logprobs", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"stream_options": {"include_usage": True}}, "stream_options", "invalid_value"),
        ({"messages": []}, "messages", "unknown_parameter"),
        ({"tools": []}, "tools", "unknown_parameter"),
    ],
)
def test_a_mistake_is_named_with_its_place(changes: dict[str, Any], param: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse(**changes)
    assert (caught.value.param, caught.value.code) == (param, code)


def test_a_prompt_is_what_a_user_says() -> None:
    request = parse(prompt=["Hi"], stream=True, max_tokens=9)
    assert request.needs == {Need.STREAMING}
    prompt = SURFACE.prompt_of(request)
    assert [(turn.role, turn.text) for turn in prompt.turns] == [("user", "Hi")]
    assert (prompt.max_output_tokens, prompt.characters) == (9, 2)


def test_everything_is_said_to_a_chat() -> None:
    request = parse(
        stop=["x"],
        n=2,
        best_of=2,
        seed=7,
        logprobs=3,
        temperature=0.5,
        top_p=0.5,
        frequency_penalty=1,
        presence_penalty=-1,
        max_tokens=9,
        user="u",
        logit_bias={"1": 1},
    )
    outgoing = DIALECTS[OPENAI].translate(SURFACE.conversation_of(request), MODEL)
    assert json.loads(outgoing.body) == {
        "model": "some-model",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "top_p": 0.5,
        "stop": ["x"],
        "seed": 7,
        "frequency_penalty": 1,
        "presence_penalty": -1,
        "n": 2,
        "logprobs": True,
        "top_logprobs": 3,
        "user": "u",
    }
    assert outgoing.dropped == ("logit_bias",)


def test_what_a_provider_cannot_be_told_is_named_as_here() -> None:
    with pytest.raises(Untranslatable) as caught:
        DIALECTS[ANTHROPIC].translate(SURFACE.conversation_of(parse(n=2)), MODEL)
    assert caught.value.param == "n"
    outgoing = DIALECTS[ANTHROPIC].translate(SURFACE.conversation_of(parse(logprobs=0)), MODEL)
    assert outgoing.dropped == ("logprobs",)


TOKENS = (Token("He", -0.5, top=(Token("He", -0.5), Token("Hi", -1.0))), Token("llo", -0.25))


def rendered(reply: Reply, **changes: Any) -> Completion:
    told = SURFACE.render_reply(reply, parse(**changes), now=5)
    return Completion.model_validate_json(told, strict=True)


def reply(*parts: Any, finish: Finish = Finish.STOP, **more: Any) -> Reply:
    return Reply(id="r", model="m", parts=parts, finish=finish, usage=Usage(input=3, output=2), **more)


def test_an_answer() -> None:
    told = rendered(reply(Text("Hello"), tokens=TOKENS), logprobs=2)
    (choice,) = told.choices
    assert (told.id, told.object, told.created, told.model) == ("cmpl-r", "text_completion", 5, "m")
    assert (choice.text, choice.finish_reason) == ("Hello", "stop")
    assert choice.logprobs is not None
    assert choice.logprobs.to_dict() == {
        "tokens": ["He", "llo"],
        "token_logprobs": [-0.5, -0.25],
        "top_logprobs": [{"He": -0.5, "Hi": -1.0}, {}],
        "text_offset": [0, 2],
    }
    assert told.usage is not None
    assert (told.usage.prompt_tokens, told.usage.completion_tokens, told.usage.total_tokens) == (3, 2, 5)


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        (Finish.STOP, "stop"),
        (Finish.STOP_SEQUENCE, "stop"),
        (Finish.LENGTH, "length"),
        (Finish.CONTENT_FILTER, "content_filter"),
        (Finish.REFUSAL, "content_filter"),
        (Finish.UNKNOWN, "stop"),
    ],
)
def test_why_an_answer_ended(finish: Finish, word: str) -> None:
    assert rendered(reply(Text("x"), finish=finish)).choices[0].finish_reason == word


def test_the_prompt_stands_before_each_answer_that_echoes_it() -> None:
    told = rendered(reply(Text("a"), more=(reply(Refused("b")),)), echo=True, n=2)
    assert [(choice.index, choice.text) for choice in told.choices] == [(0, "Hia"), (1, "Hib")]


def written(*deltas: Delta, end: bool = True, **changes: Any) -> list[Any]:
    writer = SURFACE.stream_writer(parse(stream=True, **changes), now=5)
    stream = b"".join(map(writer.write, deltas))
    return events(stream + (writer.close() if end else writer.error(Draining())))


def test_a_stream() -> None:
    told = written(
        Started(id="r", model="m"),
        ThinkingDelta("hm"),
        TextDelta("He", 0, TOKENS[:1]),
        TextDelta("llo", 0, TOKENS[1:]),
        TextDelta("Hi", 1),
        RefusalDelta("!"),
        Ended(finish=Finish.LENGTH),
        Ended(finish=Finish.STOP, choice=1),
        Counted(Usage(input=3, output=2)),
        n=2,
        echo=True,
        stream_options={"include_usage": True},
    )
    choices = [choice for event in told for choice in event["choices"]]
    texts = ["".join(choice["text"] for choice in choices if choice["index"] == n) for n in (0, 1)]
    assert texts == ["HiHello!", "HiHi"]
    assert [choice["logprobs"]["text_offset"] for choice in choices if choice["logprobs"]] == [[2], [4]]
    ends = [(choice["index"], choice["finish_reason"]) for choice in choices if choice["finish_reason"]]
    assert ends == [(0, "length"), (1, "stop")]
    assert (told[-1]["choices"], told[-1]["usage"]["total_tokens"]) == ([], 5)
    assert {event["id"] for event in told} == {"cmpl-r"}


def test_usage_is_told_only_to_who_asks() -> None:
    told = written(Started(id="r", model="m"), TextDelta("x"), Counted(Usage(input=3)))
    assert not any("usage" in event for event in told)


def test_an_error_never_looks_like_a_good_end() -> None:
    told = written(Started(id="r", model="m"), TextDelta("x"), end=False)
    assert told[-1]["error"]["code"] == "draining"
    assert told[-1]["choices"][0]["finish_reason"] == "error"
