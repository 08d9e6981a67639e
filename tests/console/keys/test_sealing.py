"""A sealed secret opens in its own place, under its own master key, unchanged; and nowhere else."""

import base64
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from console.keys.sealing import PURPOSE, Secret, Unopenable, is_current, open_sealed, rewrap, seal
from gateway.core.sealed import Sealed

TENANT, SECRET_ID = uuid4(), uuid4()
texts = st.text(min_size=1).filter(lambda text: not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text))


def sealed(text: str = "sk-test") -> Sealed:
    return seal(Secret(text), tenant=TENANT, secret_id=SECRET_ID)


@given(texts)
def test_what_is_sealed_opens(text: str) -> None:
    assert open_sealed(sealed(text), tenant=TENANT, secret_id=SECRET_ID).reveal == text


@given(texts)
def test_nothing_of_it_is_readable(text: str) -> None:
    box = sealed(text)
    if len(text) > 3:
        assert text.encode() not in box.secret + box.data_key


def test_two_seals_of_one_secret_differ() -> None:
    first, second = sealed(), sealed()
    assert first.secret != second.secret
    assert first.data_key != second.data_key


@given(st.uuids())
def test_it_opens_in_no_other_place(other: UUID) -> None:
    with pytest.raises(Unopenable):
        open_sealed(sealed(), tenant=other, secret_id=SECRET_ID)
    with pytest.raises(Unopenable):
        open_sealed(sealed(), tenant=TENANT, secret_id=other)
    with pytest.raises(Unopenable):
        open_sealed(sealed(), tenant=SECRET_ID, secret_id=TENANT)


@given(st.text().filter(lambda purpose: purpose != PURPOSE and purpose.isascii()))
def test_it_opens_for_no_other_purpose(purpose: str) -> None:
    with pytest.raises(Unopenable):
        open_sealed(sealed(), tenant=TENANT, secret_id=SECRET_ID, purpose=purpose)


@given(st.data())
def test_a_changed_byte_shuts_it(data: st.DataObject) -> None:
    box = sealed()
    part = data.draw(st.sampled_from(["data_key", "secret"]))
    content = bytearray(getattr(box, part))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unopenable):
        _open(msgspec.structs.replace(box, **{part: bytes(content)}))


@pytest.mark.parametrize("part", ["data_key", "secret"])
@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 12])
def test_a_truncated_part_shuts_it(part: str, content: bytes) -> None:
    with pytest.raises(Unopenable):
        _open(msgspec.structs.replace(sealed(), **{part: content}))


def test_parts_of_two_seals_do_not_mix() -> None:
    with pytest.raises(Unopenable):
        _open(msgspec.structs.replace(sealed("one"), data_key=sealed("two").data_key))


class TestMasterKeys:
    OLD = "old:" + base64.b64encode(bytes(range(32, 64))).decode()
    NEW = "new:" + base64.b64encode(bytes(range(64, 96))).decode()

    def test_the_first_seals_and_all_open(self, settings: Settings) -> None:
        settings.MASTER_KEYS = self.OLD
        box = sealed()
        settings.MASTER_KEYS = f"{self.NEW},{self.OLD}"
        assert _open(box).reveal == "sk-test"
        assert sealed().master_key == "new"

    def test_a_lost_one_is_named(self, settings: Settings) -> None:
        settings.MASTER_KEYS = self.OLD
        box = sealed()
        settings.MASTER_KEYS = self.NEW
        with pytest.raises(Unopenable, match="'old' is not among MASTER_KEYS"):
            _open(box)

    def test_one_id_with_another_key_does_not_open(self, settings: Settings) -> None:
        settings.MASTER_KEYS = self.OLD
        box = sealed()
        settings.MASTER_KEYS = self.NEW.replace("new:", "old:")
        with pytest.raises(Unopenable):
            _open(box)

    def test_rewrapping_moves_to_the_first(self, settings: Settings) -> None:
        settings.MASTER_KEYS = self.OLD
        box = sealed()
        settings.MASTER_KEYS = f"{self.NEW},{self.OLD}"
        assert not is_current(box)
        moved = rewrap(box, tenant=TENANT, secret_id=SECRET_ID)
        settings.MASTER_KEYS = self.NEW
        assert is_current(moved)
        assert _open(moved).reveal == "sk-test"
        assert rewrap(moved, tenant=TENANT, secret_id=SECRET_ID) is moved

    def test_the_id_cannot_be_exchanged(self, settings: Settings) -> None:
        key = self.OLD.partition(":")[2]
        settings.MASTER_KEYS = f"a:{key},b:{key}"
        with pytest.raises(Unopenable):
            _open(msgspec.structs.replace(sealed(), master_key="b"))


class TestSecret:
    def test_it_does_not_show_itself(self) -> None:
        secret = Secret("sk-canary")
        assert f"{secret} {secret!r} {[secret]}" == "*** *** [***]"

    def test_a_short_one_gives_nothing_away(self) -> None:
        assert Secret("sk-123456789").last4 == ""
        assert Secret("sk-1234567890abcd").last4 == "abcd"

    def test_equal_secrets_look_equal_in_one_tenant_only(self) -> None:
        tenant, other = uuid4(), uuid4()
        same = Secret("a").fingerprint(tenant=tenant)
        assert same == Secret("a").fingerprint(tenant=tenant)
        assert same != Secret("b").fingerprint(tenant=tenant)
        assert same != Secret("a").fingerprint(tenant=other)


def _open(box: Sealed) -> Secret:
    return open_sealed(box, tenant=TENANT, secret_id=SECRET_ID)
