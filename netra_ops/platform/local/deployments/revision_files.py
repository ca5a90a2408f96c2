"""Revisions as files: which code and configuration is the current one, and what each was made with.

The configuration of a revision is copied when the revision is made. What a person edits is the
configuration of the next one.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from netra.isolated_environment import ENV_FILE_VARIABLE, IsolatedEnvironment
from netra_ops.platform.local import configuration, revisions
from netra_ops.platform.local.record import Record, RevisionRecord, ServiceRecord
from netra_ops.platform.local.state_directory import StateDirectory, made_directory, write_whole
from netra_ops.settings import Program

_WHOLE: Final = 100


def is_current(directory: StateDirectory, program: Program, service: ServiceRecord) -> bool:
    """Tell whether the revision that serves is what the env file and its code say now."""
    serving = service.serving
    if serving is None:
        return False
    environment = configuration.read(directory, program.service)
    code = code_digest(program, serving.code)
    return revisions.fingerprint(code, environment) == serving.fingerprint


def with_current(directory: StateDirectory, program: Program, known: Record) -> Record:
    """Have a service served by what its env file and code say, by a new revision if by none yet."""
    environment = configuration.read(directory, program.service)
    port = configuration.written_port(environment) or program.default_port
    service = known.services.get(program.service, ServiceRecord(port))
    if is_current(directory, program, service) and service.revision and service.port == port:
        keep(directory, program.service, service.revision, _env_text(directory, program))
        return known
    name = revisions.next_name(program.service, service.newest)
    keep(directory, program.service, name, _env_text(directory, program))
    code = code_digest(program, None)
    made = RevisionRecord(port, revisions.fingerprint(code, environment), code)
    served = msgspec.structs.replace(service, port=port).with_new(name, made)
    served = served.split_as({name: _WHOLE})
    return known.with_service(program.service, served)


def code_digest(program: Program, code: str | None) -> str:
    """Digest a service's code: that of a folder, or what this command belongs to."""
    if code is None:
        return revisions.code_digest(program)
    return revisions.code_digest(program, Path(code))


def keep(directory: StateDirectory, service: str, revision: str, text: str) -> None:
    """Keep the configuration that a revision was made with; what is kept already stays."""
    file = directory.revision_env_file(service, revision)
    if not file.exists():
        made_directory(file.parent)
        write_whole(file, text)


def kept(directory: StateDirectory, service: str, revision: str) -> IsolatedEnvironment:
    """Read the configuration that a revision was made with, as the service reads it."""
    file = directory.revision_env_file(service, revision)
    return IsolatedEnvironment.resolve({ENV_FILE_VARIABLE: str(file)})


def read_as_service(directory: StateDirectory, text: str) -> IsolatedEnvironment:
    """Read the text of an env file as a service would that was started with it."""
    with TemporaryDirectory(dir=directory.root) as folder:
        file = Path(folder) / "env"
        write_whole(file, text)
        return IsolatedEnvironment.resolve({ENV_FILE_VARIABLE: str(file)})


def follow(directory: StateDirectory, service: str, left: str, served: str) -> None:
    """Have the env file say what serves now, unless a person edited it since it said what was left.

    Else the next start would go back to what a deployment changed.
    """
    file = directory.env_file(service)
    before = directory.revision_env_file(service, left)
    after = directory.revision_env_file(service, served)
    if before.exists() and after.exists() and file.read_bytes() == before.read_bytes():
        write_whole(file, after.read_text(encoding="utf-8"))


def _env_text(directory: StateDirectory, program: Program) -> str:
    return directory.env_file(program.service).read_text(encoding="utf-8")
