"""Whether an answer is good enough to send.

A check says passed, failed or unknown (a provider that gives no log-probabilities leaves `mean_logprob`
unknown). An answer passes when no check failed and at least one passed: what nothing speaks for goes up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from gateway.core.conversation import Finish, Refused, Reply
from gateway.core.policy import Check

Finding = Literal["passed", "failed", "unknown"]
Search = Callable[[str, str], bool]  # (pattern, text) → found; linear-time, so never `re`

MAX_READ = 262_144  # characters of an answer that a regex sees


class Verdict(Struct, frozen=True):
    passed: bool
    findings: tuple[tuple[str, Finding], ...]  # check → what it said

    @property
    def objection(self) -> str:
        """Which check objected; empty when the answer passed."""
        if self.passed:
            return ""
        failed = [check for check, finding in self.findings if finding == "failed"]
        return failed[0] if failed else "no check could tell"


def verify(reply: Reply, checks: Sequence[Check], *, search: Search) -> Verdict:
    """The checks that need no call; stops at the first that fails. A judge is asked elsewhere and is left out here."""
    findings: list[tuple[str, Finding]] = []
    for check in checks:
        if check.judge is not None:
            continue
        finding = examine(reply, check, search)
        findings.append((check.kind, finding))
        if finding == "failed":
            return Verdict(False, tuple(findings))
    spoken = any(finding == "passed" for _, finding in findings)
    return Verdict(spoken or not findings, tuple(findings))


def examine(reply: Reply, check: Check, search: Search) -> Finding:
    if check.not_refusal is not None:
        return _said(is_refusal(reply) is not check.not_refusal)
    if check.json_valid is not None:
        return _said(is_json(reply) is check.json_valid)
    if check.regex is not None:
        return _said(search(check.regex, reply.text[:MAX_READ]))
    if check.mean_logprob is not None:
        mean = reply.mean_logprob
        return "unknown" if mean is None else _said(mean in check.mean_logprob)
    return "unknown"


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


def _said(passed: bool) -> Finding:  # noqa: FBT001
    return "passed" if passed else "failed"


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
