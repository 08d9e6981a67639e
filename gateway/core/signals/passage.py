"""A piece of text and what is found in it: meanings, commanded or in passing, and subjects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from gateway.core.signals.languages import EAST_ASIAN, EUROPEAN
from gateway.core.signals.lexicon import LANGUAGES, MEANINGS, Meaning
from gateway.core.signals.subjects import ACTIONS, SUBJECTS
from gateway.core.tokens import count_bytes

COMMAND = 1.8  # what is found at least this strong is a task of its own
_COMMANDS = 0.5  # a place of less weight than this has no commands
_FIRST = 0.6  # added to the first command of a text: the rest is detail


class Found(Struct, frozen=True, gc=False):
    meaning: Meaning
    weight: float
    at: int = 0
    command: bool = False


class Normal(Struct, frozen=True, gc=False):
    """Lower case; words parted by one space, clauses by a bar."""

    text: str
    words: list[str]
    length: int
    is_east_asian: bool


class Passage(Struct, frozen=True, gc=False):
    text: str
    length: int
    known: Mapping[str, Entry]  # its words that the lexicon or the subjects know, in the order of the text
    found: tuple[Found, ...]
    strength: float = 0.0  # of the strongest that was found

    def classes_from(self, weight: float) -> int:
        return len({each.meaning.toward for each in self.found if each.weight >= weight})

    def at_weight(self, weight: float) -> Passage:
        """The same, counting less: what hardly counts commands nothing."""
        if weight == 1 or not self.found:
            return self
        commands = weight >= _COMMANDS
        found = tuple([Found(f.meaning, f.weight * weight, f.at, f.command and commands) for f in self.found])
        return Passage(self.text, self.length, self.known, found, self.strength * weight)


class Entry(Struct, frozen=True, gc=False):
    """What one word may be part of."""

    phrases: tuple[tuple[str, Meaning], ...]
    subjects: tuple[str, ...]
    actions: tuple[str, ...]


NOTHING = Passage("", 0, {}, ())


def look_up(text: str, *, is_instruction: bool = False) -> Passage:
    """`is_instruction`: an application's own words, where "you classify" is a command and not a report."""
    normal = normalise(text)
    known = known_of(normal.words)
    found = find_all(normal.text, known, is_instruction=is_instruction)
    if normal.is_east_asian:
        found += find_unparted(normal.text)
    raise_first(found)
    strength = max([each.weight for each in found]) if found else 0.0
    return Passage(normal.text, normal.length, known, tuple(found), strength)


def skim(text: str) -> Passage:
    """Only the subjects, as of material that is not obeyed anyway."""
    words = plain(text).decode().split()
    # In no order: of what is not obeyed only how many words there are of each subject is asked.
    return Passage("", len(words), {word: _ENTRIES[word] for word in _KNOWN.intersection(words)}, ())


def known_of(words: Sequence[str]) -> Mapping[str, Entry]:
    """Each once and in their order, so that a replay finds the same."""
    return {word: _ENTRIES[word] for word in filter(_ENTRIES.__contains__, words)}


def find_unparted(text: str) -> Iterator[Found]:
    letters = frozenset(text)
    for form, meaning in _UNPARTED_FORMS:
        if form[0] in letters and form in text:
            yield Found(meaning, meaning.asked, 0, True)


def normalise(text: str) -> Normal:
    raw = plain(text).replace(b"|", b" | ")
    words = raw.decode().split()
    unparted = 0 if raw.isascii() else count_bytes(raw, _UNPARTED_BYTES)
    return Normal(f" | {' '.join(words)} | ", words, len(words) + unparted // 2, unparted > 0)


def plain(text: str) -> bytes:
    """Lower case, a bar for what ends a clause, a space for what else is no word."""
    lowered = text.lower()
    if not lowered.isascii():
        for mark, ascii_mark in _PLAIN_MARKS:
            lowered = lowered.replace(mark, ascii_mark)
    return lowered.encode(errors="replace").translate(_TABLE)


def find_all(text: str, known: Mapping[str, Entry], *, is_instruction: bool) -> list[Found]:
    found: list[Found] = []
    for entry in known.values():
        for form, meaning in entry.phrases:
            at = text.find(form)
            if at < 0:
                continue
            if is_command(text, form, at, is_instruction=is_instruction):
                found.append(Found(meaning, meaning.asked, at, True))
            elif meaning.mentioned:
                found.append(Found(meaning, meaning.mentioned, at))
    return found


def is_command(text: str, form: str, at: int, *, is_instruction: bool) -> bool:
    """A verb commands where a clause begins, after "please" or "and", or after "can you" or "want to"."""
    for _ in range(3):
        before = text[max(0, at - _BEFORE) : at].rsplit(None, 2)
        last = before[-1] if before else "|"
        if last in _OPENERS or (last in _HALF_OPENERS and (is_instruction or before[-2:][0] in _WISHES)):
            return True
        at = text.find(form, at + 1)
        if at < 0:
            return False
    return False


def raise_first(found: list[Found]) -> None:
    commands = [
        (each.at, -each.weight, each.meaning.name, index)
        for index, each in enumerate(found)
        if each.command and each.weight >= COMMAND
    ]
    if commands:
        *_, index = min(commands)
        first = found[index]
        found[index] = Found(first.meaning, first.weight + _FIRST, first.at, True)


def strongest(passages: Sequence[Passage]) -> dict[str, Found]:
    best: dict[str, Found] = {}
    for passage in passages:
        for each in passage.found:
            known = best.get(each.meaning.name)
            if known is None or each.weight > known.weight:
                best[each.meaning.name] = each
    return best


def count_subjects(passages: Sequence[Passage]) -> dict[str, int]:
    """How many different words of each subject there are."""
    counts: dict[str, int] = {}
    known: dict[str, Entry] = {}
    for passage in passages:
        known |= passage.known
    for entry in known.values():
        for subject in entry.subjects:
            counts[subject] = counts[subject] + 1 if subject in counts else 1
    return counts


def count_actions(passage: Passage) -> int:
    text = passage.text
    if not text:
        return 0
    forms = dict.fromkeys(
        [form for entry in passage.known.values() for form in entry.actions if form in text]
    )
    return sum([is_command(text, form, text.find(form), is_instruction=False) for form in forms])


def subjects_of(word: str) -> tuple[str, ...]:
    entry = _ENTRIES.get(word)
    return entry.subjects if entry else ()


_BEFORE = 24  # characters in which the two words before a verb stand
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
            "us",
        ),
        *("help", "love", "task", "job", "goal", "asked"),
    )
)
_PLAIN_MARKS = (
    *(
        ("’", "'"),
        ("“", '"'),
        ("”", '"'),
        ("„", '"'),
        ("«", '"'),
        ("»", '"'),
        ("¿", ""),
        ("¡", ""),
        ("…", "."),
    ),
    *(
        ("–", "-"),
        ("。", "."),
        ("、", ","),
        ("\uff1a", ":"),
        ("\uff0c", ","),
        ("\uff1f", "?"),
        ("\uff01", "!"),
    ),
)
_CLAUSE_ENDS = b'.!?;:\n(),"|'
_UNPARTED_BYTES = bytes(
    range(0xE3, 0xEE)
)  # first bytes of Chinese, Japanese and Korean: two letters to a word


def _mapped(byte: int) -> int:
    if byte in _CLAUSE_ENDS:
        return ord("|")
    return byte if byte >= 128 or chr(byte).isalnum() or byte in b"+#_" else ord(" ")


_TABLE = bytes(_mapped(byte) for byte in range(256))
_NAMED = {meaning.name: meaning for meaning in MEANINGS}


def _compiled() -> dict[str, Entry]:
    phrases: dict[str, list[tuple[str, Meaning]]] = {}
    subjects: dict[str, list[str]] = {}
    actions: dict[str, list[str]] = {}
    for meaning in MEANINGS:
        for form in dict.fromkeys(_forms_of(meaning)):
            phrases.setdefault(_anchor(form), []).append((form, meaning))
    for subject, words in SUBJECTS.items():
        for word in set(normalise(words).words) - {"|"}:
            subjects.setdefault(word, []).append(subject)
    for form in _parted(ACTIONS):
        actions.setdefault(_anchor(form), []).append(form)
    return {
        word: Entry(tuple(phrases.get(word, ())), tuple(subjects.get(word, ())), tuple(actions.get(word, ())))
        for word in phrases.keys() | subjects.keys() | actions.keys()
    }


def _forms_of(meaning: Meaning) -> Iterator[str]:
    yield from _parted(meaning.forms)
    for language in EUROPEAN:
        yield from _parted(language.get(meaning.name, ""))
    if meaning.name == "another language":
        for name in LANGUAGES.split():
            yield from (f" into {name} ", f" to {name} ", f" {name} please ", f" {name} to ")


def _parted(forms: str) -> Iterator[str]:
    for form in forms.split(","):
        if form.strip():
            yield normalise(" ".join(form.split())).text.removeprefix(" |").removesuffix("| ")


def _anchor(form: str) -> str:
    """The word of a phrase to look for first: the longest is the rarest."""
    return max(form.split(), key=len)


_ENTRIES: Mapping[str, Entry] = _compiled()
_KNOWN = frozenset(_ENTRIES)
_UNPARTED_FORMS = tuple((form, _NAMED[name]) for name, forms in EAST_ASIAN.items() for form in forms.split())
