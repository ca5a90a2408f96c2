"""Programs of Node's that nobody here wrote: installed once, run with a document to read."""

import asyncio
import fcntl
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from fakes.requirements import require
from fakes.timing import UNIT

INTEROP: Final = Path(__file__).parent.parent / "interop"
_INSTALLED: Final = INTEROP / "node_modules" / ".package-lock.json"
_LOCK: Final = INTEROP / "package-lock.json"


def node() -> str:
    """Give the program, with the packages of `package-lock.json` installed beside the scripts.

    Without Node and npm, or without a registry, the test is skipped loudly.
    """
    program, npm = shutil.which("node"), shutil.which("npm")
    require("npm", bool(program and npm), "install Node.js 20.10 or newer with npm")
    assert program is not None
    assert npm is not None
    # Only one of several test processes installs; the others wait and find it done.
    with (INTEROP / ".installing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _INSTALLED.exists() or _INSTALLED.stat().st_mtime < _LOCK.stat().st_mtime:
            done = subprocess.run(  # noqa: S603 - a fixed command
                [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=INTEROP,
                capture_output=True,
                text=True,
                timeout=300 * UNIT,
                check=False,
            )
            require("npm", done.returncode == 0, f"npm ci failed: {done.stderr[-500:]}")
            _INSTALLED.touch()
    return program


async def told_by(script: str, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Run a script to its end, and give the JSON lines it wrote."""
    child = await asyncio.create_subprocess_exec(
        await asyncio.to_thread(node),
        "--no-warnings",
        str(INTEROP / script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(
        child.communicate(json.dumps(document).encode()), timeout=120 * UNIT
    )
    lines = [json.loads(line) for line in out.decode().splitlines()]
    assert lines, errors.decode()
    return lines


@asynccontextmanager
async def serving(script: str, document: Mapping[str, Any]) -> AsyncIterator[None]:
    """Run a script that serves until the block ends; it says one line when it is ready."""
    child = await asyncio.create_subprocess_exec(
        await asyncio.to_thread(node),
        "--no-warnings",
        str(INTEROP / script),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(json.dumps(document).encode())
        child.stdin.close()
        ready = await asyncio.wait_for(child.stdout.readline(), timeout=60 * UNIT)
        assert json.loads(ready or b"{}").get("ready"), "the program ended before it was ready"
        yield
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()
