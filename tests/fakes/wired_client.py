"""A backend's half of the two services, wired as its bootstrap does it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

import httpx2

from fakes.auth_service import BACKEND_SECRET
from netra.clock import Clock, SystemClock
from netra.principal import ServiceIdentity
from netra.secret import Secret
from netra.tokens import AccessTokenVerifier, RemoteKeySource, RevocationSet, VerificationRules
from netra_backend.app.clients.auth_client_core import (
    AuthClientCore,
    AuthServiceClient,
    fetch_jwks,
)
from netra_backend.app.clients.circuit_breaker import CircuitBreaker
from netra_backend.app.clients.http_call import AuthTimeouts

IDENTITY: Final = ServiceIdentity("netra-backend")
OPERATION: Final = "database_session_creation"
QUICK: Final = AuthTimeouts(connect=0.5, read=0.3, write=0.5, pool=0.5, total=1.0)


class HasRules(Protocol):
    """Whose tokens are to be verified."""

    def rules(self) -> VerificationRules:
        """Give the rules for them."""


@dataclass
class Wired:
    """A backend's half, wired as bootstrap does it."""

    core: AuthClientCore
    client: AuthServiceClient
    verifier: AccessTokenVerifier
    breaker: CircuitBreaker
    source: RemoteKeySource

    async def validate(self, service_id: str = "netra-backend") -> Any:
        """Ask the R2 question."""
        return await self.client.validate_service_user_context(service_id, OPERATION)


@asynccontextmanager
async def wired(
    url: str,
    issuer: HasRules,
    *,
    clock: Clock | None = None,
    secret: Secret | None = BACKEND_SECRET,
    audience: str = "netra-backend",
    timeouts: AuthTimeouts | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
    revocations: RevocationSet | None = None,
    service_id: str = IDENTITY.service_id,
) -> AsyncIterator[Wired]:
    """Wire a client to an auth service."""
    clock = clock or SystemClock()
    breaker = CircuitBreaker("auth_service", clock)
    core = AuthClientCore(url, clock=clock, breaker=breaker, timeouts=timeouts, transport=transport)
    source = RemoteKeySource(partial(fetch_jwks, core), clock, min_interval=0.2)
    verifier = AccessTokenVerifier(source, issuer.rules(), clock, revocations)
    client = AuthServiceClient(
        core,
        ServiceIdentity(service_id),
        secret,
        verifier,
        clock,
        audience=audience,
        revocations=revocations,
    )
    try:
        yield Wired(core, client, verifier, breaker, source)
    finally:
        await client.aclose()
        await core.aclose()


def assert_not_validated(answer: dict[str, Any], error: str) -> None:
    """Check the shape of an R2 failure, and that it shows no secret."""
    assert set(answer) == {"valid", "error", "details", "fix"}
    assert answer["valid"] is False
    assert answer["error"] == error
    assert answer["details"]
    assert answer["fix"]
    assert BACKEND_SECRET.reveal() not in str(answer)
