"""Sealed provider keys open for the tenant they were sealed for, and show themselves to nobody."""

from __future__ import annotations

import logging
import traceback
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from console.keys.sealing import Secret as Plain
from console.keys.sealing import seal
from gateway.core.sealed import Sealed, Secret
from gateway.credentials import Unopenable, open_sealed

MASTERS = {"tests": bytes(range(32))}
TENANT, KEY = UUID(int=1), UUID(int=2)


def sealed() -> Sealed:
    return seal(Plain("sk-CANARY-of-acme"), tenant=TENANT, secret_id=KEY)


def opened(
    box: Sealed, *, tenant: UUID = TENANT, key: UUID = KEY, masters: dict[str, bytes] = MASTERS
) -> str:
    return open_sealed(box, masters, tenant=str(tenant), secret_id=str(key)).reveal


def test_what_the_console_seals_the_gateway_opens() -> None:
    assert opened(sealed()) == "sk-CANARY-of-acme"


def test_moved_to_another_tenant_or_key_it_stays_shut() -> None:
    elsewhere: list[dict[str, Any]] = [
        {"tenant": uuid4()},
        {"key": uuid4()},
        {"masters": {"tests": bytes(32)}},
        {"masters": {}},
    ]
    for moved in elsewhere:
        with pytest.raises(Unopenable):
            opened(sealed(), **moved)


def test_any_changed_byte_keeps_it_shut() -> None:
    box = sealed()
    for field in ("secret", "data_key"):
        whole: bytes = getattr(box, field)
        for place in range(len(whole)):
            changed = bytearray(whole)
            changed[place] ^= 1
            with pytest.raises(Unopenable):
                opened(replace(box, **{field: bytes(changed)}))
        for cut in range(0, len(whole), 7):
            with pytest.raises(Unopenable):
                opened(replace(box, **{field: whole[:cut]}))


def test_it_shows_itself_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("sk-CANARY-of-acme")
    logging.getLogger("tests").warning("%s %r", secret, {"key": secret})
    try:
        open_sealed(replace(sealed(), secret=b"x" * 40), MASTERS, tenant=str(TENANT), secret_id=str(KEY))
    except Unopenable as error:
        told = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "CANARY" not in caplog.text + f"{secret} {secret!r} {[secret]}" + told
