"""One model by its many names, and never another one."""

from __future__ import annotations

import pytest

from gateway.core.facts import Tier
from gateway.core.naming import Models, as_called, named, plain
from tests.core.build import model

MINI = model("alpha/mini-4", Tier.SMALL, (1, 2), aliases=frozenset({"mini"}))
OLD = model("alpha/mini-4-2024-05-13", Tier.SMALL, (5, 15))
CLOUD = model("cloud/us.beta.big-1-20250929-v1:0", Tier.MID, (3, 15))
ANYWHERE = model("cloud/global.beta.big-1-20250929-v1:0", Tier.MID, (2.7, 13.5))
DEPLOYED = model("own/mini-4", Tier.SMALL, (1, 2), provider_key="")
MODELS = Models({each.id: each for each in (MINI, OLD, CLOUD, ANYWHERE, DEPLOYED)})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("alpha/mini-4", MINI),
        ("mini", MINI),
        ("alpha/mini", MINI),
        ("mini-4", MINI),  # the other that is called so has no key
        ("mini-4-2024-08-06", MINI),
        ("alpha/mini-4-20240806", MINI),
        ("models/mini-4-latest", MINI),
        ("mini-4@20240806", MINI),
        ("mini-4-2024-05-13", OLD),
        ("alpha/mini-4-2024-05-13", OLD),
        ("us.beta.big-1-20250929-v1:0", CLOUD),
        ("us.beta.big-1-20250929-v1%3A0", CLOUD),
        ("eu.beta.big-1-20250929-v1:0", CLOUD),
        ("beta.big-1-20250929-v1:0", CLOUD),
        ("cloud/apac.beta.big-1-20250929-v1:0", CLOUD),
        ("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.beta.big-1-20250929-v1:0", CLOUD),
        ("global.beta.big-1-20250929-v1:0", ANYWHERE),
        ("beta/mini-4", None),
        ("mini-5", None),
        ("mini-4-turbo", None),
        ("", None),
    ],
)
def test_a_name_means_one_model_or_none(name: str, meant: object) -> None:
    assert named(MODELS, name) is meant


def test_of_two_that_answer_to_a_name_neither_is_guessed() -> None:
    other = model("beta/mini-4", Tier.SMALL, (1, 2))
    assert named({**MODELS, other.id: other}, "mini-4-2024-08-06") is None


def test_the_provider_is_asked_for_the_edition_that_the_caller_named() -> None:
    assert as_called(MINI, "alpha/mini-4") is MINI
    assert as_called(MINI, "mini-4") is MINI
    assert as_called(MINI, "alpha/mini-4-2024-08-06").wire_name == "mini-4-2024-08-06"
    assert as_called(MINI, "models/mini-4-latest").wire_name == "mini-4-latest"
    assert as_called(CLOUD, "eu.beta.big-1-20250929-v1:0").wire_name == "eu.beta.big-1-20250929-v1:0"


@pytest.mark.parametrize("name", ["mini-2512", "oss:20b", "r-08-2024", "mini-preview-03-25", "r1:free"])
def test_what_tells_models_apart_is_no_edition(name: str) -> None:
    assert plain(name) == name


def test_a_model_asked_for_by_its_edition_keeps_all_names() -> None:
    edition = as_called(MINI, "alpha/mini-4-2024-08-06")
    models = MODELS.but(edition)
    assert models["alpha/mini-4"] is edition
    assert models.by_name is MODELS.by_name
    assert named(models, "mini-4-2024-05-13") is OLD
    assert MODELS["alpha/mini-4"] is MINI
