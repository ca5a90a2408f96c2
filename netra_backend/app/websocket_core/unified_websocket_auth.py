"""A WebSocket handshake becomes a verified principal, or a real HTTP denial before `accept`.

What a socket then may do, and when it ends, is decided by the endpoint.
"""

from dataclasses import dataclass, replace
from typing import Final

from fastapi import Response, WebSocket

from netra.clock import Clock, SystemClock
from netra.errors import (
    CouldNotDecide,
    CredentialError,
    NetraError,
    OriginRefused,
    PermissionDenied,
    RequestInvalid,
)
from netra.policy import CredentialMethod
from netra.principal import AuthenticatedPrincipal
from netra.telemetry.auth_events import authentication_refused
from netra.telemetry.log_events import event_logger
from netra.telemetry.once_per_interval import OncePerInterval
from netra.telemetry.request_record import Stage, request_record
from netra.tokens import AccessTokenVerifier, principal_of
from netra.wire.chat_protocol import CHAT_SUBPROTOCOL
from netra.wire.problem import MEDIA_TYPE, problem_response
from netra_backend.app.auth_integration.credentials import credential_of_handshake

log: Final = event_logger("websocket_core")


@dataclass(frozen=True, slots=True)
class AuthenticatedHandshake:
    """A handshake whose credential was verified.

    Attributes:
        principal: Who it is.
        subprotocol: What to echo in `accept`: `netra.chat.v1`, or None if none was offered.
        expires_at: When the credential, and with it the socket, ends unless renewed.
        method: How the credential came.
    """

    principal: AuthenticatedPrincipal
    subprotocol: str | None
    expires_at: float
    method: CredentialMethod


class UnifiedWebSocketAuth:
    """The one way a socket gets a principal.

    The Origin first: a browser always sends it, and one that is not on the list is refused (403),
    whatever credential comes with it. A handshake without an Origin does not come from a browser's
    page and is judged by its credential alone, by header and by subprotocol alike: the token is
    never ambient, so a page could not make a browser send it.

    Then the credential, as `credentials` finds it: 401 if it is missing or bad, 503 if its key
    could not be asked for. Nothing on the server's side that is missing or down is a 403.

    What is refused for one reason to one address is told once a minute, with how often it was.

    Then the subprotocol: a client that offers any must offer `netra.chat.v1` (400). It is the only
    one echoed; a token never is.
    """

    def __init__(
        self,
        verifier: AccessTokenVerifier,
        allowed_origins: frozenset[str],
        clock: Clock | None = None,
    ) -> None:
        self._verifier = verifier
        self._refusals_told = OncePerInterval(clock or SystemClock())
        self._allowed_origins = frozenset(origin.lower() for origin in allowed_origins)

    async def authenticate(self, websocket: WebSocket) -> AuthenticatedHandshake:
        """Verify a handshake that has not been accepted yet, and book what is found out.

        Raises:
            OriginRefused: It comes from a page of somebody else.
            CredentialMissing: It has no credential.
            CredentialRejected: It has a bad one.
            AuthServiceUnreachable: The credential could not be judged.
            RequestInvalid: It offers subprotocols, and not ours.
        """
        record = request_record(websocket.scope)
        record.stage = Stage.AUTHENTICATION
        self._check_origin(websocket.headers.getlist("origin"))
        offered: list[str] = list(websocket.scope.get("subprotocols", ()))
        try:
            presented = credential_of_handshake(
                websocket.headers, websocket.scope.get("query_string", b""), offered
            )
            principal = principal_of(await self._verifier.verify(presented.unverified_token))
        except CredentialError as error:
            address = websocket.client.host if websocket.client else None
            untold = self._refusals_told.permit((address, error.reason))
            # Each attempt is in the log as a request besides, with its address and status.
            if untold is not None:
                authentication_refused(log, record, error, not_logged_since=untold)
            raise
        except CouldNotDecide as error:
            log.info("authentication_undecided", error_code=error.code, reason=error.reason)
            raise
        record.principal, record.method = principal, presented.method
        record.stage = Stage.HANDLER
        if offered and CHAT_SUBPROTOCOL not in offered:
            raise RequestInvalid(
                "subprotocols were offered, and not ours",
                detail=f"Offer the subprotocol {CHAT_SUBPROTOCOL}.",
            )
        return AuthenticatedHandshake(
            principal=principal,
            subprotocol=CHAT_SUBPROTOCOL if offered else None,
            expires_at=principal.expires_at,
            method=presented.method,
        )

    async def renewed(
        self, handshake: AuthenticatedHandshake, unverified_token: str
    ) -> AuthenticatedHandshake:
        """Verify a token sent over an open socket and let it prolong the handshake.

        Raises:
            CredentialRejected: It is bad.
            PermissionDenied: It is another subject's: a socket never changes hands.
            AuthServiceUnreachable: It could not be judged.
        """
        principal = principal_of(await self._verifier.verify(unverified_token))
        before = handshake.principal
        if principal.kind is not before.kind or str(principal) != str(before):
            raise PermissionDenied("the new token is another subject's")
        return replace(handshake, principal=principal, expires_at=principal.expires_at)

    async def deny(self, websocket: WebSocket, error: NetraError) -> None:
        """Answer a handshake with a real HTTP status and a problem document, before `accept`."""
        problem = problem_response(error, request_record(websocket.scope).request_id)
        await websocket.send_denial_response(
            Response(
                problem.body,
                status_code=problem.status,
                headers=dict(problem.headers),
                media_type=MEDIA_TYPE,
            )
        )

    def _check_origin(self, origins: list[str]) -> None:
        if not origins:
            return
        if len(origins) == 1 and origins[0].lower() in self._allowed_origins:
            return
        log.warning(
            "origin_refused",
            origin=origins[0][:200],
            headers=len(origins),
            allowed=sorted(self._allowed_origins),
            debug_hints=["ALLOWED_ORIGINS must list the origin of the page, such as https://host"],
        )
        raise OriginRefused("the Origin is not in ALLOWED_ORIGINS")
