"""The real auth service in a process of its own, with two empty routes beside its own.

The empty routes do what every route does before its work begins, and nothing after: one proves a
service's secret, the other an access token.

Run by `benchmarks/client_credentials.py` as `python auth_service.py PORT DATABASE_URL SECRET`.
"""

import asyncio
import sys
from typing import Annotated

import uvloop
from fastapi import FastAPI, Request, Security

from fakes.environments import auth_environment, service_registry
from netra.clock import SystemClock
from netra.contract import Violations, load
from netra.contract.declared.netra_auth import CONTRACT
from netra.isolated_environment import IsolatedEnvironment
from netra.principal import AuthenticatedPrincipal
from netra.telemetry import configure_logging
from netra_auth.api.bearer import ProtectedRoute, authenticated
from netra_auth.api.presented_client import oauth_form, presented_client
from netra_auth.api.state import origin_of, state_of
from netra_auth.bootstrap import opened_state
from netra_auth.main import server_for
from netra_auth.process_memory import give_large_pieces_back, keep_what_is_there
from netra_auth.settings import Settings, settings_from


def settings_for(port: str, database_url: str, secret: str) -> Settings:
    values = auth_environment(
        PORT=port,
        ISSUER_URL=f"http://127.0.0.1:{port}",
        REQUEST_LIMIT_FACTOR="100",
        DATABASE_URL=database_url,
        SERVICE_REGISTRY=service_registry({"netra-backend": secret}),
    )
    configuration = load(CONTRACT, IsolatedEnvironment.of(values))
    assert not isinstance(configuration, Violations), str(configuration)
    configure_logging(
        service="netra-auth",
        revision="benchmark",
        known_secrets=configuration.known_secrets(),
    )
    return settings_from(configuration)


def add_empty_routes(app: FastAPI) -> None:
    async def client_proven(request: Request) -> dict[str, bool]:
        state = state_of(request)
        parameters = await oauth_form(request)
        await state.clients.authenticate(presented_client(request, parameters), origin_of(request))
        return {"active": True}

    async def token_proven(
        _principal: Annotated[AuthenticatedPrincipal, Security(authenticated)],
    ) -> dict[str, bool]:
        return {"active": True}

    app.add_api_route("/empty/client", client_proven, methods=["POST"])
    app.router.add_api_route(
        "/empty/token", token_proven, methods=["POST"], route_class_override=ProtectedRoute
    )


async def serve(settings: Settings) -> None:
    give_large_pieces_back()
    async with opened_state(settings, SystemClock()) as state:
        server = server_for(settings, state)
        assert isinstance(server.config.app, FastAPI)
        add_empty_routes(server.config.app)
        keep_what_is_there()
        await server.serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings_for(*sys.argv[1:])))
