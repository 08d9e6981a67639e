"""What a conversation says, found without understanding it: who orders what, about which subjects.

An application's own task outranks what its users write. A bare "yes" inherits the task of earlier turns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from gateway.core.prompt import Prompt, Turn
from gateway.core.signals.parting import READ_HEAD, excerpt, part, part_quoted
from gateway.core.signals.passage import (
    COMMAND,
    NOTHING,
    Found,
    Passage,
    look_up,
    skim,
    strongest,
    subjects_in,
)
from gateway.core.signals.spelling import BAR
from gateway.core.signals.subjects import Subject
from gateway.core.signals.vocabulary import SUBJECTS_OF

EARLIER_TURNS = 4  # how far back a follow-up may look for its task

# The weight of a command by its place: in an earlier turn, after the material, said to an application that
# has its own task, listed among a general assistant's abilities, in long prose that commands nothing.
EARLIER, CLOSING, UNDER_TASK, GENERALIST, PROSE = 0.9, 0.5, 0.35, 0.35, 0.4

_SYSTEM_TURNS = 4
_HINT = 1.2  # what is found weaker than this says nothing alone
_STRONG = 2.5
_FOLLOW_UP_WORDS = 12
_PROSE = 500  # characters read at each end of a text that commands nothing
_MATERIAL_HEAD, _MATERIAL_TAIL = 1_500, 500
_SHORT = 50  # words up to which a text without a command may still be its own request
_OFFER = 300  # characters at the end of an answer in which it may offer to do more
_OPENING = 30  # characters in which a request without a verb names its object
_QUESTION_MARKS = ("?", "\uff1f")


class Said(Struct, frozen=True, gc=False):
    """One turn: the passage that asks first, then the rest at less weight."""

    passages: tuple[Passage, ...]
    material: int = 0  # words that are only pasted
    closes: bool = False  # it asks at its end, not at its beginning

    @property
    def strength(self) -> float:
        return max([passage.strength for passage in self.passages])

    @property
    def length(self) -> int:
        return sum([passage.length for passage in self.passages])


class Reading(Struct, frozen=True, kw_only=True, gc=False):
    found: Mapping[str, Found]  # the strongest of each meaning
    subjects: str  # the letters of the subjects of its words, each word once
    ordered: str  # the same, only of what gives the orders
    actions: int  # different things to be done outside the conversation
    text: str  # the user's words that were read, as written
    orders: str  # what gives the orders, the application's and the user's, normalised
    asks: str  # how the question opens, "who" or "is"; empty where none is asked
    asks_why: bool
    opens_with: str  # the meaning that the first few words have
    words: int
    material: int
    characters: int  # of the user's last words, also of what was not read
    by_task: bool  # the application has a task of its own, to which the user only brings material


def read(prompt: Prompt) -> Reading:
    system = read_system(prompt.turns)
    abilities = abilities_of(system)
    by_task = 0 < abilities <= 2  # an application has one task, a general assistant lists many abilities
    last = last_said(prompt.turns)
    said = read_turn(last)
    earlier = () if by_task or not is_follow_up(said) else read_earlier(prompt.turns)
    user = [*said.passages, *earlier]
    if by_task:
        user = [passage.at_weight(UNDER_TASK) for passage in user]
    passages = [system.at_weight(GENERALIST if abilities > 2 else 1.0), *user]
    asking = said.passages[0]
    ordering = [system] if by_task else [system, asking]
    opening = subjects_of_first(asking.text)
    return Reading(
        found=strongest(passages),
        subjects=subjects_in(passages),
        ordered=subjects_in(ordering),
        actions=sum([passage.actions for passage in passages]),
        text=excerpt(last),
        orders=" ".join(
            [passage.text for passage in ordering if passage.strength > _HINT or passage.length <= _SHORT]
        ),
        asks="is" if Subject.YES_OR_NO in opening else "who" if Subject.QUESTION in opening else "",
        asks_why=Subject.REASONS in opening,
        opens_with="" if said.closes else opening_of(asking),
        words=said.length + sum([passage.length for passage in earlier]),
        material=said.material,
        characters=len(last),
        by_task=by_task,
    )


def abilities_of(system: Passage) -> int:
    return system.classes_from(COMMAND) or system.classes_from(_HINT) if system.found else 0


def subjects_of_first(text: str) -> str:
    """The letters of the subjects of its first word."""
    words = text.replace(BAR, " ", 3).split(maxsplit=1)
    return SUBJECTS_OF.get(words[0], "") if words else ""


def read_system(turns: Sequence[Turn]) -> Passage:
    texts = [turn.text[:READ_HEAD] for turn in turns if turn.role == "system"]
    return read_task(excerpt("\n".join(texts[:_SYSTEM_TURNS]))) if texts else NOTHING


@lru_cache(maxsize=256)
def read_task(text: str) -> Passage:
    """An application sends the same with each of its requests, so the last ones are kept as they were read."""
    return look_up(part_quoted(text)[0], is_instruction=True)


def last_said(turns: Sequence[Turn]) -> str:
    for turn in reversed(turns):
        if turn.role == "user":
            return turn.text
    return ""


def read_turn(text: str) -> Said:
    parts = part(excerpt(text))
    opening, closing = look_up(parts.head), look_up(parts.end) if parts.end else NOTHING
    body, quoted = read_material(parts.body), read_material(parts.quoted)
    is_led = opening.strength >= COMMAND or parts.head.rstrip().endswith(_QUESTION_MARKS)
    if is_led or not (parts.body or parts.end):
        return Said((opening, closing.at_weight(CLOSING), body, quoted), body.length + quoted.length)
    if closing.strength >= COMMAND:
        return Said((closing, opening, body, quoted), opening.length + body.length + quoted.length, True)
    # Nothing commands, neither first nor last: the text is its own request, as far as it is short.
    whole = look_up(excerpt(f"{parts.head}\n\n{parts.body}\n\n{parts.end}", head=_PROSE, tail=_PROSE))
    return Said((whole.at_weight(PROSE if whole.length > _SHORT else 1.0), body, quoted), quoted.length)


def read_material(text: str) -> Passage:
    return skim(excerpt(text, head=_MATERIAL_HEAD, tail=_MATERIAL_TAIL)) if text else NOTHING


def is_follow_up(said: Said) -> bool:
    return said.length <= _FOLLOW_UP_WORDS and said.strength < _STRONG


def read_earlier(turns: Sequence[Turn]) -> tuple[Passage, ...]:
    """What a follow-up follows: the assistant's offer, and the user's turns back to one with a task."""
    users = [index for index, turn in enumerate(turns) if turn.role == "user"]
    earlier = read_offer(turns[: users[-1]]) if users else []
    for index in reversed(users[-1 - EARLIER_TURNS : -1]):
        earlier += [passage.at_weight(EARLIER) for passage in read_turn(turns[index].text).passages]
        if any(passage.strength >= COMMAND for passage in earlier):
            break
    return tuple(earlier)


def read_offer(turns: Sequence[Turn]) -> list[Passage]:
    """What the assistant last offered to do: a bare "yes" takes it up."""
    last = next((turn for turn in reversed(turns) if turn.role == "assistant"), None)
    if last is None or not last.text.rstrip().endswith(_QUESTION_MARKS):
        return []
    return [look_up(last.text[-_OFFER:]).at_weight(EARLIER)]


def opening_of(passage: Passage) -> str:
    first = min(passage.found, key=_place, default=None)
    return first.meaning.name if first is not None and first.at < _OPENING else ""


def _place(found: Found) -> tuple[int, float]:
    return found.at, -found.weight
