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
        question=text.endswith(_QUESTION_MARKS) or reading.starts_as_question,
        numbers=count_numbers(start),
        options=has_options(text[-_OPTIONS_WITHIN:].lower()),
        code=count_marks(start, _CODE_MARKS),
        formulas=count_marks(start, _FORMULA_MARKS),
        slot=text.endswith(":") and "\n" in text,
        tools=len(prompt.tools),
        tool_results=sum(turn.role == "tool" for turn in prompt.turns),
        schema=prompt.schema,
    )


def count_marks(text: str, marks: Mapping[str, tuple[str, ...]]) -> int:
    return sum(mark in text for gate, gated in marks.items() if gate in text for mark in gated)


def count_numbers(text: str) -> int:
    return len(text.encode(errors="replace").translate(_ONLY_DIGITS, b".,").split())


_ONLY_DIGITS = bytes(byte if chr(byte).isdecimal() else 32 for byte in range(256))


def has_options(lowered: str) -> bool:
    return any(all(mark in lowered for mark in marks) for marks in _OPTION_MARKS)
