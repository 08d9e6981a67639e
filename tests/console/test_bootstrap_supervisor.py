"""Parts start and stop in order, come back when they fall, and say so readably."""

import asyncio
import contextlib
import io
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.supervisor import keeper as keeping
from console.supervisor.crew import Crew
from console.supervisor.keeper import Keeper, run
from console.supervisor.log import LONGEST_LINE, Log
from console.supervisor.part import Errand, Part, PartFailed
from console.supervisor.ports import PortTaken, claimed
from console.supervisor.welcome import Trial, Welcome

IDLE = "import signal; signal.pause()"


class Output(io.StringIO):
    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


@pytest.fixture
def output() -> Output:
    return Output()


@pytest.fixture
def log(output: Output) -> Log:
    return Log(output)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def noting(notes: Path, name: str) -> Part:
    """Notes when it came and when it was told to go; ready as soon as it noted the first."""
    code = f"""
import pathlib, signal, sys
def note(what):
    with open({str(notes)!r}, "a") as file: file.write({name!r} + " " + what + "\\n")
def gone(*_):
    note("goes"); sys.exit(0)
signal.signal(signal.SIGTERM, gone)
note("comes")
signal.pause()
"""
    return python(name, code, is_ready=lambda: f"{name} comes" in written(notes))


def python(
    name: str, code: str, *, is_ready: Callable[[], bool] = lambda: True, ready_within: float = 20
) -> Part:
    return Part(name=name, command=(sys.executable, "-c", code), is_ready=is_ready, ready_within=ready_within)


def written(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 (what other processes do sets no event)
            await asyncio.sleep(0.02)


async def test_the_last_to_come_leaves_first(log: Log, notes: Path) -> None:
    crew = Crew(log)
    for name in ("postgres", "valkey", "console"):
        await crew.add(noting(notes, name))
    await crew.dismiss()
    names = ["postgres", "valkey", "console"]
    assert written(notes) == [f"{name} comes" for name in names] + [
        f"{name} goes" for name in reversed(names)
    ]


async def test_a_part_that_falls_comes_back(
    log: Log, output: Output, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE", 0.05)
    keeper = Keeper(noting(notes, "worker"), log)
    await keeper.start()
    keeper.kill()
    await until(lambda: written(notes) == ["worker comes"] * 2)
    await keeper.stop()
    assert "rungway   | worker ended (signal 9); starting it again in 0.05 s" in output.lines()


async def test_pauses_grow(log: Log, output: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FIRST_PAUSE", 0.01)
    keeper = Keeper(python("worker", "import sys; sys.exit(3)", is_ready=lambda: True), log)
    await keeper.start()
    await until(lambda: len(output.lines()) >= 4)
    await keeper.stop()
    assert [line.rsplit(" in ")[1] for line in output.lines()[:4]] == ["0.01 s", "0.02 s", "0.04 s", "0.08 s"]


async def test_a_part_that_ends_before_it_is_ready_fails_the_start(log: Log, output: Output) -> None:
    crew = Crew(log)
    with pytest.raises(PartFailed, match=r"gateway ended \(exit code 3\) before it was ready"):
        await crew.add(python("gateway", "print('why'); raise SystemExit(3)", is_ready=lambda: False))
    await crew.dismiss()
    assert "gateway   | why" in output.lines()


async def test_a_part_that_never_gets_ready_fails_the_start(log: Log) -> None:
    crew = Crew(log)
    with pytest.raises(PartFailed, match="console was not ready within 0 s"):
        await crew.add(python("console", IDLE, is_ready=lambda: False, ready_within=0.1))
    await crew.dismiss()


async def test_what_does_not_stop_is_killed(log: Log, output: Output, notes: Path) -> None:
    deaf = f"""
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open({str(notes)!r}, "w").write("deaf")
while True: signal.pause()
"""
    part = Part(
        name="gateway",
        command=(sys.executable, "-c", deaf),
        is_ready=lambda: written(notes) == ["deaf"],
        stops_within=0.1,
    )
    keeper = Keeper(part, log)
    await keeper.start()
    await keeper.stop()
    assert output.lines() == ["rungway   | gateway did not stop within 0 s: killed"]


async def test_an_errand_returns_what_it_printed(log: Log, output: Output) -> None:
    code = "import sys; print('told'); print('progress', file=sys.stderr)"
    told = await run(Errand(name="welcome", command=(sys.executable, "-c", code), environ={}), log)
    assert told == "told\n"
    assert output.lines() == ["welcome   | progress"]


async def test_an_errand_that_fails_says_so(log: Log) -> None:
    errand = Errand(name="tables", command=(sys.executable, "-c", "raise SystemExit(2)"), environ={})
    with pytest.raises(PartFailed, match=r"tables failed \(exit code 2\)"):
        await run(errand, log)


async def test_a_long_line_blocks_nobody(log: Log, output: Output) -> None:
    length = 3 * LONGEST_LINE
    code = f"print('x' * {length}); print('after')"
    keeper = Keeper(python("worker", code, is_ready=lambda: "worker    | after" in output.lines()), log)
    await keeper.start()
    await keeper.stop()
    assert "worker    | after" in output.lines()
    assert output.getvalue().count("x") == length


def test_a_terminal_gets_colours_and_a_file_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal, file = Output(terminal=True), Output()
    for output in (terminal, file):
        Log(output).line("gateway", "ready")
    assert "\033[" in terminal.getvalue()
    assert file.getvalue() == "gateway   | ready\n"


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Output(terminal=True)
    Log(terminal).line("gateway", "ready")
    assert terminal.getvalue() == "gateway   | ready\n"


def test_a_reader_who_left_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    output = os.fdopen(writing, "w")
    try:
        Log(output).line("gateway", "ready")
    finally:
        with contextlib.suppress(BrokenPipeError):
            output.close()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def test_a_taken_port_is_named_with_its_variable(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.supervisor.ports.FREED_WITHIN", 0.1)
    with (
        pytest.raises(PortTaken, match=f"Port {taken} is taken .* GATEWAY_PORT"),
        claimed("127.0.0.1", {"GATEWAY_PORT": taken}, loopback=frozenset()),
    ):
        pass


def test_an_address_of_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        pytest.raises(PortTaken, match="set BIND to one it has"),
        claimed("203.0.113.7", {"GATEWAY_PORT": 1234}, loopback=frozenset()),
    ):
        pass


def test_simulated_providers_are_never_offered_to_the_network() -> None:
    ports = {"CONSOLE_PORT": 0, "SIMULATOR_PORT": 0}
    with claimed("0.0.0.0", ports, loopback=frozenset({"SIMULATOR_PORT"})) as sockets:
        hosts = {name: _host(descriptor) for name, descriptor in sockets.items()}
    assert hosts == {"CONSOLE_PORT": "0.0.0.0", "SIMULATOR_PORT": "127.0.0.1"}


def _host(descriptor: int) -> str:
    with socket.socket(fileno=os.dup(descriptor)) as listening:
        return str(listening.getsockname()[0])


def test_the_welcome_can_be_pasted() -> None:
    trial = Trial(tenant="acme", router="support", gateway_key="rw_123")
    welcome = Welcome(sign_in="http://127.0.0.1:8000/x", person="ada@acme.test", trial=trial)
    lines = welcome.lines(console_url="http://127.0.0.1:8000", gateway_url="http://127.0.0.1:8080")
    assert lines[0] == "Console   http://127.0.0.1:8000/x   (signs you in once, as ada@acme.test)"
    assert lines[-1].startswith(
        "curl -si http://127.0.0.1:8080/router/support/v1/chat/completions -H 'authoriz"
    )
    assert "\n" not in lines[-1]
