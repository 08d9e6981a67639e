"""The spool's records survive whatever happens to the file: all that is sound is read, what is not is counted."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.events import Event, Intent, Origin, RequestSettled
from gateway.core.facts import Tier
from gateway.record import RESERVE, Spool, adopt, frame, lock_of, records

DECOY = '0123abcd {"not": "a record"}'  # what a tag may hold, and looks like the head of a record


def intent(number: int, end_user: str = "") -> Intent:
    return Intent(
        process="p",
        seq=number,
        at=datetime(2026, 3, 1, tzinfo=UTC),
        origin=Origin(request_id=f"r{number}", tenant="t", end_user=end_user),
        attempt_id=f"r{number}-1",
        model="openai/gpt-5",
        provider="openai",
        tier=Tier.PREMIUM,
    )


def payloads(count: int) -> list[bytes]:
    return [msgspec.json.encode(intent(n, DECOY if n % 2 else "")) for n in range(count)]


def read(path: Path) -> list[Event]:
    found = records(path.read_bytes())
    assert found.damaged == 0
    return [msgspec.json.decode(payload, type=Intent | RequestSettled) for payload in found.payloads]


def test_a_file_cut_anywhere_gives_all_whole_records() -> None:
    sent = payloads(3)
    lines = [frame(payload) for payload in sent]
    data = b"".join(lines)
    ends = [sum(map(len, lines[: n + 1])) for n in range(3)]
    for cut in range(len(data) + 1):
        found = records(data[:cut], finished=True)
        whole = sum(end - 1 <= cut for end in ends)  # without its line feed a record is whole
        assert found.payloads == sent[:whole]
        assert found.damaged == (0 if cut in {0, *ends, *(end - 1 for end in ends)} else 1)
        assert found.end == cut


def test_what_is_still_being_written_is_left_for_the_next_look() -> None:
    one, two = map(frame, payloads(2))
    for cut in range(len(two)):
        assert records(one + two[:cut]).end == len(one)


@settings(max_examples=1000, deadline=None)
@given(st.integers(1, 6), st.data())
def test_no_flipped_bit_costs_another_record(count: int, data: st.DataObject) -> None:
    sent = payloads(count)
    lines = [frame(payload) for payload in sent]
    raw = bytearray(b"".join(lines))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    hit, start = 0, 0
    while start + len(lines[hit]) <= bit // 8:
        start += len(lines[hit])
        hit += 1
    found = records(bytes(raw), finished=True)
    lost = [sent[hit]] if found.payloads != sent else []
    assert [payload for payload in sent if payload not in lost] == found.payloads
    is_last_end = bit // 8 == len(raw) - 1
    assert found.damaged >= (0 if is_last_end else 1)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_raise(noise: bytes, finished: bool) -> None:
    sent = payloads(1)
    found = records(noise + b"\n" + frame(sent[0]), finished=finished)
    assert found.payloads[-1:] == sent


def test_segments_follow_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.record.SEGMENT", 1000)
    spool = Spool(tmp_path, "p")
    spool.open()
    for number in range(20):
        spool.put(intent(number))
    spool.close()
    found = [event.seq for path in sorted(tmp_path.glob("*.spool")) for event in read(path)]
    assert found == list(range(20))
    assert len(list(tmp_path.glob("*.spool"))) > 3


def test_a_living_process_is_not_taken_over_and_a_dead_one_is_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "p")
    spool.open()
    assert adopt(tmp_path, "p") is None
    spool.close()
    lock = adopt(tmp_path, "p")
    assert lock is not None
    assert adopt(tmp_path, "p") is None
    os.close(lock)


def test_a_full_disk_takes_what_is_in_flight_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path, "p")
    spool.open()
    assert lock_of(tmp_path, "p").stat().st_size == RESERVE
    fill(monkeypatch, tmp_path)
    spool.put(intent(1))
    with pytest.raises(OSError, match="No space"):
        spool.recover()
    assert not spool.writable
    monkeypatch.undo()
    spool.recover()
    assert lock_of(tmp_path, "p").stat().st_size == RESERVE
    spool.put(intent(2))
    spool.close()
    assert [event.seq for event in read(spool.current)] == [1, 2]


def fill(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A disk without room, but for what the reserve takes up."""
    write = os.write

    def refuse(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def into_the_reserve(file: int, data: bytes) -> int:
        if lock_of(folder, "p").stat().st_size:
            os.pwrite(file, data[:7], os.fstat(file).st_size)  # half of it had room
            refuse()
        return write(file, data)

    monkeypatch.setattr(os, "write", into_the_reserve)
    monkeypatch.setattr(os, "posix_fallocate", refuse)
