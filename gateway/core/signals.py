"""The signals: each looks at what was read and says which class it speaks for, and how loudly."""

from __future__ import annotations

from collections.abc import Iterator
from math import log2

from msgspec import Struct

from gateway.core.facts import RequestClass
from gateway.core.reading import Found, Reading
from gateway.core.shape import Shape

C = RequestClass

FIELDS = ("mathematics", "science", "medicine", "law", "finance", "humanities")

_MAKING = frozenset({"write", "give"})
_WRITTEN = frozenset({"summary", "summarize", "define"})
_WORDINGS = frozenset({"another tone", "language mistakes", "rewrite"})
_ROUTINE = frozenset({C.CLASSIFICATION, C.EXTRACTION, C.REWRITING, C.SUMMARIZATION})
_PLAIN = 2.2  # a command that weighs this much by itself leaves no doubt what is asked
_PIECES = frozenset({"routine text", "creative piece"})  # things to be written
_MATERIAL = 4  # words
_LONG = 4_000  # tokens from which the length itself is work


class Evidence(Struct, frozen=True):
    """Why a class was chosen. Names signals, counts and our own words, never the prompt's."""

    signal: str
    found: str
    weight: float
    toward: str


class Signals(Struct, frozen=True, kw_only=True):
    """What several signals look at."""

    reading: Reading
    shape: Shape
    routine: bool  # a routine command leads: the subject of the text is then only its material
    writes: bool  # something is to be written
    programs: bool  # and it is code
    fills: bool  # and it is a routine text, which comes before any finer piece named

    def count(self, subject: str) -> int:
        return self.reading.subjects.get(subject, 0)

    def ordered(self, subject: str) -> int:
        return self.reading.ordered.get(subject, 0)

    @property
    def terms(self) -> int:
        """Words of the field that has most of them."""
        return max(map(self.count, FIELDS))


def gather(reading: Reading, shape: Shape) -> Iterator[Evidence]:
    signals = survey(reading, shape)
    yield from words(signals)
    yield from code(signals)
    yield from question(signals)
    yield from judgment(signals)
    yield from form(signals)
    yield from tools(signals)
    yield from length(signals)


def survey(reading: Reading, shape: Shape) -> Signals:
    loudest = max(reading.found.values(), key=lambda each: each.weight, default=None)
    writes = any(name in reading.found and reading.found[name].command for name in ("write", "give"))
    routine = reading.found.get("routine text") or reading.found.get("message")
    fine = reading.found.get("creative piece")
    terms = reading.subjects.get("code", 0) + reading.subjects.get("code object", 0)
    return Signals(
        reading=reading,
        shape=shape,
        routine=loudest is not None
        and loudest.meaning.toward in _ROUTINE
        and loudest.meaning.asked >= _PLAIN,
        writes=writes,
        programs=writes and terms > 0 and not _PIECES & reading.found.keys(),
        fills=writes and routine is not None and (fine is None or routine.at <= fine.at),
    )


def words(signals: Signals) -> Iterator[Evidence]:
    for each in signals.reading.found.values():
        toward = C.BOILERPLATE if signals.fills and each.meaning.name in _MAKING else each.meaning.toward
        yield Evidence("words", each.meaning.name, round(each.weight * doubt(signals, each), 2), toward)


def doubt(signals: Signals, each: Found) -> float:
    """Less than one where another word says that this one is not the task."""
    meaning = each.meaning
    if meaning.name in _PIECES and not signals.writes:
        return 0.4  # the poem may be what is summarized
    if signals.fills and meaning.name == "creative piece":
        return 0.4
    if meaning.name in _MAKING and (signals.programs or not _WRITTEN.isdisjoint(signals.reading.found)):
        return 0.4  # what is written decides
    if meaning.name == "brainstorm" and not _WORDINGS.isdisjoint(signals.reading.found):
        return 0.3  # another wording is what is suggested
    if meaning.name in {"explain", "define"} and signals.terms > 2:
        return 0.5  # more than a definition
    if signals.programs and meaning.toward in _ROUTINE and not leads(signals, each):
        return 0.4  # what the program shall do
    if meaning.name == "rewrite" and signals.count("code") and signals.count("code object"):
        return 0.4  # the handler, not its wording
    if meaning.name == "decide whether" and signals.terms > 2:
        return 0.4  # a judgment, not a label
    if meaning.name in {"fixed answers", "answer with"} and signals.shape.options:
        return 0.3  # one of the options is the answer
    return 1.0


def leads(signals: Signals, each: Found) -> bool:
    write = signals.reading.found.get("write")
    return write is None or each.at < write.at


def code(signals: Signals) -> Iterator[Evidence]:
    strong, weak, hard = signals.count("code"), signals.count("code object"), signals.count("hard code")
    quiet = 0.3 if signals.routine and not signals.programs else 1.0
    if signals.programs:
        yield Evidence(
            "code to write", f"{strong + weak} terms", 3.4 if strong or weak > 1 else 2.4, C.CODING
        )
    elif strong:
        weight = min((1.2 if signals.shape.question or strong > 1 else 0.8) + 0.6 * strong + 0.3 * weak, 2.8)
        yield Evidence("code terms", f"{strong} terms", weight * quiet, C.CODING)
    if "rewrite" in signals.reading.found and strong and weak:
        yield Evidence("code to rewrite", f"{strong + weak} terms", 2.4, C.CODING)
    if hard and (strong or "program" in signals.reading.found):
        yield Evidence("hard engineering", f"{hard} terms", min(0.6 * hard, 2.4), C.CODING)
    if marks := signals.shape.code:
        yield Evidence("code marks", f"{marks} marks", min(0.6 * marks, 3) * quiet, C.CODING)


def question(signals: Signals) -> Iterator[Evidence]:
    length = signals.shape.words
    greets = signals.count("greeting") > 0 and length <= 7
    if not signals.shape.question or greets or signals.reading.by_task:
        return
    if signals.reading.material >= _MATERIAL:
        yield from question_of_material(signals)
    elif length <= 18 and not signals.routine:
        yield Evidence(
            "short question", f"{length} words", 1.2 if is_worked_out(signals) else 2.4, C.SIMPLE_QA
        )
    elif length <= 32:
        yield Evidence("question", f"{length} words", 0.6 if is_worked_out(signals) else 1.4, C.SIMPLE_QA)
    elif not signals.routine:
        yield Evidence("narrative, then a question", f"{length} words", 1.6, C.REASONING)


def is_worked_out(signals: Signals) -> bool:
    """Whether an answer takes more than knowing it."""
    shape = signals.shape
    specialist = signals.terms > 1 or signals.count("code") > 0
    return signals.routine or specialist or shape.code > 0 or shape.numbers > 1


def question_of_material(signals: Signals) -> Iterator[Evidence]:
    """ "Is it late?" about a text wants a label, "when is it due?" a piece of it."""
    quiet = 0.4 if is_worked_out(signals) and not signals.routine else 1.0
    toward = C.CLASSIFICATION if signals.reading.asks == "is" else C.EXTRACTION
    yield Evidence("question of the material", f"{signals.reading.material} words", 1.8 * quiet, toward)
    yield Evidence("question", f"{signals.shape.words} words", 0.8 * quiet, C.SIMPLE_QA)


def judgment(signals: Signals) -> Iterator[Evidence]:
    """What has to be worked out. Under a routine command it is only what the material speaks of."""
    shape, quiet = signals.shape, 0.25 if signals.routine else 1.0
    asks = shape.question or shape.options or signals.count("judgment") > 0
    if shape.options:
        yield Evidence("options to choose from", "lettered", 2.8 * quiet, C.REASONING)
    if shape.numbers >= 2 and shape.words >= 12 and shape.question:
        weight = min(0.8 + 0.3 * shape.numbers, 2.4) * quiet
        yield Evidence("numbers in a story", f"{shape.numbers} numbers", weight, C.REASONING)
    if shape.formulas and not shape.code:
        yield Evidence(
            "formulas", f"{shape.formulas} marks", min(0.8 * shape.formulas, 2.4) * quiet, C.REASONING
        )
    field = max(FIELDS, key=signals.count)
    if (terms := signals.count(field)) >= 2:
        weight = min(0.45 * terms, 2.6) * quiet * (1.0 if asks else 0.6)
        yield Evidence(f"{field} to judge", f"{terms} terms", weight, C.REASONING)


def form(signals: Signals) -> Iterator[Evidence]:
    """The form that the answer shall have."""
    shape = signals.shape
    quiet = 0.3 if shape.options or signals.terms > 2 else 1.0
    if signals.ordered("polarity") >= 2:
        yield Evidence("labels named", "polarity", 1.8, C.CLASSIFICATION)
    if shape.choices >= 3:
        yield Evidence("choices listed", f"{shape.choices} items", 1.6 * quiet, C.CLASSIFICATION)
    if shape.either and shape.question:
        yield Evidence("this or that", "at the start", 1.8 * quiet, C.CLASSIFICATION)
    if signals.ordered("answer") and (limits := signals.ordered("single")) > 1:
        yield Evidence("answer limited", f"{limits} terms", min(0.5 * limits, 1.8) * quiet, C.CLASSIFICATION)
    if shape.slot:
        yield Evidence("label to fill in", "at the end", 1.8 * quiet, C.CLASSIFICATION)
    if shape.schema:
        yield Evidence("schema", "given", 1.6, C.EXTRACTION)
    if shape.keys > 1:
        yield Evidence("object to fill", f"{shape.keys} keys", 1.6, C.EXTRACTION)
    if (fields := signals.ordered("field")) and not signals.programs:
        yield Evidence("fields", f"{fields} fields", min(0.5 + 0.5 * fields, 2), C.EXTRACTION)


def tools(signals: Signals) -> Iterator[Evidence]:
    shape, actions = signals.shape, signals.reading.actions
    if shape.tool_results:
        weight = min(2.4 + 0.4 * shape.tool_results, 4)
        yield Evidence("tool results", f"{shape.tool_results} results", weight, C.AGENTIC)
    if shape.tools and signals.count("agent"):
        yield Evidence("agent with tools", f"{signals.count('agent')} terms", 1.6, C.AGENTIC)
    if shape.tools:
        job = 0.7 if shape.words > 8 and not shape.question and not signals.routine else 0.0
        yield Evidence("tools", f"{shape.tools} tools", 0.8 + 0.2 * min(shape.tools, 5) + job, C.AGENTIC)
    if actions >= 2:
        weight = min((1.6 if shape.tools else 0.5) * actions, 4.5)
        yield Evidence("several actions", f"{actions} actions", weight, C.AGENTIC)


def length(signals: Signals) -> Iterator[Evidence]:
    if (tokens := signals.shape.input_tokens) > _LONG:
        yield Evidence("long input", f"{tokens} tokens", 1.3 * log2(tokens / _LONG), C.LONG_CONTEXT)
