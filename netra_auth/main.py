"""The process: configuration checked, store brought to head if asked, then served until stopped.

With `--backup`, `--restore` or `--restored` it does that to the store and stops.

Exit codes: 0 stopped as asked, 1 the store or its keys cannot be used, 2 the configuration or the
command line is not valid.
"""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from netra.clock import SystemClock
from netra.contract import Configuration, Violations, load
from netra.contract.declared.netra_auth import CONTRACT
from netra.errors import ConfigurationInvalid, DatabaseUnavailable
from netra.isolated_environment import process_environment
from netra.schema_fit import SchemaFit
from netra.serving import ServerBounds
from netra.telemetry import configure_logging, event_logger
from netra_auth.api.state import AuthState
from netra_auth.bootstrap import create_app, opened_state
from netra_auth.http_server import bounded_http
from netra_auth.process_memory import (
    exit_code_of_child,
    give_large_pieces_back,
    keep_what_is_there,
)
from netra_auth.recovery import Recovery
from netra_auth.settings import Settings, settings_from
from netra_auth.store.engine import Database
from netra_auth.store.schema_version import require_fit, stored_schema

_log = event_logger("netra_auth.main")

SERVICE: Final = "netra-auth"
_STOPPED: Final = 0
_CANNOT_START: Final = 1
_NOT_CONFIGURED: Final = 2
_GRACE_SECONDS: Final = 5
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class AuthServer(uvicorn.Server):
    """A server that lets waiting readers of the revocation feed go before it drains."""

    def __init__(self, config: uvicorn.Config, state: AuthState) -> None:
        super().__init__(config)
        self._state = state

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM without dying of them: the store is closed afterwards."""
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell where: the port may have been left to the system."""
        await super().startup(sockets)
        for listener in (found for server in self.servers for found in server.sockets):
            host, port = listener.getsockname()[:2]
            scheme = "https" if self.config.is_ssl else "http"
            _log.info("listening", url=f"{scheme}://{host}:{port}", host=host, port=port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop: end the long polls first, then wait for what is still being served."""
        self._state.revocations.close()
        await super().shutdown(sockets)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the service and give the exit code."""
    arguments = _arguments(argv)
    configure_logging(service=SERVICE, revision="unversioned")
    configuration = load(CONTRACT, process_environment())
    if isinstance(configuration, Violations):
        _tell_violations(configuration)
        return _NOT_CONFIGURED
    settings = _configured(configuration)
    serves = not (arguments.backup or arguments.restore or arguments.restored)
    if arguments.migrate and serves and not arguments.migrate_only:
        # What a migration takes is not to be held by what serves afterwards.
        migrates = argparse.Namespace(**{**vars(arguments), "migrate_only": True})
        code = exit_code_of_child(lambda: _carried_out(settings, migrates))
        if code != _STOPPED:
            return code
        arguments.migrate = False
    return _carried_out(settings, arguments)


def _carried_out(settings: Settings, arguments: argparse.Namespace) -> int:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(settings, arguments))
    except (ConfigurationInvalid, DatabaseUnavailable) as error:
        _refuse_start(error.reason, error.code)
        return _CANNOT_START
    except SystemExit:
        # The server ends the process in this way when it cannot bind; it has logged why.
        _refuse_start(f"Cannot listen on {settings.host} port {settings.port}.", "cannot_listen")
        return _CANNOT_START
    return _STOPPED


def server_for(
    settings: Settings, state: AuthState, bounds: ServerBounds | None = None
) -> AuthServer:
    """Make the server for the service's parts; clients are bounded as usual unless told how."""
    config = uvicorn.Config(
        create_app(settings, state=state),
        host=settings.host,
        port=settings.port,
        http=bounded_http(bounds or ServerBounds()),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        ssl_certfile=settings.tls.certificate if settings.tls else None,
        ssl_keyfile=settings.tls.private_key if settings.tls else None,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return AuthServer(config, state)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m netra_auth.main")
    parser.add_argument("--migrate", action="store_true", help="bring the store to head first")
    parser.add_argument("--migrate-only", action="store_true", help="bring it there and stop")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--backup", metavar="FILE", type=Path, help="copy the store, in use or not, and stop"
    )
    instead.add_argument(
        "--restore", metavar="FILE", type=Path, help="put a backup in the store's place and stop"
    )
    instead.add_argument(
        "--restored",
        action="store_true",
        help="the store was restored by its own tools: end its sessions and stop",
    )
    parser.add_argument(
        "--force", action="store_true", help="restore over a store that knows more than the backup"
    )
    return parser.parse_args(argv)


def _configured(configuration: Configuration) -> Settings:
    settings = settings_from(configuration)
    configure_logging(
        service=settings.service_id,
        revision=settings.revision,
        level=settings.log_level,
        known_secrets=configuration.known_secrets(),
    )
    return settings


def _refuse_start(reason: str, error_code: str) -> None:
    message = f"The service does not start: {reason}"
    _log.error("start_refused", message=message, error_code=error_code)


def _tell_violations(violations: Violations) -> None:
    for violation in violations:
        _log.error(
            "configuration_violation",
            message=str(violation),
            variable=violation.variable,
            problem=violation.problem.value,
            says=violation.says,
            fix=violation.fix,
        )


async def _run(settings: Settings, arguments: argparse.Namespace) -> None:
    recovery = Recovery(settings, SystemClock())
    if arguments.backup is not None:
        await recovery.back_up(arguments.backup)
        return
    if arguments.restore is not None:
        await recovery.restore(arguments.restore, force=arguments.force)
        return
    if arguments.migrate or arguments.migrate_only:
        await _migrate(settings)
    if arguments.restored:
        await recovery.settle_restored()
    elif not arguments.migrate_only:
        give_large_pieces_back()
        async with opened_state(settings, SystemClock()) as state:
            server = server_for(settings, state)
            keep_what_is_there()
            await server.serve()


async def _migrate(settings: Settings) -> None:
    database = Database(settings.database_url)
    try:
        schema = await stored_schema(database)
        if schema.fit is SchemaFit.BEHIND:
            # Alembic costs start-up time, and is needed only when the store is behind.
            logging.getLogger("alembic").setLevel(logging.WARNING)
            from netra_auth.store.migrations.upgrade import (  # noqa: PLC0415 - see above
                upgrade_to_head,
            )

            if await upgrade_to_head(database):
                _log.info("store_migrated", before=schema.version, version=schema.head)
        await require_fit(database)
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(main())
