"""`floors`: what never goes below a tier, whatever a router's policy says."""

from __future__ import annotations

from msgspec import Struct

from console.api.endpoint import Call, Endpoint, alone, operation, submission
from console.catalogue import actions, selectors
from console.tenancy import Role
from gateway.core.policy import Floor


class Floors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    floors: tuple[Floor, ...]


class TenantFloors(Endpoint):
    called = "Floors"

    @operation(Role.VIEWER, gives=Floors)
    def get(self, call: Call) -> Floors:
        return Floors(floors=selectors.floors_of(call.tenant))

    @submission(Role.ADMIN, takes=Floors, gives=Floors, prepare=alone("floors"))
    def put(self, call: Call, given: Floors) -> Floors:
        actions.set_floors(call.tenant, given.floors, acting=call.acting)
        return Floors(floors=selectors.floors_of(call.tenant))
