"""The revision after this one: a copy of the code with one migration more, as a process.

code = next_revision(tmp_path, BACKEND, *lines, declares="OLDEST_CODE = '{before}'")
assert (await code.migrated(variables)).code == 0
"""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fakes.schemas.steps import module_of
from fakes.timing import UNIT
from netra_auth.store.schema_version import HEAD as AUTH_HEAD
from netra_backend.app.db.schema_version import HEAD as BACKEND_HEAD

_ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Service:
    """Where a service's code says what its store is like.

    Attributes:
        program: The module that is run.
        head: The version the present code was made for.
        room: The folder with `migrations` and `schema_version.py`.
    """

    package: str
    program: str
    head: str
    room: str


AUTH: Final = Service("netra_auth", "netra_auth.main", AUTH_HEAD, "netra_auth/store")
BACKEND: Final = Service(
    "netra_backend", "netra_backend.app.main", BACKEND_HEAD, "netra_backend/app/db"
)


@dataclass(frozen=True)
class Ended:
    """How a process ended, and each line of its log."""

    code: int
    lines: list[dict[str, Any]]

    def only(self, event: str) -> dict[str, Any]:
        """Give the one line of an event."""
        [line] = [line for line in self.lines if line["event"] == event]
        return line


@dataclass(frozen=True)
class NextRevision:
    """A copy of a service's code, one version on."""

    service: Service
    folder: Path
    head: str

    async def migrated(self, variables: Mapping[str, str]) -> Ended:
        """Bring a store to the copy's version, as a deployment does before it."""
        return await ended(self.service, variables, "--migrate-only", code=self.folder)


def next_revision(folder: Path, service: Service, *lines: str, declares: str) -> NextRevision:
    """Copy a service's code and write a migration of some lines at its end.

    Args:
        folder: Where the copy goes.
        service: Whose code.
        lines: What the migration does.
        declares: Which older code runs on it, with `{version}` and `{before}`.
    """
    head = f"{int(service.head) + 1:04}"
    copy = folder / f"{service.package}-{head}"
    for package in ("netra", service.package):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(_ROOT / package, copy / package, ignore=ignored)
    room = copy / service.room
    migration = module_of(head, *lines, declares=declares)
    (room / "migrations" / "versions" / f"p{head}.py").write_text(migration)
    module = room / "schema_version.py"
    source, was = module.read_text(), f'HEAD: Final = "{service.head}"'
    assert source.count(was) == 1, f"{module} says otherwise which version it is of"
    module.write_text(source.replace(was, f'HEAD: Final = "{head}"'))
    return NextRevision(service, copy, head)


async def ended(
    service: Service, variables: Mapping[str, str], *arguments: str, code: Path = _ROOT
) -> Ended:
    """Run a service until it ends by itself, by the present code unless told otherwise."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        service.program,
        *arguments,
        cwd=code,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(code),
            "PYTHONDONTWRITEBYTECODE": "1",
            **variables,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(child.communicate(), 60 * UNIT)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert errors == b"", errors.decode()
    assert child.returncode is not None
    return Ended(child.returncode, [json.loads(line) for line in output.splitlines()])
