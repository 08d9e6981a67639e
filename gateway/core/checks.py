"""Whether an answer is good enough to send.

A check says passed, failed, unknown (a provider that gives no log-probabilities leaves `mean_logprob` unknown) or that
there is nothing for it to look at (`tool_arguments_valid` of an answer that calls no tool). An answer passes when no
check failed and, if one could not tell, another passed: what nothing speaks for goes up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.core.conversation import Finish, Refused, Reply, Token
from gateway.core.policy import Check
from gateway.core.schema import Search, follows

Finding = Literal["passed", "failed", "unknown", "idle"]
Findings = tuple[tuple[str, Finding], ...]  # check → what it said

MAX_READ = 262_144  # characters of an answer that a regex sees
UNTOLD = "no check could tell"

# Why an answer was sent before its checks had their say:
AT_ONCE = "unchecked_first_rung"  # its policy streams the first rung
TOO_LONG = "unchecked_too_long"  # a stream came to more bytes than are held back
CAP = "unchecked_cap"  # a budget of its checks' own is spent, and they are skipped then
CAP_REACHED = "checks_cap"  # likewise, but answers climb then


class Promised(Struct, frozen=True):
    """What the caller was told an answer would follow. `known` is False where we cannot read the request for it."""

    schema: Mapping[str, Any] | None = None
    tools: Mapping[str, Mapping[str, Any]] = {}  # name → schema of its arguments
    known: bool = True


NOTHING_PROMISED = Promised()


class Verdict(Struct, frozen=True):
    findings: Findings

    @property
    def passed(self) -> bool:
        return not self.objection

    @property
    def objection(self) -> str:
        """Which check objected; empty when the answer passed."""
        said = {finding for _, finding in self.findings}
        if "failed" in said:
            return next(check for check, finding in self.findings if finding == "failed")
        return UNTOLD if "unknown" in said and "passed" not in said else ""

    @property
    def has_failed(self) -> bool:
        return any(finding == "failed" for _, finding in self.findings)


def verify(
    reply: Reply, checks: Sequence[Check], *, search: Search, promised: Promised = NOTHING_PROMISED
) -> Verdict:
    """The checks that need no call; stops at the first that fails. Those that take one are asked elsewhere."""
    findings: list[tuple[str, Finding]] = []
    for check in checks:
        if check.asks:
            continue
        finding = examine(reply, check, search, promised)
        findings.append((check.kind, finding))
        if finding == "failed":
            break
    return Verdict(tuple(findings))


def verify_so_far(reply: Reply, checks: Sequence[Check]) -> Verdict:
    """Of an answer that is not whole: the checks that fail whatever is still to come."""
    failed = [check.kind for check in checks if has_failed_already(reply, check)]
    return Verdict(tuple((kind, "failed") for kind in failed))


def has_failed_already(reply: Reply, check: Check) -> bool:
    if check.not_refusal:
        return bool(reply.text) and is_refusal(reply)
    if check.not_hedging:
        return is_hedging(reply)
    if check.length is not None:
        return len(reply.text) not in replace(check.length, at_least=None)
    return False


def examine(reply: Reply, check: Check, search: Search, promised: Promised = NOTHING_PROMISED) -> Finding:
    if check.not_refusal is not None:
        return said(is_refusal(reply) is not check.not_refusal)
    if check.not_hedging is not None:
        return said(is_hedging(reply) is not check.not_hedging)
    if check.json_valid is not None:
        return said(is_json(reply) is check.json_valid)
    if check.schema_valid is not None:
        return _turned(against_schema(reply, promised, search), wanted=check.schema_valid)
    if check.tool_arguments_valid is not None:
        return _turned(against_tools(reply, promised, search), wanted=check.tool_arguments_valid)
    if check.regex is not None:
        return said(search(check.regex, reply.text[:MAX_READ]))
    return _measured(reply, check)


def _measured(reply: Reply, check: Check) -> Finding:
    if check.length is not None:
        return "idle" if reply.tool_calls and not reply.text else said(len(reply.text) in check.length)
    if check.mean_logprob is not None:
        mean = reply.mean_logprob
        return "unknown" if mean is None else said(mean in check.mean_logprob)
    if check.margin is not None:
        margin = mean_margin(reply.tokens)
        return "unknown" if margin is None else said(margin in check.margin)
    return "unknown"


def against_schema(reply: Reply, promised: Promised, search: Search) -> Finding:
    """A turn that calls tools is not the answer yet."""
    if not promised.known:
        return "unknown"
    if promised.schema is None or (reply.tool_calls and not reply.text):
        return "idle"
    return _follows(reply.text, promised.schema, search)


def against_tools(reply: Reply, promised: Promised, search: Search) -> Finding:
    """Each call names a tool there is, with arguments as its schema has them."""
    if not promised.known:
        return "unknown"
    findings: set[Finding] = {
        _follows(call.arguments or "{}", promised.tools[call.name], search)
        if call.name in promised.tools
        else "failed"
        for call in reply.tool_calls
    }
    order: tuple[Finding, ...] = ("failed", "unknown", "passed")
    return next((finding for finding in order if finding in findings), "idle")


def _follows(text: str, schema: Mapping[str, Any], search: Search) -> Finding:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return "failed"
    found = follows(value, schema, search)
    return "unknown" if found is None else said(found)


def mean_margin(tokens: Sequence[Token]) -> float | None:
    """By how much, in the logarithm, each token was likelier than the next likeliest; None where none is told."""
    margins = [
        token.logprob - max(others)
        for token in tokens
        if (others := [other.logprob for other in token.top if other.text != token.text])
    ]
    return sum(margins) / len(margins) if margins else None


def is_refusal(reply: Reply) -> bool:
    """Said so by the provider, an answer with nothing in it, or one that opens like a refusal."""
    if reply.finish in (Finish.REFUSAL, Finish.CONTENT_FILTER) or any(
        isinstance(p, Refused) for p in reply.parts
    ):
        return True
    if reply.tool_calls:
        return False
    opening = reply.text[:400].strip().lower().replace("’", "'")
    return not opening or any(phrase in opening[:160] for phrase in _REFUSING)


def is_hedging(reply: Reply) -> bool:
    """Says of itself that it is not sure."""
    text = reply.text[:MAX_READ].lower().replace("’", "'")
    return any(phrase in text for phrase in _HEDGING)


def is_json(reply: Reply) -> bool:
    """The text as it is (a fenced block is not JSON to the program that asked), and every tool's arguments."""
    texts = [call.arguments or "{}" for call in reply.tool_calls] or [reply.text]
    return all(map(_parses, texts))


def _parses(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def said(passed: bool) -> Finding:  # noqa: FBT001
    return "passed" if passed else "failed"


def _turned(finding: Finding, *, wanted: bool) -> Finding:
    return finding if wanted or finding not in {"passed", "failed"} else said(finding == "failed")


_REFUSING = (
    "i can't help", "i cannot help", "i can't assist", "i cannot assist", "i'm sorry, but i can", "i'm sorry, i can",
    "i am sorry, but i can", "i apologize, but i can", "sorry, i can't", "i'm unable to", "i am unable to", "i'm not able to",
    "i am not able to", "i won't be able to", "i can't provide", "i cannot provide", "i can't comply", "i cannot comply",
    "i can't fulfill", "i cannot fulfill", "i must decline", "as an ai language model, i", "as an ai, i can",
    "i don't have enough information", "i do not have enough information", "i'm not sure i can", "i can't answer",
    "i cannot answer", "i can't do that", "i cannot do that", "tut mir leid, aber ich kann", "ich kann dabei nicht helfen",
    "je suis désolé, mais je ne peux", "je ne peux pas vous aider", "lo siento, pero no puedo", "no puedo ayudar",
    "mi dispiace, ma non posso", "desculpe, mas não posso", "het spijt me, maar ik kan", "申し訳ありませんが", "抱歉，我无法",
    "对不起，我不能", "죄송하지만",
)  # fmt: skip

_HEDGING = (
    "i'm not sure", "i am not sure", "i'm not certain", "i am not certain", "i'm not entirely", "i am not entirely",
    "i'm not confident", "i am not confident", "i don't know", "i do not know", "i'm unsure", "i am unsure",
    "i could be wrong", "i may be wrong", "i might be wrong", "i may be mistaken", "i might be mistaken", "i'm guessing",
    "my best guess", "it's hard to say", "it is hard to say", "hard to tell", "difficult to say", "cannot be determined",
    "can't be determined", "i can't verify", "i cannot verify", "i can't confirm", "i cannot confirm",
    "i can't be certain", "i cannot be certain", "i can't be sure", "i cannot be sure", "not enough information",
    "insufficient information", "without more information", "without more context", "without further information",
    "as of my last update", "as of my knowledge cutoff", "please double-check", "please verify this",
    "ich bin mir nicht sicher", "ich bin nicht sicher", "ich weiß nicht", "ohne weitere informationen",
    "je ne suis pas sûr", "je ne suis pas certain", "je ne sais pas", "no estoy seguro", "no lo sé", "não tenho certeza",
    "non sono sicuro", "non lo so", "ik weet het niet zeker", "確信が持てません", "わかりません", "我不确定", "我不知道",
    "확실하지 않",
)  # fmt: skip
