"""Why a write was refused.

Refused                 a rule forbids it, whoever asks; the message is for people
├── LastOwner
├── AlreadyMember
└── LinkSpent           used, expired, withdrawn or never made: from outside all the same
BeyondOwnRole           this actor may not; 403 (it is a PermissionDenied)
"""

from django.core.exceptions import PermissionDenied

from console.refusals import Refused


class LastOwner(Refused):
    def __init__(self) -> None:
        super().__init__("A tenant keeps at least one owner: make somebody else an owner first.")


class AlreadyMember(Refused):
    def __init__(self, email: str) -> None:
        super().__init__(f"{email} is a member already: change the role in the list.")


class LinkSpent(Refused):
    def __init__(self) -> None:
        super().__init__("This link was used already, or has expired: ask for a new one.")


class BeyondOwnRole(PermissionDenied):
    """Nobody grants more than they hold, or acts on somebody who holds more."""
