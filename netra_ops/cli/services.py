"""`netra up`, `netra down`, `netra status`: the services of this machine."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from netra.clock import SystemClock
from netra.wire.auth_api import CHAT_PATH
from netra_ops.cli.console import (
    DEFAULT_STATE_PATH,
    JsonOption,
    StateOption,
    existing_state,
    remark,
    rich_progress,
    tell,
    tell_document,
)
from netra_ops.findings import ExitCode, Failed
from netra_ops.platform.local import health, state_directory
from netra_ops.platform.local.deployments import migration
from netra_ops.platform.local.deployments.local_platform import code_folder, program_of
from netra_ops.platform.local.local_services import Interrupted, LocalServices, ServiceStatus, Up
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.settings import AUTH, BACKEND

_HIGHEST_PORT = 65535
_MIGRATION_SECONDS = 3600.0
_NEVER_STARTED = tuple(
    ServiceStatus(name, None, None, None, health.NOT_RUNNING) for name in (AUTH, BACKEND)
)


def up(
    state: StateOption = DEFAULT_STATE_PATH,
    detach: Annotated[bool, typer.Option("--detach", help="Return once it runs.")] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=_HIGHEST_PORT, help="The backend's port; 0 for any free one. It is kept."
        ),
    ] = None,
    auth_port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=_HIGHEST_PORT,
            help="The auth service's port; 0 for any free one. It is kept.",
        ),
    ] = None,
) -> None:
    """Run Netra: the auth service and the backend, until Ctrl-C or `netra down`."""
    directory = state_directory.created(state)
    for mended in directory.mended:
        remark(mended)
    with LocalServices(directory, SystemClock(), remark) as services:
        try:
            with rich_progress().status("Starting Netra"):
                result = services.up({AUTH: auth_port, BACKEND: port})
        except Interrupted as error:
            raise Failed("Stopped before Netra was up.") from error
        stays = not (result.already or detach)
        # A reader that left must not keep this command from its watch.
        with suppress(BrokenPipeError):
            _announce(result, directory, stays=stays)
        if not stays:
            return
        if ended := services.watch():
            raise Failed(f"{ended} Everything was stopped. Its log: `netra logs tail`.")
        tell("Netra is stopped.")


def down(state: StateOption = DEFAULT_STATE_PATH) -> None:
    """Stop what runs of Netra."""
    directory = state_directory.opened(state)
    stopped: tuple[str, ...] = ()
    if directory is not None:
        with rich_progress().status("Stopping Netra"):
            stopped = LocalServices(directory, SystemClock(), remark).down()
    tell(f"Stopped {' and '.join(stopped)}." if stopped else "Nothing ran.")


def status(state: StateOption = DEFAULT_STATE_PATH, as_json: JsonOption = False) -> None:
    """Say what runs, where, and whether users can be served (exit code 0) or not (1)."""
    directory = state_directory.opened(state)
    services = _NEVER_STARTED
    if directory is not None:
        services = LocalServices(directory, SystemClock(), remark).status()
    if as_json:
        tell_document(_document(services))
    else:
        for service in services:
            process = f"pid {service.pid}" if service.pid else "stopped"
            word = "ready" if service.health.ready else "not ready"
            place = f"{service.url or '-'}  {service.revision or '-'}"
            tell(f"{service.service:14} {word:10} {process:12} {place}")
            if len(service.split) > 1:
                tell(f"{'':14} {_shares(service)}")
        _remark_on_health(services)
    if not all(service.health.ready for service in services):
        raise typer.Exit(ExitCode.FAIL)


def migrate(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Such as netra-backend.")],
    code: Annotated[
        Path | None,
        typer.Option("--code", metavar="DIR", help="The code whose schema it is to have."),
    ] = None,
    state: StateOption = DEFAULT_STATE_PATH,
) -> None:
    """Bring a service's store to the schema of some code, before that code is deployed.

    What serves goes on: a migration only adds, unless it says otherwise.
    """
    program = program_of(service)
    folder = code_folder(program, code) if code else None
    with rich_progress().status(f"Migrating the store of {service}"):
        migration.migrate(existing_state(state), program, folder, _MIGRATION_SECONDS)
    tell(f"The store of {service} has the schema of {folder or 'this code'}.")


def _announce(result: Up, directory: StateDirectory, *, stays: bool) -> None:
    tell("Netra runs already." if result.already else "Netra runs.")
    for service in result.services:
        tell(f"  {service.service:14} {service.url}  {service.revision}")
    tell(f"  {'state':14} {directory.root}")
    tell(f"Chat: {_backend_url(result)}{CHAT_PATH}")
    _remark_on_health(result.services)
    if stays:
        tell("Ctrl-C stops it.")


def _backend_url(result: Up) -> str:
    (backend,) = (service for service in result.services if service.service == BACKEND)
    return backend.url or ""


def _document(services: tuple[ServiceStatus, ...]) -> dict[str, Any]:
    by_name = {service.service: service for service in services}
    return {
        "url": by_name[BACKEND].url,
        "auth_url": by_name[AUTH].url,
        "pids": {name: service.pid for name, service in by_name.items()},
        "revision": by_name[BACKEND].revision,
        "revisions": {name: service.revision for name, service in by_name.items()},
        "traffic": {name: dict(service.split) for name, service in by_name.items()},
        "ready": all(service.health.ready for service in services),
        "degraded": [
            f"{name}: {text}"
            for name, service in by_name.items()
            for text in service.health.remarks
            if not service.health.well
        ],
    }


def _shares(service: ServiceStatus) -> str:
    return ", ".join(f"{percent} % {revision}" for revision, percent in service.split.items())


def _remark_on_health(services: tuple[ServiceStatus, ...]) -> None:
    for service in services:
        if not service.health.well and service.pid is not None:
            for text in service.health.remarks:
                remark(f"  {service.service} is not well: {text}")
