"""A tenant's own classes, known by examples: the nearest one by the words they share, or none.

A clause of the prompt is compared with each example: how much of the example's weight it holds, and how much of its own
weight the example explains; the likeness is the geometric mean of both, 0 to 1. Words that say little weigh little, a
word that several classes use less than one that a single class does. It goes by words and their endings, not by what they
mean: where no clause is near enough to one class, and clearly nearer than to any other, there is no class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import sqrt

from msgspec import Struct

from gateway.core.policy import SemanticClass
from gateway.core.prompt import Prompt
from gateway.core.signals.spelling import plain

NEAR = 0.6  # the least likeness
AHEAD = 0.08  # by how much the nearest class must be nearer than the next
LITTLE = 0.15  # the weight of a word that says little
PAIR = 0.5  # the weight of two words that stand together

_HEAD, _TAIL = 1_600, 400  # characters read of a prompt
_ENDINGS = (
    "ations", "ation", "ingly", "ings", "ing", "edly", "ungen", "ung", "ment", "ed", "es", "en", "er", "ly", "s",
    "e", "n",
)  # fmt: skip
_STEM = 4  # letters that stay

_WORDS = """
    a an the this that these those my your our their his her its i you he she it we they me him us them to of in on at for
    from with by about into as is are was were be been am do does did have has had will would can could should may might
    must shall and or but if so not no yes please thanks thank hello hi dear want need like get got give make just also
    very really some any all one what which who when where why how there here now then than too more most much many
    der die das ein eine einen einem einer und oder aber nicht ich du er sie es wir ihr mein dein unser zu von in im am auf
    für mit ist sind war bin habe hat haben kann könnte möchte will bitte danke wie was wer wo wann warum
    le la les un une des et ou mais pas je tu il elle nous vous ils mon ma mes votre de du en dans pour avec est sont suis
    ai avez peut veux voudrais merci que qui quoi où quand
    el los las uno una y o pero no yo él ella nosotros mi tu su de del en por para con es son soy he ha puede quiero gracias
    que quien donde cuando como
"""
_SAYS_LITTLE = frozenset(_WORDS.split())


class Match(Struct, frozen=True):
    name: str
    likeness: float  # 0 to 1


class Example(Struct, frozen=True):
    name: str  # of its class
    weight: float  # of all its features


class Prototypes(Struct, frozen=True):
    """The examples of all classes, by what is in them."""

    examples: tuple[Example, ...]
    holding: Mapping[
        str, tuple[tuple[int, float], ...]
    ]  # feature → examples that have it, and its weight there


def compile_classes(classes: Sequence[SemanticClass]) -> Prototypes | None:
    """None where there is nothing to compare with."""
    said = [
        (own.name, features(clause))
        for own in classes
        for text in own.examples
        for clause in [words_of(text)]
    ]
    said = [(name, found) for name, found in said if found]
    if not said:
        return None
    users: dict[str, set[str]] = {}
    for name, found in said:
        for feature in found:
            users.setdefault(feature, set()).add(name)
    holding: dict[str, list[tuple[int, float]]] = {}
    examples: list[Example] = []
    for index, (name, found) in enumerate(said):
        weights = {feature: weight / len(users[feature]) for feature, weight in found.items()}
        examples.append(Example(name, sum(weights.values())))
        for feature, weight in weights.items():
            holding.setdefault(feature, []).append((index, weight))
    return Prototypes(tuple(examples), {feature: tuple(rows) for feature, rows in holding.items()})


def nearest(prototypes: Prototypes | None, prompt: Prompt) -> Match | None:
    """The class that the user's last words are nearest to, if they are near enough to one."""
    if prototypes is None:
        return None
    text = next((turn.text for turn in reversed(prompt.turns) if turn.role == "user"), "")
    best: dict[str, float] = {}
    for clause in clauses_of(text):
        for name, likeness in alike(prototypes, features(clause)):
            best[name] = max(best.get(name, 0.0), likeness)
    ranked = sorted(best.items(), key=lambda row: (-row[1], row[0]))
    if not ranked or ranked[0][1] < NEAR:
        return None
    if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < AHEAD:
        return None
    return Match(ranked[0][0], round(ranked[0][1], 3))


def alike(prototypes: Prototypes, found: Mapping[str, float]) -> Iterable[tuple[str, float]]:
    """Each class that shares something with a clause, with its nearest example's likeness."""
    own = sum(found.values())
    shared: dict[int, tuple[float, float]] = {}
    for feature, weight in found.items():
        for index, there in prototypes.holding.get(feature, ()):
            of_example, of_clause = shared.get(index, (0.0, 0.0))
            shared[index] = (of_example + there, of_clause + weight)
    for index, (of_example, of_clause) in shared.items():
        example = prototypes.examples[index]
        yield example.name, sqrt(of_example / example.weight * of_clause / own)


def clauses_of(text: str) -> list[list[str]]:
    """The sentences and parts of sentences of a text, as words; and every two that follow one another."""
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    parts = [words for part in plain(text).decode(errors="replace").split("|") if (words := part.split())]
    return [*parts, *(first + second for first, second in pairwise(parts))]


def words_of(text: str) -> list[str]:
    return plain(text).decode(errors="replace").replace("|", " ").split()


def features(words: Sequence[str]) -> dict[str, float]:
    """Stems and pairs of stems, with what each weighs; numbers are nothing that a class is known by."""
    stems = [(stem(word), LITTLE if word in _SAYS_LITTLE else 1.0) for word in words if not word.isdecimal()]
    found = dict(stems)
    telling = [name for name, weight in stems if weight == 1.0]
    found.update({f"{first} {second}": PAIR for first, second in pairwise(telling)})
    return found


@lru_cache(maxsize=8_192)
def stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM:
            return word[: -len(ending)]
    return word
