"""The clients a person can be logged in to: Netra's own public ones, and relying parties."""

from typing import TypeAlias

from netra_auth.grants.clients import Client
from netra_auth.grants.errors import OAuthCode, OAuthError
from netra_auth.grants.public_clients import GrantType, PublicClient, PublicClients
from netra_auth.grants.relying_parties import RelyingParties, RelyingParty

UserClient: TypeAlias = PublicClient | RelyingParty


class UserClients:
    """Finds them by name, and behind a client that has just proven itself."""

    def __init__(self, public: PublicClients, relying_parties: RelyingParties) -> None:
        self._public = public
        self._relying_parties = relying_parties

    async def find(self, client_id: str) -> UserClient | None:
        """Give the client with an id; one of Netra's own has its id for itself.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        public = self._public.get(client_id)
        return public or await self._relying_parties.find(client_id)

    async def behind(self, client: Client, grant: GrantType) -> UserClient:
        """Require that an authenticated client may use a grant for people (checklist 25).

        Raises:
            OAuthError: `unauthorized_client`.
            DatabaseUnavailable: The store cannot be reached.
        """
        known: UserClient | None
        if isinstance(client, PublicClient):
            known = client
        else:
            known = await self._relying_parties.find(client.service_id)
        if known is None or grant not in known.grants:
            raise OAuthError(OAuthCode.UNAUTHORIZED_CLIENT, "The client may not use this grant.")
        return known
