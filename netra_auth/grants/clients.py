"""Who asks at the token, introspection and revocation endpoints (RFC 6749 section 2.3)."""

from dataclasses import dataclass
from typing import TypeAlias

from netra.errors import TooManyRequests
from netra.secret import Secret
from netra_auth.audit import Act, AuditEvent, Origin, Outcome
from netra_auth.grants.errors import ClientSlowedDown, InvalidClient, OAuthCode, OAuthError
from netra_auth.grants.public_clients import GrantType, PublicClient, PublicClients
from netra_auth.identities.service_accounts import (
    ServiceAccount,
    ServiceAccounts,
    ServiceRefused,
)
from netra_auth.limits.refused_credentials import RefusedCredentials

Client: TypeAlias = PublicClient | ServiceAccount


@dataclass(frozen=True, slots=True)
class PresentedClient:
    """What a request says of its client: nothing is proven yet.

    Attributes:
        client_id: The client it names; empty if it names none.
        secret: The secret it gives.
        fault: Why what it says cannot be read, if so.
    """

    client_id: str = ""
    secret: Secret | None = None
    fault: str | None = None


class Clients:
    """Establishes which client asks."""

    def __init__(
        self, public: PublicClients, accounts: ServiceAccounts, refused: RefusedCredentials
    ) -> None:
        self._public = public
        self._accounts = accounts
        self._refused = refused

    async def authenticate(self, presented: PresentedClient, origin: Origin) -> Client:
        """Give the client that a request proves, or that needs no proof.

        Raises:
            InvalidClient: It is unknown, disabled, has another secret, has none to give, or gives
                one although it has none.
            ClientSlowedDown: That happened too often from this address.
            DatabaseUnavailable: The store cannot be reached.
        """
        try:
            return await self._proven(presented, origin)
        except TooManyRequests as limit:
            raise ClientSlowedDown(limit) from None

    async def _proven(self, presented: PresentedClient, origin: Origin) -> Client:
        names_service = presented.client_id and presented.client_id not in self._public
        if presented.secret is not None and names_service:
            try:
                return await self._accounts.authenticate(
                    presented.client_id, presented.secret, origin
                )
            except ServiceRefused:
                raise InvalidClient from None
        client = self._public.get(presented.client_id)
        if client is not None and presented.secret is None:
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


def client_id_of(client: Client) -> str:
    """Name a client of either kind."""
    return client.service_id if isinstance(client, ServiceAccount) else client.client_id


def public_client_for(client: Client, grant: GrantType) -> PublicClient:
    """Require a public client that may use a grant (checklist 25).

    Raises:
        OAuthError: `unauthorized_client`.
    """
    if isinstance(client, PublicClient) and grant in client.grants:
        return client
    raise OAuthError(OAuthCode.UNAUTHORIZED_CLIENT, "The client may not use this grant.")


def service_for(client: Client) -> ServiceAccount:
    """Require a service: only a client that proved itself can act in its own name.

    Raises:
        OAuthError: `unauthorized_client`.
    """
    if isinstance(client, ServiceAccount):
        return client
    raise OAuthError(OAuthCode.UNAUTHORIZED_CLIENT, "The client may not use this grant.")
