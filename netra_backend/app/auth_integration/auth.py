"""Who is asking, and may they: the FastAPI dependencies every protected route begins with.

A principal comes from a verified token and from nothing else in the request. What a principal may
do is in `netra.policy`; whether a token is good in `netra.tokens`.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from netra.errors import CouldNotDecide, CredentialError, PermissionDenied
from netra.policy import CredentialMethod, Denied, Permission, decide
from netra.principal import Anonymous, AuthenticatedPrincipal
from netra.telemetry.auth_events import authentication_refused
from netra.telemetry.log_events import event_logger
from netra.telemetry.request_record import RequestRecord, Stage, request_record
from netra.tokens import AccessTokenVerifier, principal_of
from netra_backend.app.auth_integration.credentials import HeaderList, credential_of_request

log: Final = event_logger("auth_integration")

BEARER: Final = HTTPBearer(
    scheme_name="accessToken",
    bearerFormat="JWT",
    description="An access token of the Netra auth service.",
    auto_error=False,
)
"""Documents the scheme in the OpenAPI document; the header itself is read by `credentials`."""


class RequestAuthenticator:
    """Turn what a request presents into the principal it proves."""

    def __init__(self, verifier: AccessTokenVerifier) -> None:
        self._verifier = verifier

    async def authenticate(
        self, headers: HeaderList, query: bytes = b""
    ) -> tuple[AuthenticatedPrincipal, CredentialMethod]:
        """Give the principal and how its credential came.

        Raises:
            CredentialMissing: There is no credential.
            CredentialRejected: It is not good; the reason is for the log.
            AuthServiceUnreachable: Its key is not known here and could not be fetched.
        """
        presented = credential_of_request(headers, query)
        claims = await self._verifier.verify(presented.unverified_token)
        return principal_of(claims), presented.method


async def authenticated(
    request: Request,
    _documented: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)] = None,
) -> AuthenticatedPrincipal:
    """Give the request's principal; a route that depends on it answers nobody else.

    Raises:
        CredentialMissing: 401 without an error code.
        CredentialRejected: 401 `invalid_token`.
        AuthServiceUnreachable: 503.
    """
    record = request_record(request.scope)
    if not isinstance(record.principal, Anonymous):
        return record.principal  # Only this function puts one there: it was verified before.
    record.stage = Stage.AUTHENTICATION
    verifier: AccessTokenVerifier = request.app.state.netra.verifier
    try:
        principal, method = await RequestAuthenticator(verifier).authenticate(
            request.headers, request.scope.get("query_string", b"")
        )
    except CredentialError as error:
        authentication_refused(log, record, error)
        raise
    except CouldNotDecide as error:
        log.info("authentication_undecided", error_code=error.code, reason=error.reason)
        raise
    record.principal, record.method = principal, method
    record.stage = Stage.HANDLER
    return principal


class ProtectedRoute(APIRoute):
    """A route that looks at the credential before anything else of a request, its body included.

    A plain route parses the body first, so that a caller without a credential would learn what is
    wrong with it. A router of protected routes also protects a route that forgot to ask.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Put authentication before what the framework does with a request."""
        handle = super().get_route_handler()

        async def authenticate_first(request: Request) -> Response:
            await authenticated(request)
            return await handle(request)

        return authenticate_first


def permitted(permission: Permission) -> Callable[..., Awaitable[AuthenticatedPrincipal]]:
    """Make the dependency of a route that needs a permission; it gives the principal.

    Raises:
        PermissionDenied: 403; the principal does not hold it.
    """

    async def principal_with_permission(
        request: Request, principal: Annotated[AuthenticatedPrincipal, Depends(authenticated)]
    ) -> AuthenticatedPrincipal:
        require(permission, request_record(request.scope))
        return principal

    return principal_with_permission


def require(permission: Permission, record: RequestRecord) -> None:
    """Let a request go on only if its principal holds a permission.

    Raises:
        PermissionDenied: It does not.
    """
    record.stage = Stage.AUTHORIZATION
    decision = decide(record.principal, permission, record.method)
    if isinstance(decision, Denied):
        log.warning(
            "permission_denied",
            principal=str(record.principal),
            user_type=record.principal.kind.value,
            permission=permission.value,
            reason=decision.reason,
        )
        raise PermissionDenied(decision.reason)
    record.stage = Stage.HANDLER
