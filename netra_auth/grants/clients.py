"""Who asks at the token, introspection and revocation endpoints (RFC 6749 section 2.3)."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from netra.errors import TooManyRequests
from netra.secret import Secret
from netra_auth.audit import ANONYMOUS_ACTOR, Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.errors import ClientSlowedDown, InvalidClient, OAuthCode, OAuthError
from netra_auth.grants.public_clients import GrantType, PublicClient, PublicClients
from netra_auth.identities.services.account import ServiceAccount
from netra_auth.identities.services.accounts import ServiceAccounts, ServiceRefused
from netra_auth.identities.services.assertions import ServiceAssertions
from netra_auth.limits.refused_credentials import RefusedCredentials
from netra_auth.metrics.recorder import Metrics

Client: TypeAlias = PublicClient | ServiceAccount


@dataclass(frozen=True, slots=True)
class PresentedClient:
    """What a request says of its client: nothing is proven yet.

    Attributes:
        client_id: The client it names; empty if it names none, or in its assertion alone.
        secret: The secret it gives.
        assertion: The signed assertion it gives.
        fault: Why what it says cannot be read, if so.
    """

    client_id: str = ""
    secret: Secret | None = None
    assertion: Secret | None = None
    fault: str | None = None


class Clients:
    """Establishes which client asks."""

    def __init__(
        self,
        public: PublicClients,
        accounts: ServiceAccounts,
        assertions: ServiceAssertions,
        refused: RefusedCredentials,
        audit: AuditTrail,
        metrics: Metrics,
    ) -> None:
        self._public = public
        self._accounts = accounts
        self._assertions = assertions
        self._refused = refused
        self._audit = audit
        self._metrics = metrics

    async def authenticate(self, presented: PresentedClient, origin: Origin) -> Client:
        """Give the client that a request proves, or that needs no proof.

        A service's good proof is recorded by what it leads to: see `act_by` and `recorded`.

        Raises:
            InvalidClient: It is unknown, disabled, has another secret or key, gives no proof, or
                gives one although it has none.
            ClientSlowedDown: That happened too often from this address.
            DatabaseUnavailable: The store cannot be reached.
        """
        try:
            return await self._established(presented, origin)
        except TooManyRequests as limit:
            raise ClientSlowedDown(limit) from None

    async def _established(self, presented: PresentedClient, origin: Origin) -> Client:
        client = self._public.get(presented.client_id)
        if client is None and presented.fault is None:
            try:
                account = await self._proven(presented, origin)
            except ServiceRefused:
                raise InvalidClient from None
            if account is not None:
                self._metrics.authenticated("service", "client")
                return account
        if client is not None and presented.secret is None and presented.assertion is None:
            return client
        reason = presented.fault or (
            "a public client has no secret" if client else "the client or its secret is missing"
        )
        act = Act(
            event=AuditEvent.CLIENT_AUTHENTICATION,
            outcome=Outcome.REFUSED,
            origin=origin,
            client_id=presented.client_id or None,
            reason=reason,
        )
        await self._refused.client(act)
        raise InvalidClient

    async def recorded(self, client: Client, origin: Origin) -> Client:
        """Record that a service proved itself, where what follows does not.

        The client comes back without its proof, so that no later row counts the same use again.

        Raises:
            DatabaseUnavailable: The record cannot be kept.
        """
        if not isinstance(client, ServiceAccount):
            return client
        act = act_by(client, AuditEvent.CLIENT_AUTHENTICATION, Outcome.SUCCESS, origin)
        await self._audit.note_alone(act)
        return replace(client, secret_id=None, key_id=None)

    async def _proven(self, presented: PresentedClient, origin: Origin) -> ServiceAccount | None:
        if presented.assertion is not None:
            return await self._assertions.authenticate(
                presented.client_id, presented.assertion, origin
            )
        if presented.secret is not None and presented.client_id:
            return await self._accounts.authenticate(presented.client_id, presented.secret, origin)
        return None


def client_id_of(client: Client) -> str:
    """Name a client of either kind."""
    return client.service_id if isinstance(client, ServiceAccount) else client.client_id


def act_by(
    client: Client,
    event: AuditEvent,
    outcome: Outcome,
    origin: Origin,
    *,
    subject: str | None = None,
    token_id: str | None = None,
    reason: str | None = None,
) -> Act:
    """Write down what a client did; for a service the use of its secret is counted with it."""
    service = client if isinstance(client, ServiceAccount) else None
    return Act(
        event=event,
        outcome=outcome,
        origin=origin,
        actor=ANONYMOUS_ACTOR if service is None else service.subject,
        client_id=client_id_of(client),
        subject=subject,
        token_id=token_id,
        reason=reason,
        secret_id=None if service is None else service.secret_id,
        key_id=None if service is None else service.key_id,
    )


def service_for(client: Client, grant: GrantType) -> ServiceAccount:
    """Require a service that may use a grant: only what proved itself acts in its own name.

    Raises:
        OAuthError: `unauthorized_client` (checklist 25).
    """
    if isinstance(client, ServiceAccount) and grant in client.grants:
        return client
    raise OAuthError(OAuthCode.UNAUTHORIZED_CLIENT, "The client may not use this grant.")
