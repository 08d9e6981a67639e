"""The SDKs for Node: installed once from the lock, into a folder that is kept, and run in one process."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

HERE = Path(__file__).parent / "node"
LOCK = HERE / "package-lock.json"
SCRIPTS = tuple(script.name for script in HERE.glob("*.mjs"))
PATIENCE = 300  # seconds


class NotInstalled(Exception):
    """npm could not: what it said."""


def folder() -> Path:
    """Named by the lock, so that another lock is another folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "rungway" / f"sdks-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"


async def install() -> Path:
    kept = folder()
    if not kept.is_dir():
        made = Path(mkdtemp(dir=shelf(kept)))
        copied(("package.json", "package-lock.json"), made)
        status, _, error = await run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=made)
        if status:
            shutil.rmtree(made)
            raise NotInstalled(error)
        moved(made, kept)
    copied(SCRIPTS, kept)
    return kept


def shelf(kept: Path) -> Path:
    kept.parent.mkdir(parents=True, exist_ok=True)
    return kept.parent


def copied(names: Iterable[str], to: Path) -> None:
    for name in names:
        shutil.copy(HERE / name, to)


def moved(made: Path, kept: Path) -> None:
    """Built beside and moved into place whole; who comes second keeps what is there."""
    try:
        made.rename(kept)
    except OSError:
        shutil.rmtree(made)


async def tried(bases: Mapping[str, str], key: str) -> dict[str, dict[str, dict[str, str]]]:
    """SDK → router → feature → what came of it."""
    script = await install() / "run.mjs"
    status, output, error = await run("node", str(script), json.dumps(dict(bases)), key, cwd=script.parent)
    assert status == 0, error
    found: Any = json.loads(output.splitlines()[-1])
    return dict(found)


async def run(*command: str, cwd: Path) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        output, error = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return process.returncode or 0, output.decode(), error.decode()
