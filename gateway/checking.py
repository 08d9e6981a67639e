"""The checks of one answer: those that cost nothing first, then those that take a call, the cheapest first.

The first that fails ends it. All of them live under the request's one deadline and its cap on money; what is not
asked for want of either could not tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import re2
from msgspec import Struct

from gateway.core.checks import CAP, CAP_REACHED, NOTHING_PROMISED, Finding, Promised, Verdict, verify
from gateway.core.conversation import Conversation, Reply
from gateway.core.ladder import Attempt, AttemptOutcome
from gateway.core.policy import Check
from gateway.core.price import Usage
from gateway.core.prompt import Prompt
from gateway.core.settle import price_usage
from gateway.errors import CallerError
from gateway.journey import Barred, Journey, Trial
from gateway.judge import MAX_SHOWN, VERDICT, again, consult, second_opinion
from gateway.webhook import Validators

LEAST = 0.1  # seconds that must be left for a call to be worth beginning


class Asker(Protocol):
    """Whose answer it is, and by whom others are asked."""

    @property
    def prompt(self) -> Prompt: ...
    @property
    def conversation(self) -> Conversation:
        """The request's whole meaning; `Untranslatable` where it has none but in its own dialect."""
        ...

    @property
    def validators(self) -> Validators: ...

    async def ask(self, journey: Journey, trial: Trial, conversation: Conversation) -> Reply: ...


class Answer(Struct, frozen=True):
    """What is checked: a reply, the attempt that it ended, and the request that it answers."""

    reply: Reply
    attempt: Attempt
    asker: Asker
    journey: Journey


async def checked(journey: Journey, trial: Trial, reply: Reply, asker: Asker) -> Attempt:
    """The attempt closed by what the checks say of its answer."""
    journey.unchecked = ""
    if not journey.checks:
        return journey.close(trial, AttemptOutcome.ANSWERED, served=reply.model)
    calls = [check for check in journey.checks if check.asks]
    verdict = verify(reply, journey.checks, search=search, promised=promised(journey.checks, asker))
    stands = not verdict.has_failed if calls else verdict.passed
    attempt = journey.close(
        trial,
        AttemptOutcome.ANSWERED if stands else AttemptOutcome.REJECTED,
        because="" if stands else verdict.objection,
        served=reply.model,
    )
    if not stands or not calls:
        return attempt
    return await _called(Answer(reply, attempt, asker, journey), calls, verdict)


def afterwards(journey: Journey, reply: Reply, asker: Asker) -> Verdict:
    """Of an answer that was sent before it was whole: what the checks that need no call say of it now."""
    checks = journey.checks
    verdict = verify(reply, checks, search=search, promised=promised(checks, asker))
    is_all = not any(check.asks for check in checks)
    journey.checked = is_all and any(finding == "passed" for _, finding in verdict.findings)
    return verdict


async def _called(answer: Answer, calls: Sequence[Check], verdict: Verdict) -> Attempt:
    findings = list(verdict.findings)
    attempt, journey = answer.attempt, answer.journey
    for cost, check in in_order_of_cost(answer, calls):
        try:
            finding = await _asked(answer, check, cost)
        except Barred as barred:
            if barred.then == "climb":
                return journey.overrule(attempt, CAP_REACHED)
            finding = "idle" if barred.then == "skip" else "unknown"
            journey.unchecked = CAP if barred.then == "skip" else journey.unchecked
        findings.append((check.kind, finding))
        if finding == "failed":
            break
    whole = Verdict(tuple(findings))
    return journey.let_pass(attempt) if whole.passed else journey.overrule(attempt, whole.objection)


async def _asked(answer: Answer, check: Check, cost: int | None) -> Finding:
    journey, asker, reply = answer.journey, answer.asker, answer.reply
    if journey.remaining <= LEAST or not journey.affords(cost):
        return "unknown"
    try:
        if check.webhook is not None:
            return await asker.validators.ask(journey, asker.prompt, check.webhook, reply)
        if check.judge is not None:
            return await consult(asker.ask, journey, asker.prompt, check.judge, reply)
        model = answer.attempt.model
        if check.agreement is not None:
            return await second_opinion(asker.ask, journey, asker.conversation, check.agreement, reply, model)
        if check.self_agreement is not None:
            return await again(asker.ask, journey, asker.conversation, check.self_agreement, reply, model)
    except CallerError:  # only the caller's own dialect has words for it
        return "unknown"
    return "unknown"


def in_order_of_cost(answer: Answer, calls: Sequence[Check]) -> list[tuple[int | None, Check]]:
    """What is asked of the tenant's own costs no money; what has no price comes last."""
    priced = [(expected_cost(answer, check), check) for check in calls]
    return sorted(priced, key=lambda pair: (pair[0] is None, pair[0] or 0))


def expected_cost(answer: Answer, check: Check) -> int | None:
    """Nano-dollars, before it is asked."""
    journey = answer.journey
    if check.judge is not None:
        shown = min(journey.facts.input_tokens, MAX_SHOWN // 4) + min(len(answer.reply.text), MAX_SHOWN) // 4
        model = journey.router.models.get(check.judge.model)
        return price_usage(model, Usage(input=shown, output=VERDICT), journey.facts.at.date())
    if check.agreement is not None:
        known = check.agreement.model in journey.router.models
        return journey.expected(check.agreement.model) if known else None
    if check.self_agreement is not None:
        one = journey.expected(answer.attempt.model)
        return None if one is None else one * (check.self_agreement.samples - 1)
    return 0


def promised(checks: Sequence[Check], asker: Asker) -> Promised:
    """Read only where a check wants to know."""
    if not any(check.schema_valid is not None or check.tool_arguments_valid is not None for check in checks):
        return NOTHING_PROMISED
    try:
        conversation = asker.conversation
    except CallerError:
        return Promised(known=False)
    wanted = conversation.output_format
    return Promised(
        schema=wanted.schema if wanted else None,
        tools={tool.name: tool.parameters for tool in conversation.tools},
    )


def search(pattern: str, text: str) -> bool:
    """RE2: linear in the text, whatever the pattern. The engine keeps compiled patterns itself."""
    try:
        return re2.search(pattern, text, _QUIET) is not None
    except re2.error:
        raise ValueError("not a pattern of RE2") from None


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    return options


_QUIET = _quiet()
