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
    words: frozenset[str]
    length: int  # in words
    is_east_asian: bool


class Passage(Struct, frozen=True, gc=False):
    text: str
    length: int
    known: frozenset[str]  # its words that the lexicon or the subjects know
    found: tuple[Found, ...]

    @property
    def strength(self) -> float:
        return max((each.weight for each in self.found), default=0.0)

    def classes_from(self, weight: float) -> int:
        return len({each.meaning.toward for each in self.found if each.weight >= weight})

    def at_weight(self, weight: float) -> Passage:
        """The same, counting less: what hardly counts commands nothing."""
        if weight == 1 or not self.found:
            return self
        found = tuple(
            Found(f.meaning, f.weight * weight, f.at, f.command and weight >= _COMMANDS) for f in self.found
        )
        return Passage(self.text, self.length, self.known, found)


NOTHING = Passage("", 0, frozenset(), ())


def look_up(text: str, *, is_instruction: bool = False) -> Passage:
    """`is_instruction`: an application's own words, where "you classify" is a command and not a report."""
    normal = normalise(text)
    known = normal.words & _KNOWN
    found = list(find_all(normal.text, known, is_instruction=is_instruction))
    if normal.is_east_asian:
        found += find_unparted(normal.text)
    return Passage(normal.text, normal.length, known, tuple(raise_first(found)))


def skim(text: str) -> Passage:
    """Only the subjects, as of material that is not obeyed anyway."""
    raw = plain(text)
    words = raw.decode().split()
    return Passage("", len(words), _KNOWN.intersection(words), ())


def find_unparted(text: str) -> Iterator[Found]:
    letters = frozenset(text)
    for form, meaning in _UNPARTED_FORMS:
        if form[0] in letters and form in text:
            yield Found(meaning, meaning.asked, 0, True)


def normalise(text: str) -> Normal:
    raw = plain(text).replace(b"|", b" | ")
    words = raw.decode().split()
    unparted = 0 if raw.isascii() else count_bytes(raw, _UNPARTED_BYTES)
    return Normal(f" | {' '.join(words)} | ", frozenset(words), len(words) + unparted // 2, unparted > 0)


def plain(text: str) -> bytes:
    """Lower case, a bar for what ends a clause, a space for what else is no word."""
    lowered = text.lower()
    if not lowered.isascii():
        for mark, ascii_mark in _PLAIN_MARKS:
            lowered = lowered.replace(mark, ascii_mark)
    return lowered.encode(errors="replace").translate(_TABLE)


def find_all(text: str, known: frozenset[str], *, is_instruction: bool) -> Iterator[Found]:
    for word in known:
        for form, meaning in _ENTRIES[word].phrases:
            at = text.find(form)
            if at < 0:
                continue
            if is_command(text, form, at, is_instruction=is_instruction):
                yield Found(meaning, meaning.asked, at, True)
            elif meaning.mentioned:
                yield Found(meaning, meaning.mentioned, at)


def is_command(text: str, form: str, at: int, *, is_instruction: bool) -> bool:
    """A verb commands where a clause begins, after "please" or "and", or after "can you" or "want to"."""
    for _ in range(3):
        before = text[max(0, at - _BEFORE) : at].split()[-2:]
        last = before[-1] if before else "|"
        if last in _OPENERS or (last in _HALF_OPENERS and (is_instruction or before[0] in _WISHES)):
            return True
        at = text.find(form, at + 1)
        if at < 0:
            return False
    return False


def raise_first(found: Sequence[Found]) -> Iterator[Found]:
    commands = (each for each in found if each.command and each.weight >= COMMAND)
    first = min(commands, key=lambda each: (each.at, -each.weight, each.meaning.name), default=None)
    for each in found:
        yield Found(each.meaning, each.weight + _FIRST, each.at, True) if each is first else each


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
    for word in frozenset[str]().union(*(passage.known for passage in passages)):
        for subject in _ENTRIES[word].subjects:
            counts[subject] = counts.get(subject, 0) + 1
    return counts


def count_actions(passage: Passage) -> int:
    text = passage.text
    forms = {form for word in passage.known for form in _ENTRIES[word].actions if form in text}
    return sum(is_command(text, form, text.find(form), is_instruction=False) for form in forms)


def subjects_of(word: str) -> tuple[str, ...]:
    entry = _ENTRIES.get(word)
    return entry.subjects if entry else ()


class _Entry(Struct, frozen=True, gc=False):
    """What one word may be part of."""

    phrases: tuple[tuple[str, Meaning], ...] = ()
    subjects: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


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


def _compiled() -> dict[str, _Entry]:
    phrases: dict[str, list[tuple[str, Meaning]]] = {}
    subjects: dict[str, list[str]] = {}
    actions: dict[str, list[str]] = {}
    for meaning in MEANINGS:
        for form in dict.fromkeys(_forms_of(meaning)):
            phrases.setdefault(_anchor(form), []).append((form, meaning))
    for subject, words in SUBJECTS.items():
        for word in normalise(words).words - {"|"}:
            subjects.setdefault(word, []).append(subject)
    for form in _parted(ACTIONS):
        actions.setdefault(_anchor(form), []).append(form)
    return {
        word: _Entry(
            tuple(phrases.get(word, ())), tuple(subjects.get(word, ())), tuple(actions.get(word, ()))
        )
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


_ENTRIES: Mapping[str, _Entry] = _compiled()
_KNOWN = frozenset(_ENTRIES)
_UNPARTED_FORMS = tuple((form, _NAMED[name]) for name, forms in EAST_ASIAN.items() for form in forms.split())
