"""All words and phrases that tell something, as tables to look them up in: made once, of the lexicon and the subjects.

A phrase of several words is looked for by two that stand together, those that fewest other phrases have: then nearly all
that is looked at is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, pairwise

from msgspec import Struct

from gateway.core.signals.languages import EAST_ASIAN, EUROPEAN
from gateway.core.signals.lexicon import LANGUAGES, MEANINGS, Meaning
from gateway.core.signals.spelling import BAR, spell
from gateway.core.signals.subjects import ACTIONS, SUBJECTS

type Key = str | tuple[str, str]  # the only word of a phrase, or two that stand together


class Phrase(Struct, frozen=True, gc=False):
    form: str  # its words, with a space at each end
    longest: str  # of its words
    rank: int  # among all phrases
    meaning: Meaning | None  # none: something that is to be done outside the conversation


def _phrases() -> dict[Key, tuple[Phrase, ...]]:
    forms = [(form, form.split(), meaning) for form, meaning in chain(_forms(), _actions())]
    common = Counter(pair for _, words, _ in forms for pair in pairwise(words))
    found: dict[Key, list[Phrase]] = {}
    for rank, (form, words, meaning) in enumerate(forms):
        key = min(pairwise(words), key=common.__getitem__, default=words[0])
        found.setdefault(key, []).append(Phrase(form, max(words, key=len), rank, meaning))
    return {key: tuple(phrases) for key, phrases in found.items()}


def _forms() -> Iterator[tuple[str, Meaning]]:
    for meaning in MEANINGS:
        for form in dict.fromkeys(_forms_of(meaning)):
            yield form, meaning


def _forms_of(meaning: Meaning) -> Iterator[str]:
    yield from _parted(meaning.forms)
    for language in EUROPEAN:
        yield from _parted(language.get(meaning.name, ""))
    if meaning.name == "another language":
        for name in LANGUAGES.split():
            yield from (f" into {name} ", f" to {name} ", f" {name} please ", f" {name} to ")


def _actions() -> Iterator[tuple[str, None]]:
    return ((form, None) for form in dict.fromkeys(_parted(ACTIONS)))


def _parted(forms: str) -> Iterator[str]:
    for form in forms.split(","):
        if form.strip():
            yield spell(" ".join(form.split())).text.removeprefix(f" {BAR}").removesuffix(f"{BAR} ")


def _subjects_of() -> dict[str, str]:
    found: dict[str, str] = {}
    for subject, words in SUBJECTS.items():
        for word in set(spell(words).words) - {BAR}:
            found[word] = found.get(word, "") + subject
    return found


PHRASES: Mapping[Key, tuple[Phrase, ...]] = _phrases()
KEYS = frozenset(PHRASES)
SUBJECTS_OF: Mapping[str, str] = _subjects_of()  # a word → the letters of its subjects
SUBJECT_WORDS = frozenset(SUBJECTS_OF)

_NAMED = {meaning.name: meaning for meaning in MEANINGS}
# Parted by no spaces, and so looked for in the text itself.
UNPARTED = tuple((form, _NAMED[name]) for name, forms in EAST_ASIAN.items() for form in forms.split())
