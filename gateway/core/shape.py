"""What can be seen of a request without reading its words."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gateway.core.prompt import Prompt
from gateway.core.reading import Reading

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
    **{sign: (sign,) for sign in "$^∫√∑≤≥π²³∈"},
}
_OPTION_MARKS = (
    *(("\na. ", "\nb. ", "\nc. "), ("a) ", "b) ", "c) "), ("\na: ", "\nb: "), ("(a)", "(b)", "(c)")),
    *(("\n(a", "\n(b"), ("true, false", "false, true")),
)
_OPTIONS_WITHIN = 1_500  # characters at the end of a text in which options to choose from stand
_MARKS_WITHIN = 2_000  # characters at its start in which marks are looked for
_QUESTION_MARKS = ("?", "\uff1f")


class Shape(Struct, frozen=True, kw_only=True):
    input_tokens: int
    words: int
    question: bool
    numbers: int
    options: bool  # to choose from, lettered
    code: int  # different marks of code
    formulas: int  # different marks of mathematics
    choices: int  # short items in a row, to choose from
    either: bool  # opens with "this or that"
    keys: int  # of a JSON object shown as a model
    slot: bool  # ends with a label to be filled in
    tools: int
    tool_results: int
    schema: bool


def shape_of(prompt: Prompt, reading: Reading, *, input_tokens: int) -> Shape:
    text = reading.text.strip()
    start = text[:_MARKS_WITHIN]
    return Shape(
        input_tokens=input_tokens,
        words=reading.words,
        question=is_question(text, reading),
        numbers=count_numbers(start) + reading.subjects.get("number", 0),
        options=has_options(text[-_OPTIONS_WITHIN:].lower()),
        code=count_marks(start, _CODE_MARKS),
        formulas=count_marks(start, _FORMULA_MARKS),
        choices=count_choices(reading.orders[:_MARKS_WITHIN]),
        either=opens_with_choice(reading.orders),
        keys=max(
            (turn.text.count('":', 0, _MARKS_WITHIN) for turn in prompt.turns if '{"' in turn.text), default=0
        ),
        slot=text.endswith(":") and "\n" in text,
        tools=len(prompt.tools),
        tool_results=sum(turn.role == "tool" for turn in prompt.turns),
        schema=prompt.schema,
    )


def is_question(text: str, reading: Reading) -> bool:
    """A mark is enough; without one, "who" opens a question, "is" only a whole sentence."""
    if text.endswith(_QUESTION_MARKS):
        return len(text) > 1
    return reading.asks == "who" or (reading.asks == "is" and reading.words > 3)


def count_marks(text: str, marks: Mapping[str, tuple[str, ...]]) -> int:
    return sum(mark in text for gate, gated in marks.items() if gate in text for mark in gated)


def count_numbers(text: str) -> int:
    return len(text.encode(errors="replace").translate(_ONLY_DIGITS, b".,").split())


_ONLY_DIGITS = bytes(byte if chr(byte).isdecimal() else 32 for byte in range(256))


def count_choices(orders: str) -> int:
    """The longest run of one or two words between commas; "a or b" ends one, "and c" is no choice."""
    longest = run = 0
    for clause in orders.split("|"):
        words = [] if any(map(str.isdigit, clause)) else clause.split()
        if len(words) == 3 and words[1] in _OR:
            longest, run = max(longest, run + 2), 0
        elif words and (len(words) > 2 or words[0] in _AND):
            run = 0
        elif words:
            run += 1
            longest = max(longest, run)
    return longest


def opens_with_choice(orders: str) -> bool:
    words = orders[:_MARKS_WITHIN].replace("|", " ").split(maxsplit=3)
    return len(words) > 2 and words[1] in _OR


_OR = frozenset({"or", "oder", "ou", "o", "of"})
_AND = frozenset({"and", "und", "et", "y", "e", "en"})


def has_options(lowered: str) -> bool:
    return any(all(mark in lowered for mark in marks) for marks in _OPTION_MARKS)
