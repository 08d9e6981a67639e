"""Why a word counts for less than it could: something else says that it is not the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.core.facts import RequestClass
from gateway.core.signals.passage import Found
from gateway.core.signals.situation import ROUTINE, Situation
from gateway.core.signals.subjects import Subject

C = RequestClass
S = Subject

Doubt = Callable[[Situation], float]  # what is left of a word's weight


def believed(each: Found, situation: Situation) -> float:
    """What is left of a word's weight after the strongest doubt."""
    meaning, left = each.meaning, 1.0
    for doubt in _OF_MEANING.get(meaning.name, ()):
        left = min(left, doubt(situation))
    if meaning.toward in _COMMANDED:
        if not situation.obeys(meaning):
            left = min(left, 0.3)
        if situation.programs:
            left = min(left, part_of_a_program(each, situation))
    return each.weight * left


def part_of_a_program(each: Found, situation: Situation) -> float:
    """ "Write a script to extract …": what the program shall do is not what is asked."""
    write = situation.reading.found.get("write")
    return 0.4 if write is not None and each.at >= write.at else 1.0


def not_to_be_written(situation: Situation) -> float:
    """The poem may be what is summarized, the note what a tool sends."""
    return 0.4 if not situation.writes or situation.shape.tools else 1.0


def after_a_routine_text(situation: Situation) -> float:
    return 0.4 if situation.fills else 1.0


def named_by_what_is_made(situation: Situation) -> float:
    return 0.4 if situation.programs or situation.has("summary", "summarize", "define") else 1.0


def about_a_wording(situation: Situation) -> float:
    return 0.3 if situation.has("another tone", "language mistakes", "rewrite") else 1.0


def about_an_expression(situation: Situation) -> float:
    return 0.2 if situation.shape.formulas else 1.0


def about_a_feeling(situation: Situation) -> float:
    """A sentiment is told, not argued."""
    return 0.4 if situation.has("sentiment or intent") else 1.0


def about_code(situation: Situation) -> float:
    """The handler, not its wording."""
    return 0.4 if situation.count(S.CODE) and situation.count(S.CODE_OBJECT) else 1.0


def about_a_language(situation: Situation) -> float:
    """What a line of code does is a programmer's question."""
    return 0.5 if situation.count(S.CODE) or situation.shape.code > 1 else 1.0


def of_specialists(situation: Situation) -> float:
    """A judgment, not a label, and more than a definition."""
    return 0.4 if situation.terms > 2 else 1.0


def of_nothing(situation: Situation) -> float:
    """Nothing is there to list from, or it takes an expert."""
    is_there = situation.has_material or situation.reading.by_task or situation.has("mentioned in")
    return 1.0 if is_there and situation.terms < 2 else 0.5


def among_options(situation: Situation) -> float:
    """One of the options is the answer."""
    return 0.3 if situation.shape.options else 1.0


_COMMANDED = ROUTINE | {C.BOILERPLATE}  # that a problem or a program may only speak of
_OF_MEANING: Mapping[str, tuple[Doubt, ...]] = {
    "routine text": (not_to_be_written,),
    "message": (not_to_be_written,),
    "creative piece": (not_to_be_written, after_a_routine_text),
    "write": (named_by_what_is_made,),
    "give": (named_by_what_is_made,),
    "brainstorm": (about_a_wording,),
    "another tone": (about_an_expression,),
    "rewrite": (about_code, about_an_expression),
    "analyse": (about_a_feeling,),
    "explain": (of_specialists, about_a_language),
    "define": (of_specialists, about_a_language),
    "decide whether": (of_specialists,),
    "list what is there": (of_nothing,),
    "fixed answers": (among_options,),
    "answer with": (among_options,),
}
