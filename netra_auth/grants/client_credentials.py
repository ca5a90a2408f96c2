"""The client credentials grant (RFC 6749 section 4.4): a service's token in its own name."""

from collections.abc import Mapping

from netra.wire.auth_api import TokenResponse
from netra_auth.audit import AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.access_tokens import AccessTokens
from netra_auth.grants.clients import Client, act_by, service_for
from netra_auth.grants.public_clients import GrantType
from netra_auth.grants.scopes import granted_audiences, granted_scopes


class ClientCredentials:
    """Issues services their tokens. Nothing but the audit row and the secret's use is stored."""

    def __init__(self, access_tokens: AccessTokens, audit: AuditTrail) -> None:
        self._access_tokens = access_tokens
        self._audit = audit

    async def redeem(
        self, client: Client, parameters: Mapping[str, str], origin: Origin
    ) -> TokenResponse:
        """Give an access token with the scopes and audiences asked for, or all registered ones.

        Raises:
            OAuthError: The client is public or not registered for this grant
                (`unauthorized_client`), or asks for more than is registered (`invalid_scope`,
                `invalid_target`).
            DatabaseUnavailable: The store cannot be reached.
        """
        account = service_for(client, GrantType.CLIENT_CREDENTIALS)
        scopes = granted_scopes(parameters.get("scope"), account.own_scopes)
        audiences = granted_audiences(parameters.get("audience"), account.audiences)
        issued = self._access_tokens.for_service(account, scopes, audiences)
        act = act_by(
            account,
            AuditEvent.TOKEN_ISSUED,
            Outcome.SUCCESS,
            origin,
            token_id=issued.claims.token_id,
        )
        await self._audit.note_alone(act)
        return TokenResponse(
            access_token=issued.token, expires_in=issued.lifetime, scope=" ".join(scopes)
        )
