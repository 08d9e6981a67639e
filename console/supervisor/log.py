"""One readable stream: whose line it is, then the line. Coloured on a terminal, plain elsewhere."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from typing import TextIO

OURS = "rungway"
WIDTH = 9
LONGEST_LINE = 64 * 1024
COLOURS = (36, 35, 34, 33, 32, 96, 95, 94, 93)


class Log:
    def __init__(self, output: TextIO = sys.stdout) -> None:
        self._output = output
        self._coloured = output.isatty() and not os.environ.get("NO_COLOR")
        self._colours: dict[str, int] = {OURS: 1}

    def say(self, text: str) -> None:
        """What the supervisor itself has to tell."""
        for line in text.splitlines() or [""]:
            self.line(OURS, line)

    def line(self, name: str, text: str) -> None:
        self.plain(f"{self._prefix(name)} {text}")

    def plain(self, text: str) -> None:
        """Without a prefix: made to be copied. A reader who left (`up | head`) stops nothing."""
        with contextlib.suppress(OSError):
            self._output.write(text + "\n")
            self._output.flush()

    async def follow(self, name: str, stream: asyncio.StreamReader) -> None:
        async for text in _lines(stream):
            self.line(name, text)

    def _prefix(self, name: str) -> str:
        padded = name.ljust(WIDTH)
        if not self._coloured:
            return f"{padded} |"
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        return f"\033[{colour}m{padded} │\033[0m"


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines of any length: `readline` fails past its limit, and a part must never block on us."""
    held = b""
    while chunk := await stream.read(LONGEST_LINE):
        *complete, held = (held + chunk).split(b"\n")
        for line in complete:
            yield _text(line)
        if len(held) > LONGEST_LINE:
            yield _text(held)
            held = b""
    if held:
        yield _text(held)


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")
