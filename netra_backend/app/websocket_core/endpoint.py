"""The route `/ws`: a handshake becomes a connection or a denial.

Who may in is decided by `unified_websocket_auth` and the policy, what then happens in `connection`.
"""

from typing import Final

from fastapi import APIRouter, Request, WebSocket

from netra.errors import NetraError, NotFound, PermissionDenied, RequestInvalid, TooManyRequests
from netra.policy import Permission
from netra.principal import UserPrincipal
from netra.telemetry.current_work import work_for
from netra.telemetry.log_events import event_logger
from netra.telemetry.request_record import request_record
from netra.wire.chat_protocol import SOCKET_PATH, CloseCode
from netra_backend.app.auth_integration.auth import require
from netra_backend.app.websocket_core.connection import Connection
from netra_backend.app.websocket_core.connection_registry import ConnectionRegistry
from netra_backend.app.websocket_core.session_protocol import SessionTimes
from netra_backend.app.websocket_core.unified_websocket_auth import (
    AuthenticatedHandshake,
    UnifiedWebSocketAuth,
)

log: Final = event_logger("websocket_core")
_OF_HANDSHAKES: Final = "sec-websocket-key"
"""RFC 6455 section 4.1; unlike `Upgrade` and `Connection` it goes through every proxy."""


def chat_socket_routes(
    auth: UnifiedWebSocketAuth, registry: ConnectionRegistry, times: SessionTimes | None = None
) -> APIRouter:
    """Make the router of the chat's socket, which comes last: sockets elsewhere are answered 404.

    Args:
        auth: Says who a handshake comes from.
        registry: Where open sockets are noted.
        times: How patient sessions are.
    """
    router = APIRouter(include_in_schema=False)
    patience = times or SessionTimes()

    async def serve_socket(websocket: WebSocket) -> None:
        # Its route names itself nowhere.
        with work_for(f"WS {SOCKET_PATH}"):
            await serve(websocket)

    async def serve(websocket: WebSocket) -> None:
        try:
            handshake, principal = await _admitted(websocket, auth)
            registry.refuse_who_is_shut_out(principal.user_id)
        except NetraError as error:
            await auth.deny(websocket, error)
            return
        await websocket.accept(subprotocol=handshake.subprotocol)
        connection = Connection(
            websocket,
            handshake,
            principal,
            auth,
            registry.limits_of(principal.user_id),
            patience,
        )
        try:
            registry.admit(connection)
        except TooManyRequests as error:
            # After `accept`: a page sees the code of a close, and nothing of a denied handshake.
            await websocket.close(CloseCode.TOO_MANY, error.reason)
            return
        try:
            await connection.serve()
        finally:
            registry.remove(connection)

    # Starlette's own route: FastAPI's would keep a stack of dependencies for every open socket.
    router.add_websocket_route(SOCKET_PATH, serve_socket)
    router.add_api_route(SOCKET_PATH, refuse_plain_request)

    async def refuse_elsewhere(websocket: WebSocket) -> None:
        await auth.deny(websocket, NotFound(f"sockets are served at {SOCKET_PATH}"))

    # The framework's own answer is 403, as if somebody were known and not allowed.
    router.add_websocket_route("/{path:path}", refuse_elsewhere)
    return router


async def refuse_plain_request(request: Request) -> None:
    """Tell a plain request that this is a place for sockets, and what became of a handshake.

    Raises:
        RequestInvalid: Always.
    """
    if _OF_HANDSHAKES in request.headers:
        log.warning(
            "upgrade_missing",
            http_version=request.scope.get("http_version"),
            debug_hints=["Let the proxy speak HTTP/1.1 and pass Upgrade and Connection on"],
        )
        raise RequestInvalid(
            "a handshake without Upgrade",
            detail="The handshake came without its Upgrade: a proxy did not pass it on.",
        )
    raise RequestInvalid("no handshake", detail="This is a WebSocket endpoint.")


async def _admitted(
    websocket: WebSocket, auth: UnifiedWebSocketAuth
) -> tuple[AuthenticatedHandshake, UserPrincipal]:
    """Give who is to be let in.

    Raises:
        NetraError: Nobody is; it is the answer to the handshake.
    """
    handshake = await auth.authenticate(websocket)
    require(Permission.AGENTS_RUN, request_record(websocket.scope))
    if not isinstance(handshake.principal, UserPrincipal):
        raise PermissionDenied("a service has no conversation")
    return handshake, handshake.principal
