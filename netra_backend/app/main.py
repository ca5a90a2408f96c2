"""The backend's process: its arguments, its configuration, its store, its server."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Final

import stamina
import uvicorn
from fastapi import FastAPI

from netra.clock import SystemClock
from netra.contract.configuration import Violations
from netra.contract.declared.netra_backend import CONTRACT
from netra.contract.loader import load
from netra.errors import ConfigurationInvalid, DatabaseUnavailable
from netra.isolated_environment import process_environment
from netra.serving import ServerBounds
from netra.telemetry.log_events import configure_logging, event_logger
from netra.wire.chat_protocol import MAX_FRAME_BYTES
from netra_backend.app.bootstrap import StoreNotReady, create_app, make_store_ready, settle_restored
from netra_backend.app.http_server import bounded_http
from netra_backend.app.settings import Settings
from netra_backend.app.socket_server import bounded_socket

__all__ = ["create_app", "main", "server_config"]

EXIT_FAILED: Final = 1
EXIT_MISCONFIGURED: Final = 2
_SWITCH_SECONDS: Final = 0.0005

_log = event_logger("main")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the backend until it is told to stop; give the exit code.

    0: stopped when told, or did what it was told to the store; 1: the store is not ready or the
    server could not start; 2: the configuration or the arguments are wrong.
    """
    arguments = _parser().parse_args(argv)
    environment = process_environment()
    revision = environment.get("REVISION") or environment.get("K_REVISION") or "unversioned"
    configure_logging(service=CONTRACT.service, revision=revision)
    # The client of the auth service reports what its repeated attempts came to.
    stamina.instrumentation.set_on_retry_hooks([])
    loaded = load(CONTRACT, environment)
    if isinstance(loaded, Violations):
        for violation in loaded:
            _log.error(
                "configuration_invalid",
                message=str(violation),
                variable=violation.variable,
                problem=violation.problem.value,
                fix=violation.fix,
            )
        return EXIT_MISCONFIGURED
    settings = Settings.from_configuration(loaded)
    configure_logging(
        service=CONTRACT.service,
        revision=settings.revision,
        level=settings.log_level,
        known_secrets=loaded.known_secrets(),
    )
    try:
        migrates = arguments.migrate or arguments.migrate_only
        asyncio.run(make_store_ready(settings, migrates=migrates))
        if arguments.restored:
            asyncio.run(settle_restored(settings, SystemClock()))
        if arguments.migrate_only or arguments.restored:
            return 0
        app = create_app(settings)
    except ConfigurationInvalid as error:
        _log.error("configuration_invalid", message=error.reason)
        return EXIT_MISCONFIGURED
    except StoreNotReady as error:
        _log.error("store_not_ready", message=error.reason)
        return EXIT_FAILED
    except DatabaseUnavailable as error:
        _log.error("store_not_ready", message=f"The store cannot be opened: {error.reason}.")
        return EXIT_FAILED
    return _serve(app, settings)


def server_config(
    app: FastAPI, settings: Settings, bounds: ServerBounds | None = None
) -> uvicorn.Config:
    """Say how the app is served; what clients may take is bounded as usual unless it is given."""
    used = bounds or ServerBounds()
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=bounded_http(used),
        ws=bounded_socket(used),
        ws_per_message_deflate=False,
        ws_max_size=MAX_FRAME_BYTES,
        ws_ping_interval=used.silence,
        ws_ping_timeout=used.silence,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        ssl_certfile=settings.tls_certificate_path,
        ssl_keyfile=settings.tls_private_key_path,
        timeout_graceful_shutdown=5,
    )


def _serve(app: FastAPI, settings: Settings) -> int:
    # The store's thread and the loop take turns at the interpreter: with the usual 5 ms between
    # them an event waits longer for its turn than for its commit.
    sys.setswitchinterval(_SWITCH_SECONDS)
    server = uvicorn.Server(server_config(app, settings))
    # The server raises the signal that stopped it once more when it is done: that is no failure.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    server.run()
    return 0 if server.started else EXIT_FAILED


def _stop(_number: int, _frame: object) -> None:
    sys.exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="netra-backend", description="Netra's backend.")
    parser.add_argument(
        "--migrate", action="store_true", help="bring the store to this revision's schema first"
    )
    parser.add_argument(
        "--migrate-only", action="store_true", help="bring the store there and stop"
    )
    parser.add_argument(
        "--restored", action="store_true", help="make a restored store fit to serve and stop"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
