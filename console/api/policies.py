"""`routers/{id}/policy`, `publish`, `versions`: how one router chooses, now and before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from msgspec import Struct
from rest_framework.response import Response

from console.api.endpoint import Call, Endpoint, operation, submission
from console.api.listing import PAGE, Listing, limit_of, number_in, paged
from console.routers import actions
from console.routers.inspection import inspect
from console.routers.models import NOTE_LENGTH, PolicyVersion, Router
from console.routers.selectors import router_of, routers_of, surroundings, version_of
from console.tenancy import Role
from gateway.core.lint import Finding
from gateway.core.policy import Policy


class TestOutcome(Struct, frozen=True):
    """`failure` says what came out instead; null when the test passed."""

    name: str
    passed: bool
    failure: str | None


class Draft(Struct, frozen=True, kw_only=True):
    """The draft, what is wrong with it, and the policy that is served. `version` is also the `ETag`."""

    router: str
    version: int
    draft: Policy
    has_changes: bool
    publishable: bool
    findings: tuple[Finding, ...]
    tests: tuple[TestOutcome, ...]
    published: Policy | None
    published_version: int | None


class NewDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`version` is that of the draft as it was read (or send it as `If-Match`): 409 when it is another by now.

    A policy alone is taken as a draft, too.
    """

    policy: Policy
    version: int | None = None


class Publishing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int | None = None
    note: str = ""


class Version(Struct, frozen=True, kw_only=True):
    version: int
    policy: Policy
    published_at: datetime
    published_by: str
    note: str
    current: bool


def in_envelope(body: Any, path: Mapping[str, Any]) -> object:
    """A policy may come alone, and an answer may be sent back with its `draft` edited."""
    if not isinstance(body, dict) or "policy" in body:
        return body
    if "draft" not in body:
        return {"policy": body}
    return {"policy" if name == "draft" else name: value for name, value in body.items()}


class RouterPolicy(Endpoint):
    @operation(Role.VIEWER, gives=Draft)
    def get(self, call: Call, router: str) -> Response:
        return shown(router_of(call.tenant, router))

    @submission(Role.EDITOR, takes=NewDraft, gives=Draft, prepare=in_envelope)
    def put(self, call: Call, given: NewDraft, router: str) -> Response:
        """Errors are kept with the draft, and told; they block publishing only."""
        read = call.version if given.version is None else given.version
        there = router_of(call.tenant, router)
        return shown(actions.save_draft(there, given.policy, version=read, acting=call.acting))


class Publish(Endpoint):
    @submission(Role.EDITOR, takes=Publishing, gives=Version)
    def post(self, call: Call, given: Publishing, router: str) -> Version:
        """Puts the draft in force; 400 with findings and failing tests when something is wrong with it."""
        read = call.version if given.version is None else given.version
        there, note = router_of(call.tenant, router), given.note[:NOTE_LENGTH]
        published = actions.publish(there, version=read, note=note, acting=call.acting)
        return version_shown(published, current=published.pk)


class Versions(Endpoint):
    @operation(Role.VIEWER, gives=Listing[Version], params=PAGE)
    def get(self, call: Call, router: str) -> Listing[Version]:
        """The newest first."""
        there, limit, after = router_of(call.tenant, router), limit_of(call), number_in(call)
        rows = there.versions.order_by("-number")
        if after is not None:
            rows = rows.filter(number__lt=after)
        found = list(rows[: limit + 1])
        return paged(
            found,
            limit,
            key=lambda version: version.number,
            row=lambda version: version_shown(version, current=there.current_id),
        )


class OneVersion(Endpoint):
    called = "Version"

    @operation(Role.VIEWER, gives=Version)
    def get(self, call: Call, router: str, number: int) -> Version:
        there = router_of(call.tenant, router)
        return version_shown(version_of(there, number), current=there.current_id)


class Restore(Endpoint):
    @operation(Role.EDITOR, gives=Version)
    def post(self, call: Call, router: str, number: int) -> Version:
        """The old policy is in force at once, under a new number."""
        restored = actions.restore(router_of(call.tenant, router), number, acting=call.acting)
        return version_shown(restored, current=restored.pk)


def shown(router: Router) -> Response:
    there = routers_of(router.tenant).get(pk=router.pk)
    found = inspect(there.policy, surroundings(there.tenant), router=there.slug, at=timezone.now())
    draft = Draft(
        router=there.slug,
        version=there.version,
        draft=there.policy,
        has_changes=there.has_changes,
        publishable=found.publishable,
        findings=found.findings,
        tests=tuple(TestOutcome(test.name, test.passed, test.failure or None) for test in found.tests),
        published=there.current.policy if there.current else None,
        published_version=there.current.number if there.current else None,
    )
    return Response(draft, headers={"ETag": f'"{there.version}"'})


def version_shown(version: PolicyVersion, *, current: int | None) -> Version:
    return Version(
        version=version.number,
        policy=version.policy,
        published_at=version.at,
        published_by=version.published_by,
        note=version.note,
        current=version.pk == current,
    )
