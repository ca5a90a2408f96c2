"""Where a secret that was just made goes: it is given once, and to one place.

The place is made ready before the secret is asked for, so that none is made and then lost.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from netra.isolated_environment import ENV_FILE_VARIABLE, IsolatedEnvironment
from netra.secret import Secret
from netra_ops.cli.console import remark, tell, tell_document
from netra_ops.findings import UsageRefused
from netra_ops.platform.local import state_directory
from netra_ops.platform.local.configuration import with_values
from netra_ops.platform.local.state_directory import FILE_MODE, StateDirectory, write_whole

SecretFile = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Write the secret to this new file instead of showing it."),
]
EnvFile = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="Set SERVICE_SECRET in this env file of the service instead."
    ),
]
_SECRET_VARIABLE: Final = "SERVICE_SECRET"  # noqa: S105 - the name of a variable


class Place:
    """Takes one secret."""

    member: str | None = None
    """What the place is called in a JSON document; None where that shows the secret itself."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path

    def take(self, secret: Secret) -> None:
        """Keep the secret, if it is not to be shown."""


class _NewFile(Place):
    member = "secret_file"

    def __init__(self, path: Path, descriptor: int) -> None:
        super().__init__(path)
        self._descriptor = descriptor

    def take(self, secret: Secret) -> None:
        os.write(self._descriptor, f"{secret.reveal()}\n".encode())
        os.fsync(self._descriptor)


class _EnvFile(Place):
    member = "env_file"

    def __init__(self, path: Path, directory: StateDirectory | None) -> None:
        super().__init__(path)
        self._file = path
        self._directory = directory

    def take(self, secret: Secret) -> None:
        # What starts the services of a state directory writes its env files too.
        with self._directory.locked() if self._directory else nullcontext():
            text = self._file.read_text(encoding="utf-8")
            write_whole(self._file, with_values(text, {_SECRET_VARIABLE: secret.reveal()}))


@contextmanager
def place_for(service: str, secret_file: Path | None, env_file: Path | None) -> Iterator[Place]:
    """Make the place ready where a service's new secret goes.

    Raises:
        UsageRefused: It cannot take a secret, or is another service's.
    """
    if secret_file is not None and env_file is not None:
        raise UsageRefused("A secret goes to one place: --secret-file or --env-file.")
    if env_file is not None:
        yield _known_env_file(env_file, service)
    elif secret_file is not None:
        with _new_file(secret_file) as place:
            yield place
    else:
        yield Place()


def give(secret: Secret, place: Place, document: dict[str, Any], *, as_json: bool) -> None:
    """Give a secret to its place, and show it where it has none or the place failed.

    Args:
        secret: It is shown here and nowhere else.
        place: Where it goes.
        document: What else there is to say in JSON, the secret left out.
        as_json: Whether that is wanted.
    """
    kept = place.member is not None
    try:
        place.take(secret)
    except OSError as error:
        # The secret is good from now on: losing it would be worse than showing it.
        remark(f"{place.path} could not be written ({error.strerror}); the secret is shown here.")
        kept = False
    if as_json:
        shown = {place.member: str(place.path)} if kept else {"secret": secret.reveal()}
        tell_document(document | shown)
    elif not kept:
        tell(secret.reveal())
    if kept:
        remark(f"The secret is in {place.path}.")
        if isinstance(place, _EnvFile):
            remark("The service uses it from its next start on.")
    else:
        remark("This is the only time that the secret is shown: keep it in a safe place.")


@contextmanager
def _new_file(path: Path) -> Iterator[Place]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, FILE_MODE)
    except FileExistsError as error:
        raise UsageRefused(f"{path} is there already. Name a new file.") from error
    except OSError as error:
        raise UsageRefused(f"{path} cannot be made: {error.strerror}.") from error
    try:
        yield _NewFile(path, descriptor)
    finally:
        is_empty = os.fstat(descriptor).st_size == 0
        os.close(descriptor)
        if is_empty:
            path.unlink(missing_ok=True)


def _known_env_file(path: Path, service: str) -> Place:
    if path.is_symlink() or not path.is_file():
        raise UsageRefused(f"{path} is not an env file.")
    if not os.access(path.parent, os.W_OK) or not os.access(path, os.R_OK):
        raise UsageRefused(f"{path} cannot be read and replaced.")
    environment = IsolatedEnvironment.resolve({ENV_FILE_VARIABLE: str(path)})
    if environment.get("SERVICE_ID") != service:
        raise UsageRefused(f"{path} is not the env file of {service}: its SERVICE_ID differs.")
    return _EnvFile(path, _state_directory_of(path, service))


def _state_directory_of(path: Path, service: str) -> StateDirectory | None:
    root = path.absolute().parent.parent
    if StateDirectory(root).env_file(service) != path.absolute():
        return None
    with suppress(UsageRefused):  # Other installations keep env files in such folders too.
        return state_directory.opened(root)
    return None
