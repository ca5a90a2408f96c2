"""The backend's way to the auth service: `AuthClientCore` moves, `AuthServiceClient` understands.

There is one configured address and no search for others. Tokens of callers are verified elsewhere
(`netra.tokens`), never by asking here.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx2
import stamina

from netra.clock import Clock
from netra.errors import AuthServiceUnreachable, OwnCredentialUnproven
from netra.policy import Permission
from netra.principal import ServiceIdentity, ServicePrincipal
from netra.secret import Secret
from netra.telemetry.log_events import event_logger
from netra.tokens import AccessTokenVerifier, RevocationLookup
from netra.wire.auth_api import (
    AUTH_AUDIENCE,
    JWKS_PATH,
    REVOCATIONS_PATH,
    SUBJECTS_PATH,
    RevocationPage,
    SubjectReport,
    SubjectStanding,
)
from netra_backend.app.clients import service_validation as answers
from netra_backend.app.clients.circuit_breaker import BreakerState, CircuitBreaker
from netra_backend.app.clients.credential_alarm import CredentialAlarm
from netra_backend.app.clients.http_call import (
    TOO_MANY_REQUESTS,
    AuthCall,
    AuthTimeouts,
    JsonAnswer,
    Received,
    Transient,
    make_call,
    tls_context,
)
from netra_backend.app.clients.service_credential import (
    Between,
    CredentialState,
    ServiceCredential,
)
from netra_backend.app.clients.service_proof import ServiceProof, VerifyOwnToken, shaped
from netra_backend.app.clients.service_validation import (
    CredentialProblem,
    ProvenCredential,
    ServiceValidation,
)

log: Final = event_logger("clients")

_FEED_PAGE: Final = 500


class AuthClientCore:
    """The transport: one address, bounded time and size, certificates always verified.

    It follows no redirect, reads no proxy setting from the environment, tries again only what the
    transport failed to deliver, and keeps headers' values out of every error.

    Args:
        base_url: The one address, without a trailing slash.
        clock: For how long ago the auth service last answered.
        breaker: Wraps every call, its repetitions included.
        ca_path: A file of certificate authorities to trust instead of the system's.
        transport: Replaces the network, in tests.
        timeouts: See `AuthTimeouts`.

    Raises:
        ConfigurationInvalid: The address or the certificate file cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        breaker: CircuitBreaker,
        ca_path: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        timeouts: AuthTimeouts | None = None,
    ) -> None:
        self.base_url: Final = base_url
        self.breaker: Final = breaker
        self._clock = clock
        self._timeouts = timeouts or AuthTimeouts()
        self._answered_at: float | None = None
        self._client = httpx2.AsyncClient(
            verify=tls_context(base_url, ca_path),
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        )
        log.info("auth_client_core_initialized", message="AuthClientCore initialized successfully")

    @property
    def seconds_since_answer(self) -> float | None:
        """Seconds since the auth service last gave an answer below 500; None if it never did."""
        return None if self._answered_at is None else self._clock.monotonic() - self._answered_at

    async def ask(self, call: AuthCall) -> JsonAnswer:
        """Make a call and give its JSON answer, a refusal (4xx) included.

        Raises:
            AuthServiceUnreachable: No answer in time, an answer of 5xx, 429 or 3xx, or a success
                that is not JSON. `reason` says which.
        """
        received = await self.breaker.call(lambda: self._within_budget(call))
        status = received.status
        if 300 <= status < 400:  # noqa: PLR2004 - the class of redirects
            target = _origin_and_path(received.headers.get("Location", ""))
            raise AuthServiceUnreachable(
                f"{call.path} answered with a redirect ({status}) to {target}, and none is "
                "followed: AUTH_SERVICE_URL must be the auth service's own address"
            )
        if status == TOO_MANY_REQUESTS:
            raise AuthServiceUnreachable(
                f"{call.path} answered 429: too many requests",
                retry_after=received.retry_after or 2,
            )
        document = received.document()
        if document is None and status < 400:  # noqa: PLR2004 - the class of refusals begins
            kind = received.headers.get("Content-Type", "no content type").partition(";")[0][:60]
            raise AuthServiceUnreachable(
                f"{call.path} answered {status} with {kind!r} that is not a JSON document: is "
                "AUTH_SERVICE_URL the auth service?"
            )
        return JsonAnswer(status, document)

    async def aclose(self) -> None:
        """Close every connection; later calls say that the process is stopping."""
        await self._client.aclose()

    async def _within_budget(self, call: AuthCall) -> Received:
        budget = self._timeouts.total + call.held_seconds
        try:
            async with asyncio.timeout(budget):
                return await self._with_retries(call, budget)
        except TimeoutError:
            raise AuthServiceUnreachable(
                f"{call.path} was not answered within {budget:g} s"
            ) from None
        except Transient as error:
            # A request to slow down is an answer: it must not open the breaker.
            if error.received is not None and error.received.status == TOO_MANY_REQUESTS:
                return error.received
            raise

    async def _with_retries(self, call: AuthCall, budget: float) -> Received:
        async for attempt in stamina.retry_context(
            on=_pause,
            attempts=call.attempts,
            timeout=budget,
            wait_initial=0.05,
            wait_max=1.0,
            wait_jitter=0.1,
        ):
            with attempt:
                return await self._attempt(call)
        raise AssertionError("the last attempt either returns or raises")

    async def _attempt(self, call: AuthCall) -> Received:
        if self._client.is_closed:
            raise AuthServiceUnreachable("this process is stopping")
        received = await make_call(self._client, self.base_url, call, self._timeouts)
        self._answered_at = self._clock.monotonic()
        return received


async def fetch_jwks(core: AuthClientCore) -> Mapping[str, Any]:
    """Fetch the auth service's public keys (RFC 7517 section 5), not yet looked into.

    Raises:
        AuthServiceUnreachable: They could not be had.
    """
    answer = await core.ask(AuthCall("GET", JWKS_PATH))
    if answer.status != 200 or not isinstance(answer.document, dict):  # noqa: PLR2004 - OK
        raise AuthServiceUnreachable(f"{JWKS_PATH} answered {answer.status} without a key set")
    return answer.document


class AuthServiceClient:
    """What this service asks of the auth service, in its own name.

    Args:
        core: The transport.
        identity: Who this service is.
        secret: What proves it, if configured.
        verifier_for_self: The verifier every caller's token goes through, or a function like its
            `verify`.
        clock: For expiry and pauses.
        audience: The audience this service's verifier wants.
        revocations: Ends a credential that is held when the feed revokes it.
        between: Draws a random number between two, for the moment of renewal.
    """

    def __init__(
        self,
        core: AuthClientCore,
        identity: ServiceIdentity,
        secret: Secret | None,
        verifier_for_self: AccessTokenVerifier | VerifyOwnToken,
        clock: Clock,
        *,
        audience: str = "netra-backend",
        revocations: RevocationLookup | None = None,
        between: Between = random.uniform,
    ) -> None:
        self._core = core
        self._identity = identity
        verify: VerifyOwnToken = (
            verifier_for_self.verify
            if isinstance(verifier_for_self, AccessTokenVerifier)
            else verifier_for_self
        )
        self._credential = ServiceCredential(
            ServiceProof(core.ask, core.base_url, identity, secret, verify, audience, clock),
            clock,
            on_outcome=CredentialAlarm(identity, clock),
            revocations=revocations,
            between=between,
        )
        if secret is not None:
            log.info(
                "service_secret_loaded",
                message="Loaded SERVICE_SECRET from IsolatedEnvironment (SSOT compliant)",
            )
        log.info(
            "auth_service_client_initialized",
            message=f"AuthServiceClient initialized - Service ID: {identity.service_id}, "
            f"Service Secret configured: {secret is not None}",
            service_id=identity.service_id,
        )

    @property
    def credential_state(self) -> CredentialState:
        """Say what is known of this service's own credential, without asking anybody."""
        return self._credential.state

    async def fetch_jwks(self) -> Mapping[str, Any]:
        """Fetch the auth service's public keys; see `fetch_jwks`."""
        return await fetch_jwks(self._core)

    async def validate_service_user_context(
        self, service_id: str, operation: str
    ) -> ServiceValidation:
        """Prove this service's credential to the auth service (SPEC R2).

        The proof is kept until shortly before it ends. Never raises for a credential that is
        refused, missing, foreign or cannot be checked: those are answers.
        """
        if service_id != self._identity.service_id:
            return answers.foreign_service(self._identity).validation()
        held = self._credential.proven()
        if held is not None:
            return held.validation(operation)
        outcome = await self._credential.outcome()
        if isinstance(outcome, ProvenCredential):
            return outcome.validation(operation)
        return outcome.validation()

    async def service_principal(self, operation: str) -> ServicePrincipal:
        """Give this service's proven principal, for work it does in its own name.

        Raises:
            OwnCredentialUnproven: The auth service refuses the credential, or there is none.
            AuthServiceUnreachable: It could not be asked.
        """
        return (await self._own(operation)).principal

    async def revocations_after(self, after: int, wait: float) -> RevocationPage:
        """Read the revocation feed behind a cursor, waiting up to `wait` seconds for an entry.

        A refused token is replaced once. While the breaker is not closed the answer is asked for
        at once: a probe must not hold its place for as long as the feed may be held.

        Raises:
            OwnCredentialUnproven: This service may not read the feed.
            AuthServiceUnreachable: The feed could not be read.
        """

        def feed() -> AuthCall:
            held = wait if self._core.breaker.state is BreakerState.CLOSED else 0.0
            return AuthCall(
                "GET",
                REVOCATIONS_PATH,
                query={"after": str(after), "limit": str(_FEED_PAGE), "wait": f"{held:g}"},
                held_seconds=held,
                attempts=1,
            )

        answer = await self._asked(feed, "revocation_feed", Permission.REVOCATIONS_READ)
        return shaped(RevocationPage, answer, REVOCATIONS_PATH)

    async def subject_standing(self, user_id: str) -> SubjectStanding:
        """Ask how a person stands, before work of theirs goes on without their token.

        Only a plain answer about this very person counts: whatever else comes back, such as the
        404 of an auth service that does not know the question, is no answer.

        Raises:
            OwnCredentialUnproven: This service may not ask.
            AuthServiceUnreachable: It could not be asked.
        """
        call = AuthCall("GET", f"{SUBJECTS_PATH}/{quote(user_id, safe='')}")
        answer = await self._asked(lambda: call, "subject_standing", Permission.TOKENS_INTROSPECT)
        report = shaped(SubjectReport, answer, SUBJECTS_PATH)
        if report.user_id != user_id:
            raise AuthServiceUnreachable(f"{SUBJECTS_PATH} answered about somebody else")
        return report.standing

    async def aclose(self) -> None:
        """End what is under way; the transport is closed by whoever made it."""
        await self._credential.aclose()

    async def _asked(
        self, make_call: Callable[[], AuthCall], operation: str, permission: Permission
    ) -> JsonAnswer:
        """Make a call with this service's own token; a refused token is replaced once."""
        answer = await self._with_own_token(make_call, operation)
        if answer.status == 401:  # noqa: PLR2004 - Unauthorized
            answer = await self._with_own_token(make_call, operation)
        if answer.status in {401, 403}:
            raise OwnCredentialUnproven(
                f"{operation} answered {answer.status}: {self._identity.service_id} needs the "
                f"scope {permission.value} and the audience {AUTH_AUDIENCE} at the auth service",
                retry_after=10,
            )
        return answer

    async def _with_own_token(
        self, make_call: Callable[[], AuthCall], operation: str
    ) -> JsonAnswer:
        proven = await self._own(operation)
        authorization = Secret(f"Bearer {proven.token.reveal()}")
        answer = await self._core.ask(replace(make_call(), authorization=authorization))
        if answer.status == 401:  # noqa: PLR2004 - Unauthorized
            self._credential.forget(proven.token)
        return answer

    async def _own(self, operation: str) -> ProvenCredential:
        outcome = await self._credential.outcome()
        if isinstance(outcome, ProvenCredential):
            return outcome
        reason = f"{operation}: {outcome.details}"
        if outcome.problem is CredentialProblem.UNREACHABLE:
            raise AuthServiceUnreachable(reason, retry_after=outcome.retry_after)
        raise OwnCredentialUnproven(reason, retry_after=outcome.retry_after)


def _pause(error: Exception) -> bool | float:
    if not isinstance(error, Transient):
        return False
    return True if error.wait is None else float(error.wait)


def _origin_and_path(location: str) -> str:
    parts = urlsplit(location)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}" if parts.netloc else parts.path
