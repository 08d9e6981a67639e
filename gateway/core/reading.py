"""What a prompt says, found without understanding it: commands and subjects, each weighed by where it stands.

A text is parted into what is *asked* and what is only *pasted* (quoted, fenced, tagged, or after a colon), so
that a document cannot give orders. Messages are read at their two ends only, so the work is bounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.core.languages import EAST_ASIAN, EUROPEAN
from gateway.core.lexicon import MEANINGS, Meaning
from gateway.core.prompt import Prompt, Turn
from gateway.core.subjects import ACTIONS, SUBJECTS
from gateway.core.tokens import count_bytes

READ_HEAD = 4_000  # characters read from the start of a message
READ_TAIL = 2_000  # and from its end
EARLIER_TURNS = 4  # how far back a follow-up may look for its task

# The weight of a command by its place: in an earlier turn, after the material, inside it, said to an application
# that has its own task, listed among a general assistant's abilities.
EARLIER, CLOSING, PASTED, UNDER_TASK, GENERALIST = 0.9, 0.5, 0.2, 0.35, 0.35
COMMAND = 1.8  # what is found at least this strong is a task of its own
_FIRST = 0.6  # added to the first command of a text: the rest is detail
_FOLLOW_UP_WORDS = 12
_CLOSING_LENGTH = 400
_HEAD_LENGTH = 300
_QUOTE_LENGTH = 24  # shorter quotations are labels and names


class Found(Struct, frozen=True):
    meaning: Meaning
    weight: float
    at: int = 0
    command: bool = False


class Passage(Struct, frozen=True):
    """A piece of text, normalised, and what was found in it."""

    text: str
    length: int  # in words
    known: frozenset[str]
    found: tuple[Found, ...]

    @property
    def strength(self) -> float:
        return max((each.weight for each in self.found), default=0.0)

    def at_weight(self, weight: float) -> Passage:
        weighed = tuple(
            Found(f.meaning, f.weight * weight, f.at, f.command and weight >= CLOSING) for f in self.found
        )
        return Passage(self.text, self.length, self.known, weighed)


class Reading(Struct, frozen=True, kw_only=True):
    found: Mapping[str, Found]  # the strongest of each meaning
    subjects: Mapping[str, int]  # how many words of each subject
    ordered: Mapping[str, int]  # the same, only in what gives the orders
    actions: int  # different things to be done outside the conversation
    text: str  # the user's words that were read, as written
    orders: str  # what gives the orders, the application's and the user's, normalised
    asks: str  # how the question opens, "who" or "is"; empty where none is asked
    words: int
    material: int  # words that are only pasted
    by_task: bool  # the application has a task of its own, to which the user only brings material
    follows: bool  # the task stands in an earlier turn


def read(prompt: Prompt) -> Reading:
    system = read_system(prompt.turns)
    by_task = is_one_task(system)
    last = last_said(prompt.turns)
    said = read_turn(last) if last else [NOTHING]
    earlier = [] if by_task or not is_follow_up(said) else read_earlier(prompt.turns)
    user = [passage.at_weight(UNDER_TASK if by_task else 1.0) for passage in said + earlier]
    passages = [system.at_weight(1.0 if by_task else GENERALIST), *user]
    ordering = [system] if by_task else [system, said[0]]
    return Reading(
        found=strongest(passages),
        subjects=count_subjects(passages),
        ordered=count_subjects(ordering),
        actions=sum(count_actions(passage) for passage in passages),
        text=excerpt(last),
        orders=" ".join(passage.text for passage in ordering if passage.found),
        asks=question_word(said[0].text),
        words=sum(passage.length for passage in said + earlier),
        material=sum(passage.length for passage in said[1:]),
        by_task=by_task,
        follows=bool(earlier),
    )


def read_system(turns: Sequence[Turn]) -> Passage:
    text = "\n".join(turn.text[:READ_HEAD] for turn in turns if turn.role == "system")
    return look_up(part(excerpt(text))[0]) if text else NOTHING


def is_one_task(system: Passage) -> bool:
    """An application's task, which outranks what its users write; a general assistant lists many abilities."""
    return 0 < len({each.meaning.toward for each in system.found if each.weight >= COMMAND}) <= 2


def last_said(turns: Sequence[Turn]) -> str:
    return next((turn.text for turn in reversed(turns) if turn.role == "user"), "")


def is_follow_up(said: Sequence[Passage]) -> bool:
    return sum(p.length for p in said) <= _FOLLOW_UP_WORDS and max(p.strength for p in said) < 2.5


def read_earlier(turns: Sequence[Turn]) -> list[Passage]:
    """What a follow-up follows: the assistant's offer, and the user's turns back to one with a task."""
    users = [index for index, turn in enumerate(turns) if turn.role == "user"]
    earlier = read_offer(turns, users[-1]) if users else []
    for index in reversed(users[-1 - EARLIER_TURNS : -1]):
        earlier += [passage.at_weight(EARLIER) for passage in read_turn(turns[index].text)]
        if any(passage.strength >= COMMAND for passage in earlier):
            break
    return earlier


def read_offer(turns: Sequence[Turn], before: int) -> list[Passage]:
    """What the assistant last offered to do: a bare "yes" takes it up."""
    last = next((turn for turn in reversed(turns[:before]) if turn.role == "assistant"), None)
    if last is None or not last.text.rstrip().endswith("?"):
        return []
    return [look_up(last.text[-_HEAD_LENGTH:]).at_weight(EARLIER)]


def read_turn(text: str) -> list[Passage]:
    """The asking passage first, then the rest at less weight."""
    asked, pasted = part(excerpt(text))
    head, rest = split_head(asked)
    opening = look_up(head)
    quoted = [skim(pasted)] if pasted else []
    if not rest:
        return [opening, *quoted]
    body, end = split_end(rest)
    closing = look_up(end) if end else NOTHING
    if opening.strength >= COMMAND or head.rstrip().endswith(("?", "\uff1f")):
        return [opening, skim(body), closing.at_weight(CLOSING), *quoted]
    if closing.strength >= COMMAND:
        return [closing, opening, look_up(body).at_weight(CLOSING), *quoted]
    return [look_up(asked), *quoted]


def skim(pasted: str) -> Passage:
    """Material only tells the subject; its two ends will do."""
    return look_up(excerpt(pasted, head=1_500, tail=500)).at_weight(PASTED)


def split_head(text: str) -> tuple[str, str]:
    """A request comes first and ends at a blank line or a colon, or it is the whole text."""
    blank = text.find("\n\n")
    colons = (text.find(colon, 0, _HEAD_LENGTH) for colon in (":", "\uff1a"))
    cuts = [at for at in (blank, *colons) if at >= 0]
    return (text[: min(cuts)], text[min(cuts) + 1 :].strip()) if cuts else (text, "")


def split_end(text: str) -> tuple[str, str]:
    body, blank, end = text.rstrip().rpartition("\n\n")
    return (body, end) if blank and len(end) <= _CLOSING_LENGTH else (text, "")


def part(text: str) -> tuple[str, str]:
    """What is asked, and what is fenced, quoted or tagged."""
    asked, pasted = text, []
    for mark in ("```", '"""'):
        if mark in asked:
            pieces = asked.split(mark)
            asked = "\n\n".join(pieces[::2])
            pasted += pieces[1::2]
    asked, quoted = part_quotes(asked)
    for opening, closing in _QUOTES:
        if opening in asked:
            asked, found = part_between(asked, opening, closing)
            pasted += found
    if "</" in asked:
        asked, found = part_tags(asked)
        pasted += found
    return asked, "\n".join(pasted + quoted)


_QUOTES = (("“", "”"), ("„", "“"), ("«", "»"), ("「", "」"), (" '", "'\n"), (": '", "'"))


def part_quotes(text: str) -> tuple[str, list[str]]:
    pieces = text.split('"')
    if len(pieces) < 3 or len(pieces) % 2 == 0:
        return text, []
    long = [piece for piece in pieces[1::2] if len(piece) >= _QUOTE_LENGTH]
    kept = [piece for index, piece in enumerate(pieces) if index % 2 == 0 or len(piece) < _QUOTE_LENGTH]
    return (" ".join(kept), long) if long else (text, [])


def part_between(text: str, opening: str, closing: str) -> tuple[str, list[str]]:
    asked, found, at = [], [], 0
    while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start + len(opening))) >= 0:
        if end - start >= _QUOTE_LENGTH:
            asked.append(text[at:start])
            found.append(text[start:end])
        else:
            asked.append(text[at:end])
        at = end + len(closing)
    return " ".join([*asked, text[at:]]), found


def part_tags(text: str) -> tuple[str, list[str]]:
    """The content of up to four pairs of tags."""
    found = []
    for _ in range(4):
        end = text.find("</")
        name = text[end + 2 : text.find(">", end)]
        start = text.find(f"<{name}")
        if end < 0 or not name.isidentifier() or not 0 <= start < end:
            break
        found.append(text[start:end])
        text = f"{text[:start]}\n\n{text[end + len(name) + 3 :]}"
    return text, found


class Entry(Struct, frozen=True):
    """What one word may be part of."""

    phrases: tuple[tuple[str, Meaning], ...] = ()
    subjects: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


_OPENERS = frozenset(
    [
        "|",
        "please",
        "you",
        "to",
        "and",
        "then",
        "must",
        "should",
        "will",
        "me",
        "us",
        "now",
        "also",
        "just",
        "or",
        "bitte",
        "por",
        "favor",
        "per",
        "favore",
        "can",
        "could",
        "would",
        "ok",
    ]
)


def look_up(text: str) -> Passage:
    normal, length, words = normalise(text)
    known = words & _KNOWN
    found = [
        each
        for word in known
        for form, meaning in _ENTRIES[word].phrases
        if (each := find(normal, form, meaning)) is not None
    ]
    if not normal.isascii():
        found += find_cjk(normal)
    return Passage(normal, length, known, with_first(found))


def normalise(text: str) -> tuple[str, int, frozenset[str]]:
    """Lower case; words parted by one space, clauses by a bar."""
    lowered = text.lower()
    if not lowered.isascii():
        for mark, plain in _MARKS:
            lowered = lowered.replace(mark, plain)
    raw = lowered.encode(errors="replace").translate(_TABLE).replace(b"|", b" | ")
    words = raw.decode().split()
    length = len(words) + (0 if lowered.isascii() else count_bytes(raw, _UNPARTED) // 2)
    return f" | {' '.join(words)} | ", length, frozenset(words)


_MARKS: tuple[tuple[str, str], ...] = (
    ("’", "'"),
    ("“", '"'),
    ("”", '"'),
    ("„", '"'),
    ("«", '"'),
    ("»", '"'),
    ("¿", ""),
    ("¡", ""),
)
_MARKS = (
    *_MARKS,
    ("。", "."),
    ("\uff1a", ":"),
    ("\uff0c", ","),
    ("、", ","),
    ("\uff1f", "?"),
    ("–", "-"),
    ("…", "."),
)
_UNPARTED = bytes(range(0xE3, 0xEE))  # first bytes of Chinese, Japanese and Korean: two letters to a word
_CLAUSE_ENDS = b'.!?;:\n(),"|'
_WORD_BYTES = b"+#_\x00"


def _byte(byte: int) -> int:
    if byte in _CLAUSE_ENDS:
        return ord("|")
    return byte if byte >= 128 or chr(byte).isalnum() or byte in _WORD_BYTES else ord(" ")


_TABLE = bytes(_byte(byte) for byte in range(256))


def find(text: str, form: str, meaning: Meaning) -> Found | None:
    at = text.find(form)
    if at < 0:
        return None
    if is_command(text, form, at):
        return Found(meaning, meaning.asked, at, True)
    return Found(meaning, meaning.mentioned, at) if meaning.mentioned else None


def is_command(text: str, form: str, at: int) -> bool:
    for _ in range(3):
        if text[text.rfind(" ", 0, at) + 1 : at] in _OPENERS:
            return True
        at = text.find(form, at + 1)
        if at < 0:
            return False
    return False


def with_first(found: list[Found]) -> tuple[Found, ...]:
    commands = [each for each in found if each.command and each.weight >= COMMAND]
    if not commands:
        return tuple(found)
    first = min(commands, key=lambda each: (each.at, -each.weight, each.meaning.name))
    raised = Found(first.meaning, first.weight + _FIRST, first.at, True)
    return tuple(raised if each is first else each for each in found)


def find_cjk(text: str) -> list[Found]:
    return [Found(meaning, meaning.asked, 0, True) for form, meaning in _CJK if form in text]


def strongest(passages: Sequence[Passage]) -> dict[str, Found]:
    best: dict[str, Found] = {}
    for passage in passages:
        for each in passage.found:
            known = best.get(each.meaning.name)
            if known is None or each.weight > known.weight:
                best[each.meaning.name] = each
    return best


def count_subjects(passages: Sequence[Passage]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in frozenset[str]().union(*(passage.known for passage in passages)):
        for subject in _ENTRIES[word].subjects:
            counts[subject] = counts.get(subject, 0) + 1
    return counts


def count_actions(passage: Passage) -> int:
    forms = {form for word in passage.known for form in _ENTRIES[word].actions if form in passage.text}
    return sum(is_command(passage.text, form, passage.text.find(form)) for form in forms)


def question_word(asked: str) -> str:
    """ "who", or "is" for a question to be answered by yes or no; empty where the text opens otherwise."""
    first = next(iter(asked[:_HEAD_LENGTH].replace("|", " ").split(maxsplit=1)), "")
    subjects = _ENTRIES.get(first, NO_ENTRY).subjects
    return "is" if "yes or no" in subjects else "who" if "question" in subjects else ""


def excerpt(text: str, *, head: int = READ_HEAD, tail: int = READ_TAIL) -> str:
    return text if len(text) <= head + tail else f"{text[:head]}\n\n{text[-tail:]}"


def _normal_form(form: str) -> str:
    return normalise(" ".join(form.split()))[0].removeprefix(" |").removesuffix("| ")


def _compile() -> dict[str, Entry]:
    phrases: dict[str, list[tuple[str, Meaning]]] = {}
    subjects: dict[str, list[str]] = {}
    actions: dict[str, list[str]] = {}
    for meaning in MEANINGS:
        others = (forms[meaning.name] for forms in EUROPEAN if meaning.name in forms)
        for form in dict.fromkeys(
            _normal_form(form)
            for forms in (meaning.forms, *others)
            for form in forms.split(",")
            if form.strip()
        ):
            phrases.setdefault(_anchor(form), []).append((form, meaning))
    for subject, words in SUBJECTS.items():
        for word in normalise(words)[2] - {"|"}:
            subjects.setdefault(word, []).append(subject)
    for form in map(_normal_form, ACTIONS.split(",")):
        actions.setdefault(_anchor(form), []).append(form)
    return {
        word: Entry(tuple(phrases.get(word, ())), tuple(subjects.get(word, ())), tuple(actions.get(word, ())))
        for word in phrases.keys() | subjects.keys() | actions.keys()
    }


def _anchor(form: str) -> str:
    """The word of a phrase to look for first: the longest is the rarest."""
    return max(form.split(), key=len)


NO_ENTRY = Entry()
_ENTRIES: Mapping[str, Entry] = _compile()
_KNOWN = frozenset(_ENTRIES)
_NAMED = {meaning.name: meaning for meaning in MEANINGS}
_CJK = tuple((form, _NAMED[name]) for name, forms in EAST_ASIAN.items() for form in forms.split())
NOTHING = Passage("", 0, frozenset(), ())
