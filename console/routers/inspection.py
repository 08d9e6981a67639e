"""Whether a policy can be published: what is wrong with it, and what its own tests say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

import re2
from msgspec import Struct

from console.catalogue import quality
from console.catalogue.specs import MAX_NAME
from gateway.core.lint import Finding, has_errors, lint
from gateway.core.policy import Check, Policy
from gateway.core.router import Router, asks_quality, compile_router
from gateway.core.samples import TestResult, run_tests
from gateway.core.snapshot import RouterSnapshot, TenantSnapshot

MAX_REGEXES = 50
MAX_TESTS = 200


class Inspection(Struct, frozen=True, kw_only=True):
    findings: tuple[Finding, ...]
    tests: tuple[TestResult, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level != "error")

    @property
    def failing(self) -> tuple[TestResult, ...]:
        return tuple(test for test in self.tests if not test.passed)

    @property
    def publishable(self) -> bool:
        return not has_errors(self.findings) and not self.failing

    def at(self, place: str) -> tuple[Finding, ...]:
        """What is said of a place or of anything inside it."""
        return tuple(finding for finding in self.findings if _inside(finding.place, place))


def inspect(policy: Policy, tenant: TenantSnapshot, *, router: str = "", at: datetime) -> Inspection:
    compiled = compiled_draft(policy, tenant, router=router)
    findings = (*lint(policy, compiled, tenant, check_regex=check_regex), *_more(policy))
    return Inspection(
        findings=tuple(sorted(findings, key=lambda finding: finding.level)),
        tests=run_tests(compiled, at=at) if len(policy.tests) <= MAX_TESTS else (),
    )


def compiled_draft(policy: Policy, tenant: TenantSnapshot, *, router: str = "", version: int = 0) -> Router:
    """A policy as the gateway would serve it."""
    expects = quality.expects(tenant.known) if asks_quality(policy) else None
    draft = RouterSnapshot(id=router, policy=policy, policy_version=version)
    return compile_router(draft, tenant, expects=expects)


@lru_cache(maxsize=512)
def check_regex(pattern: str) -> str:
    """What the engine that will run it says against a pattern; empty: nothing."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else "unknown"
        return said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    return ""


def _more(policy: Policy) -> Iterator[Finding]:
    """What the lint of the core leaves to the place where policies are written."""
    yield from _names(policy)
    if sum(check.regex is not None for _, check in _checks(policy)) > MAX_REGEXES:
        yield _error("$.rules", f"more than {MAX_REGEXES} patterns", "Join patterns with |.")
    if len(policy.tests) > MAX_TESTS:
        yield _error("$.tests", f"more than {MAX_TESTS} tests", "Keep those that guard something.")


def _names(policy: Policy) -> Iterator[Finding]:
    for part in ("rules", "floors", "tests", "classes"):
        for index, item in enumerate(getattr(policy, part)):
            if len(item.name) > MAX_NAME or not item.name.isprintable():
                place = f"$.{part}[{index}].name"
                yield _error(
                    place, "cannot stand in a header", f"Use at most {MAX_NAME} printable characters."
                )


def _checks(policy: Policy) -> Iterator[tuple[str, Check]]:
    outcomes = [(f"$.rules[{index}]", rule.cascade) for index, rule in enumerate(policy.rules)]
    for place, cascade in (*outcomes, ("$.otherwise", policy.otherwise.cascade)):
        for index, check in enumerate(cascade.checks if cascade else ()):
            yield f"{place}.cascade.checks[{index}]", check


def _inside(place: str, outer: str) -> bool:
    return place == outer or place.startswith((f"{outer}.", f"{outer}["))


def _error(place: str, message: str, remedy: str) -> Finding:
    return Finding(level="error", place=place, message=message, remedy=remedy)
