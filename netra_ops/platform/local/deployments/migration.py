"""A store and the schema of some code: whether they suit, and bringing the store there.

Both are done by that code, as a process of its own.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from netra.isolated_environment import ENV_FILE_VARIABLE
from netra.schema_fit import SCHEMA_TOLD, SchemaJudgement, heard
from netra_ops.findings import Failed
from netra_ops.platform.local import health, processes
from netra_ops.platform.local.deployments.revision_processes import how_ended
from netra_ops.platform.local.state_directory import StateDirectory, write_whole
from netra_ops.settings import Program

_ONLY: Final = "--migrate-only"
_NAME: Final = "migration"


def migrate(directory: StateDirectory, program: Program, code: str | None, seconds: float) -> None:
    """Have a service's code bring the store to its schema; what serves goes on meanwhile.

    Args:
        directory: Where the service lives.
        program: The service.
        code: The folder of its code; None for the code that this command belongs to.
        seconds: How long it may take.

    Raises:
        Failed: It did not end well; what it said is in the message. Each migration is one
            transaction, so that the store is at the version of the last that was whole.
    """
    service = program.service
    log = directory.log_file(service, _NAME)
    stderr = directory.stderr_file(service, _NAME)
    with directory.locked():
        offsets = health.length(log), health.length(stderr)
        child = processes.start(
            program.module,
            {
                ENV_FILE_VARIABLE: str(directory.env_file(service)),
                "REVISION": f"{service}-{_NAME}",
            },
            directory=directory.root,
            stdout=log,
            stderr=stderr,
            arguments=(_ONLY,),
            code=Path(code) if code else None,
        )
        ended = _ended(child, seconds, f"The migration of {service}")
    if ended != 0:
        said = health.loud_messages(log, offsets[0]) or health.last_words(stderr, offsets[1])
        what = f"The store of {service} was not migrated ({how_ended(ended)}):"
        raise Failed("\n  ".join((what, *said, f"(log: {log})")))


def told_fit(
    directory: StateDirectory, program: Program, code: str | None, text: str, seconds: float
) -> SchemaJudgement:
    """Have a service's code say whether it may serve on the store as it is; changes nothing.

    Args:
        directory: Where the service lives.
        program: The service.
        code: The folder of its code; None for the code that this command belongs to.
        text: The env file that says where the store is.
        seconds: How long it may take.

    Raises:
        Failed: It did not say so, as code of before that could be asked; what it said instead is
            in the message.
    """
    with TemporaryDirectory(dir=directory.root) as folder:
        file, log, stderr = (Path(folder) / name for name in ("env", "log", "stderr"))
        write_whole(file, text)
        child = processes.start(
            program.schema,
            {ENV_FILE_VARIABLE: str(file), "REVISION": f"{program.service}-schema"},
            directory=directory.root,
            stdout=log,
            stderr=stderr,
            code=Path(code) if code else None,
        )
        _ended(child, seconds, "The question")
        for event in _events(log):
            if event.get("event") == SCHEMA_TOLD and (judgement := heard(event)) is not None:
                return judgement
        said = health.loud_messages(log, 0) or health.last_words(stderr, 0)
    raise Failed("\n  ".join(said) or "The code cannot be asked.")


def _events(log: Path) -> Iterator[dict[str, object]]:
    for line in log.read_bytes().splitlines():
        try:
            yield msgspec.json.decode(line, type=dict[str, object])
        except msgspec.DecodeError:
            continue


def _ended(child: "subprocess.Popen[bytes]", seconds: float, what: str) -> int:
    """Wait for a process, and end it if it takes too long or nobody waits any more."""
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        raise Failed(f"{what} took more than {seconds:.0f} s.") from None
    except BaseException:
        child.terminate()
        child.wait()
        raise
