"""The signals: each looks at the situation and says which class it speaks for, and how loudly."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import log2

from gateway.core.evidence import Evidence
from gateway.core.facts import RequestClass
from gateway.core.signals.doubts import believed
from gateway.core.signals.situation import MAKING, Situation
from gateway.core.signals.subjects import Subject

C = RequestClass
S = Subject

_LONG = 4_000  # tokens from which the length itself is work
_SHORT_QUESTION, _QUESTION, _STORY, _REASON = 18, 32, 12, 9  # words


def gather(situation: Situation) -> list[Evidence]:
    found: list[Evidence] = []
    for signal in (words, code, question, problem, judgment, labels, fields, tools, length):
        found += signal(situation)
    return found


def words(situation: Situation) -> Iterator[Evidence]:
    for each in situation.reading.found.values():
        name, toward = each.meaning.name, each.meaning.toward
        if situation.fills and name in MAKING:
            toward = C.BOILERPLATE
        yield Evidence("words", name, rounded(believed(each, situation)), toward)


@lru_cache(maxsize=1_024)
def rounded(weight: float) -> float:
    """Kept, for the lexicon has few weights, and rounding takes longer than finding one again."""
    return round(weight, 2)


def code(situation: Situation) -> Iterator[Evidence]:
    strong, weak = situation.count(S.CODE), situation.count(S.CODE_OBJECT)
    quiet = 0.3 if situation.routine and not situation.programs else 1.0
    if situation.programs:
        weight = 3.4 if strong or weak > 1 else 2.4
        yield Evidence("code to write", f"{strong + weak} terms", weight, C.CODING)
    elif strong:
        base = 1.2 if situation.shape.question or strong > 1 else 0.8
        weight = min(base + 0.6 * strong + 0.3 * weak, 2.8) * quiet
        yield Evidence("code terms", f"{strong} terms", weight, C.CODING)
    if strong and weak and situation.has("rewrite"):
        yield Evidence("code to rewrite", f"{strong + weak} terms", 2.4, C.CODING)
    if (hard := situation.count(S.HARD_CODE)) and (strong or situation.has("program")):
        yield Evidence("hard engineering", f"{hard} terms", min(0.6 * hard, 2.4), C.CODING)
    if marks := situation.shape.code:
        yield Evidence("code marks", f"{marks} marks", min(0.6 * marks, 3) * quiet, C.CODING)


def question(situation: Situation) -> Iterator[Evidence]:
    count = situation.shape.words
    if not situation.shape.question or situation.reading.by_task or greets(situation):
        return
    easy = not (situation.is_worked_out or situation.routine)
    if situation.has_material and situation.reading.asks:
        yield from question_of_material(situation)
    elif count <= _SHORT_QUESTION and not situation.routine:
        yield Evidence("short question", f"{count} words", 2.4 if easy else 1.2, C.SIMPLE_QA)
    elif count <= _QUESTION:
        yield Evidence("question", f"{count} words", 1.4 if easy else 0.6, C.SIMPLE_QA)
    elif not situation.routine:
        yield Evidence("narrative, then a question", f"{count} words", 1.6, C.REASONING)


def greets(situation: Situation) -> bool:
    return situation.count(S.GREETING) > 0 and situation.shape.words <= 7


def question_of_material(situation: Situation) -> Iterator[Evidence]:
    """ "Is it late?" about a text wants a label, "when is it due?" a piece of it."""
    quiet = 0.4 if situation.routine or situation.is_worked_out or situation.has("summary") else 1.0
    toward = C.CLASSIFICATION if situation.reading.asks == "is" else C.EXTRACTION
    yield Evidence("question of the material", f"{situation.reading.material} words", 1.8 * quiet, toward)
    yield Evidence("question", f"{situation.shape.words} words", 0.8 * quiet, C.SIMPLE_QA)


def problem(situation: Situation) -> Iterator[Evidence]:
    """What has to be worked out. Under a routine command it is only what the material speaks of."""
    shape, quiet = situation.shape, 0.25 if situation.routine else 1.0
    if shape.options:
        yield Evidence("options to choose from", "lettered", 2.8 * quiet, C.REASONING)
    if shape.numbers > 1 and shape.words >= _STORY and shape.question:
        weight = min(0.8 + 0.3 * shape.numbers, 2.4) * quiet
        yield Evidence("numbers in a story", f"{shape.numbers} numbers", weight, C.REASONING)
    if shape.formulas and not shape.code:
        weight = min(0.8 * shape.formulas, 2.4) * quiet
        yield Evidence("formulas", f"{shape.formulas} marks", weight, C.REASONING)


def judgment(situation: Situation) -> Iterator[Evidence]:
    shape, quiet = situation.shape, 0.25 if situation.routine else 1.0
    doubts = situation.count(S.JUDGMENT)
    if situation.reading.asks_why and shape.words >= _REASON:
        yield Evidence("why", f"{shape.words} words", 1.4 * quiet, C.REASONING)
    if shape.question and doubts > 1 and shape.words >= _STORY:
        yield Evidence("judgment", f"{doubts} terms", min(0.5 * doubts, 1.8) * quiet, C.REASONING)
    if (terms := situation.terms) > 1:
        asks = 1.0 if shape.question or shape.options or doubts else 0.6
        weight = min(0.45 * terms, 2.6) * quiet * asks
        yield Evidence(f"{situation.field} to judge", f"{terms} terms", weight, C.REASONING)


def labels(situation: Situation) -> Iterator[Evidence]:
    """An answer out of a few."""
    shape = situation.shape
    is_problem = shape.options or shape.formulas > 1 or shape.code > 1 or situation.terms > 2
    quiet = 0.3 if is_problem and not situation.reading.by_task else 1.0
    if situation.ordered(S.POLARITY) > 1:
        yield Evidence("labels named", "polarity", 1.8, C.CLASSIFICATION)
    if shape.choices > 2:
        yield Evidence("choices listed", f"{shape.choices} items", 1.6 * quiet, C.CLASSIFICATION)
    if shape.either and is_to_be_chosen(situation):
        yield Evidence("this or that", "in a clause", 1.8 * quiet, C.CLASSIFICATION)
    if situation.ordered(S.ANSWER) and (limits := situation.ordered(S.SINGLE)) > 1:
        yield Evidence("answer limited", f"{limits} terms", min(0.5 * limits, 1.8) * quiet, C.CLASSIFICATION)
    if shape.slot:
        yield Evidence("label to fill in", "at the end", 1.8 * quiet, C.CLASSIFICATION)


def is_to_be_chosen(situation: Situation) -> bool:
    asks = situation.shape.question and situation.has_material
    return asks or situation.ordered(S.ANSWER) > 0 or situation.has("decide whether", "which label")


def fields(situation: Situation) -> Iterator[Evidence]:
    """An answer made of pieces of the material."""
    shape = situation.shape
    if shape.schema:
        yield Evidence("schema", "given", 1.6, C.EXTRACTION)
    if shape.keys > 1:
        yield Evidence("object to fill", f"{shape.keys} keys", 1.6, C.EXTRACTION)
    if (count := situation.ordered(S.FIELD)) and situation.finds:
        is_problem = (situation.terms > 1 or shape.formulas) and not situation.routine
        weight = min(0.5 + 0.5 * count, 2) * (0.3 if is_problem else 1.0)
        yield Evidence("fields", f"{count} fields", weight, C.EXTRACTION)


def tools(situation: Situation) -> Iterator[Evidence]:
    shape, actions = situation.shape, situation.reading.actions
    if shape.tool_results:
        weight = min(2.4 + 0.4 * shape.tool_results, 4)
        yield Evidence("tool results", f"{shape.tool_results} results", weight, C.AGENTIC)
    if shape.tools:
        job = 0.7 if shape.words > 8 and not shape.question and not situation.routine else 0.0
        yield Evidence("tools", f"{shape.tools} tools", 0.8 + 0.2 * min(shape.tools, 5) + job, C.AGENTIC)
    if shape.tools and (agents := situation.count(S.AGENT)):
        yield Evidence("agent with tools", f"{agents} terms", 1.6, C.AGENTIC)
    if actions > 1:
        weight = min((1.6 if shape.tools else 0.5) * actions, 4.5)
        yield Evidence("several actions", f"{actions} actions", weight, C.AGENTIC)


def length(situation: Situation) -> Iterator[Evidence]:
    if (tokens := situation.shape.input_tokens) > _LONG:
        yield Evidence("long input", f"{tokens} tokens", 1.3 * log2(tokens / _LONG), C.LONG_CONTEXT)
