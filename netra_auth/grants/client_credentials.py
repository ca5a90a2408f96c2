"""The client credentials grant (RFC 6749 section 4.4): a service's token in its own name."""

from collections.abc import Mapping

from netra.wire.auth_api import TokenResponse
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.access_tokens import AccessTokens
from netra_auth.grants.clients import Client, service_for
from netra_auth.grants.scopes import granted_audiences, granted_scopes
from netra_auth.store.engine import Database


class ClientCredentials:
    """Issues services their tokens. Nothing but the audit row is stored."""

    def __init__(self, database: Database, access_tokens: AccessTokens, audit: AuditTrail) -> None:
        self._database = database
        self._access_tokens = access_tokens
        self._audit = audit

    async def redeem(
        self, client: Client, parameters: Mapping[str, str], origin: Origin
    ) -> TokenResponse:
        """Give an access token with the scopes and audiences asked for, or all registered ones.

        Raises:
            OAuthError: The client is public (`unauthorized_client`), or asks for more than is
                registered (`invalid_scope`, `invalid_target`).
            DatabaseUnavailable: The store cannot be reached.
        """
        account = service_for(client)
        scopes = granted_scopes(parameters.get("scope"), account.scopes)
        audiences = granted_audiences(parameters.get("audience"), account.audiences)
        issued = self._access_tokens.for_service(account, scopes, audiences)
        act = Act(
            event=AuditEvent.TOKEN_ISSUED,
            outcome=Outcome.SUCCESS,
            origin=origin,
            actor=account.subject,
            client_id=account.service_id,
            token_id=issued.claims.token_id,
        )
        await self._audit.note_alone(act)
        return TokenResponse(
            access_token=issued.token, expires_in=issued.lifetime, scope=" ".join(scopes)
        )
