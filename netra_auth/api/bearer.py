"""Who calls this service's own API with an access token, and whether they may."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import Request, Response, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase

from netra.errors import (
    AuthenticationStale,
    CredentialMissing,
    CredentialRejected,
    PermissionDenied,
)
from netra.policy import ADMINISTRATION, CredentialMethod, Denied, Permission, decide
from netra.principal import Anonymous, AuthenticatedPrincipal, UserPrincipal
from netra.telemetry import Stage, request_record
from netra.tokens import principal_of
from netra_auth.api.state import origin_of, state_of
from netra_auth.api.transport import secure_transport
from netra_auth.audit import Act, AuditEvent, Outcome
from netra_auth.limits import table
from netra_auth.limits.refusals import Caller

FRESH_SECONDS: Final = 15 * 60
"""How long after a login its person may administer."""


class AccessToken(SecurityBase):
    """Parses the one `Authorization: Bearer` header of a request (RFC 6750 section 2.1)."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="at+jwt")
        self.scheme_name = "access_token"

    async def __call__(self, request: Request) -> str:
        """Give the token, unverified.

        Raises:
            CredentialMissing: There is no such header.
            CredentialRejected: There are two, or it is malformed (checklist 45).
        """
        request_record(request.scope).stage = Stage.AUTHENTICATION
        headers = request.headers.getlist("authorization")
        if len(headers) > 1:
            raise CredentialRejected("more than one Authorization header")
        scheme, _, token = (headers[0] if headers else "").partition(" ")
        if scheme.lower() != "bearer":
            raise CredentialMissing
        # Space and tab around a field's value are not part of it (RFC 9110 section 5.5).
        unverified_token = token.strip(" \t")
        if not unverified_token or any(not "!" <= c <= "~" for c in unverified_token):
            raise CredentialRejected("the Authorization header is malformed")
        return unverified_token


access_token = AccessToken()


async def authenticated(
    request: Request, unverified_token: Annotated[str, Security(access_token)]
) -> AuthenticatedPrincipal:
    """Give the principal whose token a request carries.

    Raises:
        CredentialMissing: It carries none.
        CredentialRejected: The token is refused.
        TooManyRequests: Its principal asked too often.
        DatabaseUnavailable: Whether it was ended cannot be looked up.
    """
    record = request_record(request.scope)
    if not isinstance(record.principal, Anonymous):
        return record.principal  # Only this function puts one there: it was verified before.
    state = state_of(request)
    try:
        claims = await state.own_tokens.meant_for_us(unverified_token)
    except CredentialRejected as error:
        act = Act(
            event=AuditEvent.ACCESS_REFUSED,
            outcome=Outcome.REFUSED,
            origin=origin_of(request),
            reason=error.reason,
        )
        await state.limits.rates.note_refusal(act)
        raise
    record.principal = principal_of(claims)
    record.method = CredentialMethod.BEARER
    caller = Caller(origin=origin_of(request), subject=str(record.principal))
    await state.limits.rates.admit(table.API, str(record.principal), caller)
    record.stage = Stage.HANDLER
    state.metrics.authenticated(record.principal.kind.value, "access")
    return principal_of(claims)


class ProtectedRoute(APIRoute):
    """A route that looks at the access token before anything else of a request, body included.

    Only the transport comes before it: over one that others can read no token is taken.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put authentication before what the framework does with a request."""
        handle = super().get_route_handler()

        async def authenticate_first(request: Request) -> Response:
            await secure_transport(request)
            await authenticated(request, await access_token(request))
            return await handle(request)

        return authenticate_first


def permitted(
    permission: Permission,
) -> Callable[[Request, AuthenticatedPrincipal], Awaitable[AuthenticatedPrincipal]]:
    """Make the dependency that lets only principals with a permission pass.

    For an administrative one a person must have logged in just now as well (checklist 60).
    """

    async def checked(
        request: Request,
        principal: Annotated[AuthenticatedPrincipal, Security(authenticated)],
    ) -> AuthenticatedPrincipal:
        record = request_record(request.scope)
        record.stage = Stage.AUTHORIZATION
        decision = decide(principal, permission, CredentialMethod.BEARER)
        if isinstance(decision, Denied):
            await _note_refusal(request, principal, decision.reason)
            raise PermissionDenied(decision.reason)
        if permission in ADMINISTRATION and isinstance(principal, UserPrincipal):
            await _require_fresh(request, principal)
        record.stage = Stage.HANDLER
        return principal

    return checked


async def _require_fresh(request: Request, person: UserPrincipal) -> None:
    """Refuse a person whose login is too long ago (RFC 9470).

    Raises:
        AuthenticationStale: It is, or its session is gone.
        DatabaseUnavailable: When it was cannot be looked up.
    """
    state = state_of(request)
    authenticated_at = await state.sessions.authenticated_at(person.session_id)
    now = state.clock.timestamp()
    if authenticated_at is not None and now - authenticated_at <= FRESH_SECONDS:
        return
    reason = f"the login is older than {FRESH_SECONDS} seconds"
    await _note_refusal(request, person, reason)
    raise AuthenticationStale(reason, max_age=FRESH_SECONDS)


async def _note_refusal(request: Request, principal: AuthenticatedPrincipal, reason: str) -> None:
    act = Act(
        event=AuditEvent.ACCESS_REFUSED,
        outcome=Outcome.REFUSED,
        origin=origin_of(request),
        actor=str(principal),
        reason=reason,
    )
    await state_of(request).audit.note_alone(act)
