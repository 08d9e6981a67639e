"""What several signals look at: whether something is written, found or worked out, and in which field."""

from __future__ import annotations

from operator import attrgetter

from msgspec import Struct

from gateway.core.facts import RequestClass
from gateway.core.signals.lexicon import Meaning
from gateway.core.signals.reading import Reading
from gateway.core.signals.shape import Shape
from gateway.core.signals.subjects import Subject, terms_of

C = RequestClass

ROUTINE = frozenset({C.CLASSIFICATION, C.EXTRACTION, C.REWRITING, C.SUMMARIZATION})
MAKING = frozenset({"write", "give"})
PIECES = frozenset({"routine text", "message", "creative piece"})  # what can be written
_PROSE = frozenset({"routine text", "creative piece"})

_FINDING = frozenset({"extract", "parse", "list what is there", "mentioned in", "named entities", "as data"})
_PLAIN = 2.2  # a command that weighs this much by itself leaves no doubt what is asked
_MATERIAL = 4  # words
_weight = attrgetter("weight")


class Situation(Struct, frozen=True, kw_only=True, gc=False):
    reading: Reading
    shape: Shape
    listens: bool  # to commands that do not come first; among formulas, code or options only the application's count
    routine: bool  # a routine command leads: the subject of the text is then only its material
    writes: bool  # something is to be written
    programs: bool  # and it is code
    fills: bool  # and it is a routine text, named before any finer piece
    field: str  # in which most specialist words are
    field_terms: int  # how many they are
    terms: int  # with half of those of the next field

    def has(self, *meanings: str) -> bool:
        return not self.reading.found.keys().isdisjoint(meanings)

    def count(self, subject: Subject) -> int:
        return self.reading.subjects.count(subject)

    def ordered(self, subject: Subject) -> int:
        return self.reading.ordered.count(subject)

    def obeys(self, meaning: Meaning) -> bool:
        return self.listens or self.reading.opens_with == meaning.name

    @property
    def has_material(self) -> bool:
        return self.reading.material >= _MATERIAL

    @property
    def finds(self) -> bool:
        """Something is to be found in a text that is there."""
        asks = self.shape.question and self.has_material
        return not self.programs and (
            asks
            or self.shape.schema
            or self.shape.keys > 1
            or not self.reading.found.keys().isdisjoint(_FINDING)
        )

    @property
    def is_worked_out(self) -> bool:
        """An answer takes more than knowing it."""
        is_specialist = self.terms > 1 or self.count(Subject.CODE) > 0
        return is_specialist or self.reading.asks_why or self.shape.code > 0 or self.shape.numbers > 1


def is_plain(meaning: Meaning) -> bool:
    return meaning.toward in ROUTINE and meaning.asked >= _PLAIN


def situation_of(reading: Reading, shape: Shape) -> Situation:
    found, subjects = reading.found, reading.subjects
    loudest = max(found.values(), key=_weight).meaning if found else None
    listens = reading.by_task or not (shape.formulas > 1 or shape.code > 1 or shape.options)
    writes = reading.opens_with in PIECES or any(found[name].command for name in MAKING.intersection(found))
    is_code = Subject.CODE in subjects or Subject.CODE_OBJECT in subjects
    programs = writes and is_code and found.keys().isdisjoint(_PROSE)
    routine_text, piece = found.get("routine text") or found.get("message"), found.get("creative piece")
    (most, field), (next_most, _), *_ = terms_of(subjects)
    return Situation(
        reading=reading,
        shape=shape,
        listens=listens,
        routine=loudest is not None and is_plain(loudest) and (listens or reading.opens_with == loudest.name),
        writes=writes,
        programs=programs,
        fills=writes
        and not programs
        and routine_text is not None
        and (piece is None or routine_text.at <= piece.at),
        field=field,
        field_terms=most,
        terms=most + next_most // 2,
    )
