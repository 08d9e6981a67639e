"""Answers that are written rather than looked up: open answers, letters, plans, descriptions, code."""

from __future__ import annotations

import re

from gateway.simulator import phrases, vocabulary
from gateway.simulator.task import Task, content_words


def letter(task: Task) -> str | None:
    if not task.wants(r"\b(?:write|draft|compose)\b.*\b(?:e-?mail|reply|letter|answer|message|response)\b"):
        return None
    return phrases.LETTER.format(topic=topic(task), body=task.dice.pick("body", phrases.LETTER_BODIES))


def itinerary(task: Task) -> str | None:
    found = re.search(
        r"(\w+)[- ]days?\b.*\b(?:itinerary|plan|trip)\b(?: (?:for|in|to) ([A-Z]\w+))?", task.all
    )
    if not found:
        return None
    numbers = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
    days = min(
        5, numbers.get(found.group(1).lower(), 0) or int(found.group(1)) if found.group(1).isdigit() else 3
    )
    first = task.dice.pick("day", range(len(phrases.DAYS)))
    return "\n".join(
        day(number, phrases.DAYS[(first + number) % len(phrases.DAYS)]) for number in range(days)
    )


def day(number: int, parts: tuple[str, str, str]) -> str:
    morning, noon, evening = parts
    return f"Day {number + 1}: in the morning {morning}, then {noon}, and in the evening {evening}."


def description(task: Task) -> str | None:
    if not task.wants(r"\b(?:description|describe|snippet|teaser)\b"):
        return None
    return " ".join(phrases.DESCRIPTION[: task.sentences])


def translation(task: Task) -> str | None:
    if not task.wants(r"\btranslat"):
        return None
    return next((text for language, text in phrases.TRANSLATIONS.items() if task.wants(language)), None)


def commit(task: Task) -> str | None:
    return task.dice.pick("commit", phrases.COMMITS) if task.wants(r"\bcommit message\b") else None


def code(task: Task) -> str | None:
    if not task.wants(
        r"\b(?:function|implement|script|regex|python|java|refactor|unit test|sql|code that)\b"
    ):
        return None
    if task.wants(r"\bsql\b"):
        return f"```sql\n{phrases.SQL.format(name=name_for(task))}\n```"
    body = next(text for word, text in phrases.PYTHON.items() if word in task.all.lower())
    explained = f"\n\n{open_answer(task)}" if task.sentences > 3 else ""
    return f"```python\n{body.replace('{name}', name_for(task))}\n```{explained}"


def name_for(task: Task) -> str:
    said = re.search(r"(?:function|method|script|code)\s+(?:that|to|which|for)\s+([\w ]{3,40})", task.all)
    names = content_words(said.group(1) if said else task.subject, verbs=True)
    return "_".join([name.removesuffix("s") for name in names[:1]] + names[1:4]) or "solve"


def reasoning(task: Task) -> str | None:
    """Steps, where they are asked for. A model that is not up to it leaves most of them out."""
    if not task.wants(r"step[ -]by[ -]step|\b(?:prove|derive|compare|analy[sz]e|weigh)\b"):
        return None
    words = topics(task)
    kept = phrases.STEPS[: max(2, task.sentences)]
    return "\n".join(f"{place}. {filled(step, words)}" for place, step in enumerate(kept, 1))


def open_answer(task: Task) -> str:
    words, clause = topics(task), topic(task)
    is_order = clause.partition(" ")[0] in vocabulary.VERBS
    opening = task.dice.pick("opening", phrases.PLANS if is_order else phrases.OPENINGS)
    first = task.dice.pick("first", range(len(phrases.SENTENCES)))
    more = sorted((first + place) % len(phrases.SENTENCES) for place in range(task.sentences - 1))
    begun = opening.format(topic=clause, a=words[0], b=words[1])
    return " ".join([begun, *(filled(phrases.SENTENCES[place], words) for place in more)])


def filled(sentence: str, words: tuple[str, str]) -> str:
    text = sentence.format(a=words[0], b=words[1])
    return text[:1].upper() + text[1:]


def topics(task: Task) -> tuple[str, str]:
    words = content_words(task.subject)
    return (words[0], words[-1]) if len(words) > 1 else (words[0] if words else "the aim", "the cost")


def topic(task: Task) -> str:
    """What is asked about, as a clause that stands in a sentence."""
    clause = task.subject.split("\n")[0].strip(" .?!\"'")
    for pattern, instead in CLAUSES:
        clause = re.sub(pattern, instead, clause, count=1, flags=re.IGNORECASE)
    clause = " ".join(clause.split()[:14]) or "this"
    return clause if clause[:2].isupper() else clause[:1].lower() + clause[1:]


CLAUSES = (
    (r"^(?:please |can you |could you )+", ""),
    (r"^.*\b(?:e-?mail|reply|letter|message)\b.*?\babout ", ""),
    (r"^(?:explain|describe|tell me(?: about)?|discuss|what(?:'s| is| are)) ", ""),
    (r"^how (?:do|can|should) (?:i|we|you) ", "how to "),
    (r"^(why|how) (?:do|does|did) ", r"\1 "),
)
