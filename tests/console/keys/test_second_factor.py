"""What a second factor rests on is never readable in the database, and moves to a new master key."""

import base64
import json
import os

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import call_command
from pytest_django.fixtures import Settings

from console.keys.sealing import Unopenable
from console.keys.second_factor import MARK, SealedSecrets
from tests.console.conftest import Person

SECRET = "JBSWY3DPEHPK3PXP"
OLD, NEW = (f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in ("old", "new"))


def stored(person: Person) -> dict[str, str]:
    """Field → text, of both kinds of record."""
    records = Authenticator.objects.filter(user=person.user)
    return {field: text for record in records for field, text in record.data.items() if isinstance(text, str)}


def test_nothing_of_it_is_readable(ada: Person) -> None:
    totp = TOTP.activate(ada.user, SECRET)
    codes = RecoveryCodes.activate(ada.user)
    found = stored(ada)
    assert {field for field, text in found.items() if text.startswith(MARK)} == {"secret", "seed"}
    assert SECRET not in json.dumps(found)
    assert SealedSecrets().decrypt(totp.instance.data["secret"]) == SECRET
    assert len(codes.get_unused_codes()) == 10


def test_what_was_stored_before_is_read_and_sealed(ada: Person) -> None:
    TOTP.activate(ada.user, SECRET)
    Authenticator.objects.update(data={"secret": SECRET})
    assert SealedSecrets().decrypt(stored(ada)["secret"]) == SECRET
    call_command("rewrap")
    assert stored(ada)["secret"].startswith(MARK)
    assert SealedSecrets().decrypt(stored(ada)["secret"]) == SECRET


def test_it_moves_to_a_new_master_key(ada: Person, settings: Settings) -> None:
    settings.MASTER_KEYS = OLD
    TOTP.activate(ada.user, SECRET)
    settings.MASTER_KEYS = f"{NEW},{OLD}"
    call_command("rewrap")
    settings.MASTER_KEYS = NEW
    moved = stored(ada)["secret"]
    assert SealedSecrets().decrypt(moved) == SECRET
    settings.MASTER_KEYS = OLD
    with pytest.raises(Unopenable):
        SealedSecrets().decrypt(moved)
