"""`whitelist`: which models may answer at all, over every router of the tenant."""

from __future__ import annotations

from msgspec import Struct

from console.api.endpoint import Call, Endpoint, alone, operation, submission
from console.catalogue import actions, selectors
from console.tenancy import Role


class Whitelist(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Patterns such as `openai/*`. Null admits every model with a key, an empty list none."""

    whitelist: tuple[str, ...] | None


class TenantWhitelist(Endpoint):
    called = "Whitelist"

    @operation(Role.VIEWER, gives=Whitelist)
    def get(self, call: Call) -> Whitelist:
        return Whitelist(whitelist=selectors.whitelist_of(call.tenant))

    @submission(Role.ADMIN, takes=Whitelist, gives=Whitelist, prepare=alone("whitelist"))
    def put(self, call: Call, given: Whitelist) -> Whitelist:
        actions.set_whitelist(call.tenant, given.whitelist, acting=call.acting)
        return Whitelist(whitelist=selectors.whitelist_of(call.tenant))
