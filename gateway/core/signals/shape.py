"""What can be seen of a request without reading its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.core.prompt import Prompt
from gateway.core.signals.reading import Reading
from gateway.core.signals.spelling import BAR
from gateway.core.signals.subjects import Subject

# Marks by a character that each contains: where that is missing, none of them is looked for.
_CODE_MARKS: Mapping[str, tuple[str, ...]] = {
    "(": ("def ", "function ", "();", ") {", "Traceback (", "println", "self.", "$(", "(?=", "public static"),
    "=": (" == ", "=> ", "const ", "return "),
    ">": ("-> ", ">>> ", "</"),
    "{": ("};", "\n}", "{\n", "${"),
    "`": ("```",),
    "#": ("#include", "#!/"),
    "\n": ("\nimport ", "\nfrom ", "\nclass ", "    return "),
    "/": ("/usr/", "://localhost", "/*", "// "),
    "\\": ("\\d", "\\w", "\\s", "\\n"),
    "S": ("SELECT ",),
    "F": (" FROM ",),
    "E": ("Error:",),
}
_FORMULA_MARKS: Mapping[str, tuple[str, ...]] = {
    "\\": ("\\frac", "\\sqrt", "\\sin", "\\cos", "\\sum", "\\int", "\\le", "\\angle", "\\mathbb", "\\["),
    "=": ("= 0", " = "),
    "+": ("x +", "+ y", " + "),
    "(": ("f(x)",),
    "'": ("''",),
    "[": ("[asy]", "\ndraw("),
    "$": ("$",),
    "^": ("^",),
}
_FORMULA_SIGNS = "∫√∑≤≥π²³∈"
_OPTION_MARKS = (
    *(("\na. ", "\nb. ", "\nc. "), ("a) ", "b) ", "c) "), ("\na: ", "\nb: "), ("(a)", "(b)", "(c)")),
    *(("\n(a", "\n(b"), ("true, false", "false, true")),
)
_OPTIONS_WITHIN = 1_500  # characters at the end of a text in which options to choose from stand
_MARKS_WITHIN = 2_000  # characters at its start in which marks are looked for
_ORDERS_WITHIN = 1_500
_MOST_CHOICES = 16  # a longer row is data
_QUESTION_WITHIN = 120


class Shape(Struct, frozen=True, kw_only=True, gc=False):
    input_tokens: int
    words: int
    question: bool
    numbers: int
    options: bool  # to choose from, lettered
    code: int  # different marks of code
    formulas: int  # different marks of mathematics
    choices: int  # short items in a row, to choose from
    either: bool  # a clause that opens or closes with "this or that"
    keys: int  # of a JSON object shown as a model
    slot: bool  # ends with a label to be filled in
    tools: int
    tool_results: int
    schema: bool
    images: int


def shape_of(prompt: Prompt, reading: Reading, *, input_tokens: int) -> Shape:
    text = reading.text.strip()
    start = text[:_MARKS_WITHIN]
    clauses = [words for clause in reading.orders[:_ORDERS_WITHIN].split(BAR) if (words := clause.split())]
    return Shape(
        input_tokens=input_tokens,
        words=reading.words,
        question=is_question(text, reading),
        numbers=count_numbers(start) + reading.subjects.count(Subject.NUMBER),
        options=has_options(text[-_OPTIONS_WITHIN:]),
        code=count_marks(start, _CODE_MARKS),
        formulas=count_marks(start, _FORMULA_MARKS) + count_signs(start),
        choices=count_choices(clauses),
        either=is_either(clauses),
        keys=max([count_keys(turn.text[:_MARKS_WITHIN]) for turn in prompt.turns[:2]], default=0),
        slot=text.endswith(":") and "\n" in text,
        tools=len(prompt.tools),
        tool_results=[turn.role for turn in prompt.turns].count("tool"),
        schema=prompt.schema,
        images=prompt.images,
    )


def is_question(text: str, reading: Reading) -> bool:
    """A mark near the end is enough; without one, "who" opens a question, "is" only a whole sentence."""
    end = text[-_QUESTION_WITHIN:]
    if len(text) > 1 and ("?" in end or "\uff1f" in end):
        return True
    return reading.asks == "who" or (reading.asks == "is" and reading.words > 3)


def count_marks(text: str, marks: Mapping[str, tuple[str, ...]]) -> int:
    return sum([mark in text for gate, gated in marks.items() if gate in text for mark in gated])


def count_signs(text: str) -> int:
    return 0 if text.isascii() else sum([sign in text for sign in _FORMULA_SIGNS])


def count_keys(text: str) -> int:
    return text.count('":') if "{" in text and '{"' in text else 0


def count_numbers(text: str) -> int:
    if not sum([digit in text for digit in "0123456789"]):
        return 0
    return len(text.encode(errors="replace").translate(_ONLY_DIGITS, b".,").split())


_ONLY_DIGITS = bytes(byte if chr(byte).isdecimal() else 32 for byte in range(256))


def count_choices(clauses: Sequence[Sequence[str]]) -> int:
    """The longest run of one or two words between commas; "a or b" ends one, "and c" is no choice."""
    longest = run = 0
    for words in clauses:
        count = len(words)
        if count > 4:
            run = 0
        elif count > 2:
            if run and words[1] in _OR and are_words(words):
                longest = max(longest, run + 2)
            run = 0
        else:
            run = 0 if words[0] in _AND or not are_words(words) else run + 1
            longest = max(longest, run)
    return longest if longest <= _MOST_CHOICES else 0


_OR = frozenset({"or", "oder", "ou", "o", "of"})
_AND = frozenset({"and", "und", "et", "y", "e", "en"})


def are_words(words: Sequence[str]) -> bool:
    return "".join(words).isalpha() and min(map(len, words)) > 1


def is_either(clauses: Sequence[Sequence[str]]) -> bool:
    """Whether a clause opens or closes with "this or that"."""
    return any(
        len(words) > 2 and (words[1] in _OR or words[-2] in _OR or words[-3] in _OR) for words in clauses
    )


def has_options(text: str) -> bool:
    """The first of a list's marks is looked for first: it is missing in nearly all texts."""
    if not ("\n" in text or ")" in text or "alse" in text):
        return False
    lowered = text.lower()
    return any(
        first in lowered and all(mark in lowered for mark in others) for first, *others in _OPTION_MARKS
    )
