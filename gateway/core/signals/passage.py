"""A piece of text and what is found in it: meanings, commanded or in passing, and subjects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from msgspec import Struct

from gateway.core.signals.lexicon import Meaning
from gateway.core.signals.spelling import plain, spell
from gateway.core.signals.vocabulary import KEYS, PHRASES, SUBJECT_WORDS, SUBJECTS_OF, UNPARTED, Phrase

COMMAND = 1.8  # what is found at least this strong is a task of its own
_COMMANDS = 0.5  # a place of less weight than this has no commands
_FIRST = 0.6  # added to the first command of a text: the rest is detail


class Found(Struct, frozen=True, gc=False):
    meaning: Meaning
    weight: float
    at: int = 0
    command: bool = False


class Passage(Struct, frozen=True, gc=False):
    text: str
    length: int
    known: frozenset[str]  # its words that have a subject
    found: Sequence[Found] = ()
    actions: int = 0  # commands to do something outside the conversation
    strength: float = 0.0  # of the strongest that was found

    def classes_from(self, weight: float) -> int:
        return len({each.meaning.toward for each in self.found if each.weight >= weight})

    def at_weight(self, weight: float) -> Passage:
        """The same, counting less: what hardly counts commands nothing."""
        if weight == 1 or not self.found:
            return self
        commands = weight >= _COMMANDS
        found = [Found(f.meaning, f.weight * weight, f.at, f.command and commands) for f in self.found]
        return Passage(self.text, self.length, self.known, found, self.actions, self.strength * weight)


NOTHING = Passage("", 0, frozenset())


def look_up(text: str, *, is_instruction: bool = False) -> Passage:
    """`is_instruction`: an application's own words, where "you classify" is a command and not a report."""
    spelt = spell(text)
    text, words = spelt.text, spelt.words
    found, actions = find_all(text, words, is_instruction=is_instruction)
    if spelt.is_east_asian:
        found += find_unparted(text)
    raise_first(found)
    strength = max([each.weight for each in found]) if found else 0.0
    return Passage(text, spelt.length, SUBJECT_WORDS.intersection(words), found, actions, strength)


def skim(text: str) -> Passage:
    """Only the subjects, as of material that is not obeyed anyway."""
    words = plain(text).decode().split()
    return Passage("", len(words), SUBJECT_WORDS.intersection(words))


def find_all(text: str, words: list[str], *, is_instruction: bool) -> tuple[list[Found], int]:
    """In the order of the words, so that a replay finds the same; and how many actions are commanded."""
    found: list[Found] = []
    actions = 0
    for _, _, at, phrase in sorted(places_of(text, words)):
        meaning = phrase.meaning
        if meaning is None:
            actions += is_command(text, words, phrase.form, at)
        elif is_command(text, words, phrase.form, at, is_instruction=is_instruction):
            found.append(Found(meaning, meaning.asked, at, True))
        elif meaning.mentioned:
            found.append(Found(meaning, meaning.mentioned, at))
    return found, actions


def places_of(text: str, words: list[str]) -> list[tuple[int, int, int, Phrase]]:
    """Each phrase that is there: the place of its longest word, its rank, and the character it begins at."""
    return [
        (words.index(phrase.longest), phrase.rank, at, phrase)
        for key in KEYS.intersection(chain(words, pairwise(words)))
        for phrase in PHRASES[key]
        if (at := text.find(phrase.form)) >= 0
    ]


def find_unparted(text: str) -> Iterator[Found]:
    letters = frozenset(text)
    for form, meaning in UNPARTED:
        if form[0] in letters and form in text:
            yield Found(meaning, meaning.asked, 0, True)


def is_command(text: str, words: list[str], form: str, at: int, *, is_instruction: bool = False) -> bool:
    """A verb commands where a clause begins, after "please" or "and", or after "can you" or "want to"."""
    for _ in range(3):
        place = text.count(" ", 0, at)
        last = words[place - 1]
        if last in _OPENERS or (last in _HALF_OPENERS and (is_instruction or words[place - 2] in _WISHES)):
            return True
        at = text.find(form, at + 1)
        if at < 0:
            return False
    return False


def raise_first(found: list[Found]) -> None:
    commands = [each for each in found if each.command and each.weight >= COMMAND]
    if commands:
        first = min(commands, key=_order) if len(commands) > 1 else commands[0]
        found[found.index(first)] = Found(first.meaning, first.weight + _FIRST, first.at, True)


def _order(found: Found) -> tuple[int, float, str]:
    return found.at, -found.weight, found.meaning.name


def strongest(passages: Sequence[Passage]) -> dict[str, Found]:
    best: dict[str, Found] = {}
    for passage in passages:
        for each in passage.found:
            known = best.get(each.meaning.name)
            if known is None or each.weight > known.weight:
                best[each.meaning.name] = each
    return best


def subjects_in(passages: Sequence[Passage]) -> str:
    """The letters of the subjects of all their different words."""
    known = [passage.known for passage in passages if passage.known]
    words = known[0] if len(known) == 1 else NOTHING.known.union(*known)
    return "".join([SUBJECTS_OF[word] for word in words])


_OPENERS = frozenset(
    (
        *("|", "please", "and", "then", "me", "us", "now", "also", "just", "ok", "kindly"),
        *("bitte", "mir", "mal", "por", "favor", "per", "favore", "svp", "y", "et", "und", "e", "en"),
    )
)
_HALF_OPENERS = frozenset(("you", "to", "must", "should", "will", "or"))
_WISHES = frozenset(
    (
        *(
            "can",
            "could",
            "would",
            "will",
            "that",
            "want",
            "need",
            "like",
            "is",
            "trying",
            "how",
            "you",
            "me",
        ),
        *("us", "help", "love", "task", "job", "goal", "asked"),
    )
)
