"""This service's own credential: proven once, kept until shortly before it ends, renewed by one.

How it is proven is injected; what a failure means is in `service_validation`.
"""

import asyncio
import contextvars
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from netra.clock import Clock
from netra.secret import Secret
from netra.telemetry.auth_events import LikelyCause
from netra.telemetry.log_events import event_logger
from netra.tokens import RevocationLookup
from netra_backend.app.clients.service_validation import (
    CredentialFailure,
    CredentialProblem,
    ProvenCredential,
)

log: Final = event_logger("clients")

CredentialOutcome: TypeAlias = ProvenCredential | CredentialFailure
Prove: TypeAlias = Callable[[], Awaitable[CredentialOutcome]]
Between: TypeAlias = Callable[[float, float], float]

_RENEW_FROM: Final = 0.6
_RENEW_TO: Final = 0.8
"""Renewal comes at a random point of the life, so that replicas do not all ask at once."""

_USABLE_PART: Final = 0.95
"""Nobody is handed a credential that could end on its way."""

_REMEMBER_REFUSAL_SECONDS: Final = (8.0, 12.0)
_RETRY_RENEWAL_SECONDS: Final = (2.0, 5.0)


class CredentialStatus(StrEnum):
    """What is known of this service's own credential."""

    PROVEN = "proven"
    REFUSED = "refused"
    MISSING = "missing"
    UNREACHABLE = "unreachable"
    UNPROVEN = "unproven"
    """Not tried yet, or no longer in force, or answered with a token that does not verify."""


_STATUS_OF: Final = {
    CredentialProblem.REFUSED: CredentialStatus.REFUSED,
    CredentialProblem.SECRET_MISSING: CredentialStatus.MISSING,
    CredentialProblem.UNREACHABLE: CredentialStatus.UNREACHABLE,
    CredentialProblem.TOKEN_INVALID: CredentialStatus.UNPROVEN,
    CredentialProblem.FOREIGN_SERVICE: CredentialStatus.UNPROVEN,
}


@dataclass(frozen=True, slots=True)
class CredentialState:
    """The status, since when (seconds since the epoch), and what failed last, if anything did.

    A proven credential whose renewal fails is proven still, with the failure beside it.
    """

    status: CredentialStatus
    since: float
    failure: CredentialFailure | None = None


class ServiceCredential:
    """Keep one proven credential for everybody in this process.

    However many ask at once, one call is made. It runs as a task of its own, outside the context
    of the request that happened to ask first, and goes on when that request is cancelled. A
    refusal is remembered for about ten seconds and ends a credential still held; an auth service
    that cannot be reached does not: what was proven stays proven until it expires.
    """

    def __init__(
        self,
        prove: Prove,
        clock: Clock,
        *,
        on_outcome: Callable[[CredentialOutcome], None],
        revocations: RevocationLookup | None = None,
        between: Between = random.uniform,
    ) -> None:
        self._prove = prove
        self._clock = clock
        self._on_outcome = on_outcome
        self._revocations = revocations
        self._between = between
        self._held: ProvenCredential | None = None
        self._renew_at = 0.0
        self._unusable_at = 0.0
        self._failure: CredentialFailure | None = None
        self._failure_until = 0.0
        self._flight: asyncio.Task[CredentialOutcome] | None = None
        self._closed = False
        self._state = CredentialState(CredentialStatus.UNPROVEN, clock.timestamp())

    @property
    def state(self) -> CredentialState:
        """Say what is known now, without asking anybody."""
        if self._state.status is CredentialStatus.PROVEN and self._usable() is None:
            return CredentialState(CredentialStatus.UNPROVEN, self._state.since)
        return self._state

    def proven(self) -> ProvenCredential | None:
        """Give the credential held, if it is still good; begin its renewal when that is due."""
        held = self._usable()
        if held is not None and self._clock.monotonic() >= self._renew_at:
            self._begin()
        return held

    async def outcome(self) -> CredentialOutcome:
        """Give the credential, proving it first if need be, or say why there is none."""
        if (held := self.proven()) is not None:
            return held
        if self._failure is not None and self._clock.monotonic() < self._failure_until:
            return self._failure
        if self._closed:
            return _STOPPING
        flight = self._begin()
        await asyncio.wait((flight,))
        return _STOPPING if flight.cancelled() else flight.result()

    def forget(self, token: Secret) -> None:
        """Drop a token the auth service no longer takes, unless it has been replaced already."""
        if self._held is not None and self._held.token == token:
            self._held = None

    async def aclose(self) -> None:
        """End a proof under way; whoever waits for it is told that the process is stopping."""
        self._closed = True
        if self._flight is not None and not self._flight.done():
            self._flight.cancel()
            await asyncio.wait((self._flight,))

    def _usable(self) -> ProvenCredential | None:
        held = self._held
        if held is None:
            return None
        if (
            self._clock.monotonic() >= self._unusable_at
            or self._clock.timestamp() >= held.principal.expires_at
        ):
            return None
        if self._revocations is not None and self._revocations.is_revoked(held.claims):
            return None
        return held

    def _begin(self) -> asyncio.Task[CredentialOutcome]:
        if self._flight is None or self._flight.done():
            # An empty context: what is logged on the way is the service's own doing and must
            # not carry the request id or the principal of whoever asked first.
            self._flight = asyncio.create_task(
                self._fly(), name="prove-own-credential", context=contextvars.Context()
            )
            self._flight.add_done_callback(_report_fault)
        return self._flight

    async def _fly(self) -> CredentialOutcome:
        outcome = await self._prove()
        if isinstance(outcome, ProvenCredential):
            self._keep(outcome)
        else:
            self._remember(outcome)
        self._on_outcome(outcome)
        return outcome

    def _keep(self, proven: ProvenCredential) -> None:
        now = self._clock.monotonic()
        self._held = proven
        self._renew_at = now + proven.lifetime * self._between(_RENEW_FROM, _RENEW_TO)
        self._unusable_at = now + proven.lifetime * _USABLE_PART
        self._failure = None
        self._enter(CredentialStatus.PROVEN, None)

    def _remember(self, failure: CredentialFailure) -> None:
        now = self._clock.monotonic()
        self._failure = failure
        if failure.problem is CredentialProblem.UNREACHABLE:
            self._failure_until = now
            self._renew_at = now + self._between(*_RETRY_RENEWAL_SECONDS)
            if self._usable() is not None:
                self._enter(CredentialStatus.PROVEN, failure)
                return
        else:
            self._held = None
            self._failure_until = now + self._between(*_REMEMBER_REFUSAL_SECONDS)
        self._enter(_STATUS_OF[failure.problem], failure)

    def _enter(self, status: CredentialStatus, failure: CredentialFailure | None) -> None:
        since = self._state.since if self._state.status is status else self._clock.timestamp()
        self._state = CredentialState(status, since, failure)


_STOPPING: Final = CredentialFailure(
    CredentialProblem.UNREACHABLE,
    "This process is stopping and asks the auth service nothing more.",
    "Ask another process of this service.",
    LikelyCause.UNKNOWN,
)


def _report_fault(flight: asyncio.Task[CredentialOutcome]) -> None:
    if not flight.cancelled() and (error := flight.exception()) is not None:
        log.error("service_credential_fault", error_type=type(error).__name__, exc_info=error)
