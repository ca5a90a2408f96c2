"""A store brought to the schema of some code, as a step of its own before that code is deployed."""

import subprocess
from pathlib import Path
from typing import Final

from netra.isolated_environment import ENV_FILE_VARIABLE
from netra_ops.findings import Failed
from netra_ops.platform.local import health, processes
from netra_ops.platform.local.deployments.revision_processes import how_ended
from netra_ops.platform.local.state_directory import StateDirectory
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
        try:
            ended = child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise Failed(f"The migration of {service} took more than {seconds:.0f} s.") from None
        except BaseException:
            child.terminate()
            child.wait()
            raise
    if ended != 0:
        said = health.loud_messages(log, offsets[0]) or health.last_words(stderr, offsets[1])
        what = f"The store of {service} was not migrated ({how_ended(ended)}):"
        raise Failed("\n  ".join((what, *said, f"(log: {log})")))
