"""A prompt, cut the way a reader would: the words that instruct, and the words that are worked on."""

from __future__ import annotations

import re

from msgspec import Struct

from gateway.simulator import vocabulary
from gateway.simulator.asked import Asked
from gateway.simulator.dice import Dice


class Task(Struct, frozen=True):
    instructions: str
    subject: str
    is_apart: bool  # whether the subject is a text of its own
    sentences: int
    dice: Dice

    @property
    def all(self) -> str:
        return self.instructions if not self.is_apart else f"{self.instructions}\n{self.subject}"

    def wants(self, pattern: str) -> bool:
        return bool(re.search(pattern, self.instructions, re.IGNORECASE))


def task_of(asked: Asked, sentences: int, dice: Dice) -> Task:
    said, rules = asked.last("user"), asked.last("system")
    head, separator, rest = said.partition("\n") if "\n" in said else said.partition(": ")
    # What follows "one of:" still belongs to the instructions.
    is_apart = bool(separator) and len(rest) >= len(head) // 4 and not re.search(LISTING, head, re.IGNORECASE)
    if not is_apart:
        head = rest = said
    return Task(f"{rules}\n{head}".strip(), rest.strip().strip('"'), is_apart or bool(rules), sentences, dice)


LISTING = r"\b(?:one of|following|labels|categories|classes|are|with|as)$"


def words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def content_words(text: str, *, verbs: bool = False) -> list[str]:
    """The words that tell what it is about, each once, in order."""
    dull = vocabulary.COMMON if verbs else vocabulary.COMMON | vocabulary.VERBS
    return list(dict.fromkeys(word for word in words(text) if len(word) > 2 and word not in dull))[:8]
