"""Telling a service what a token is (RFC 7662)."""

from netra.clock import Clock
from netra.policy import Allowed, Permission, decide
from netra.tokens import SignedClaims, TokenRejected
from netra.wire.auth_api import IntrospectionResponse
from netra_auth.audit import AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.clients import Client, act_by
from netra_auth.grants.errors import CallerNotAllowed
from netra_auth.grants.own_tokens import KnownRefreshToken, OwnTokens, is_refresh_token
from netra_auth.grants.public_clients import FIRST_PARTY_IDS
from netra_auth.grants.relying_parties import RelyingParties
from netra_auth.identities.services.account import ServiceAccount
from netra_auth.settings import Settings
from netra_auth.store.engine import Database

_INACTIVE = IntrospectionResponse(active=False)


def permitted_service(client: Client, permission: Permission, now: float) -> ServiceAccount | None:
    """Give the client as a service if it is one and the policy grants it a permission."""
    if not isinstance(client, ServiceAccount):
        return None
    decision = decide(client.principal(now), permission, client.method)
    return client if isinstance(decision, Allowed) else None


class Introspection:
    """Answers services about tokens that concern them."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        tokens: OwnTokens,
        relying_parties: RelyingParties,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._user_audience = settings.user_audience
        self._issuer = settings.issuer_url
        self._database = database
        self._tokens = tokens
        self._relying_parties = relying_parties
        self._audit = audit
        self._clock = clock

    async def introspect(
        self, client: Client, unverified_token: str, origin: Origin
    ) -> IntrospectionResponse:
        """Say what a token is; one that is not good, or not for the asking service, is inactive.

        A service that holds `tokens:introspect` hears of the tokens that are meant for it, a
        relying party of its own besides (checklist 39).

        Raises:
            CallerNotAllowed: The client may not ask.
            DatabaseUnavailable: The store cannot be reached.
        """
        reader = permitted_service(client, Permission.TOKENS_INTROSPECT, self._clock.timestamp())
        account = reader or await self._relying_party(client)
        act = act_by(
            client,
            AuditEvent.CLIENT_AUTHENTICATION,
            Outcome.REFUSED if account is None else Outcome.SUCCESS,
            origin,
            reason="may not introspect" if account is None else "introspection",
        )
        await self._audit.note_alone(act)
        if account is None:
            raise CallerNotAllowed
        if is_refresh_token(unverified_token):
            known = await self._refresh_token(unverified_token)
            if known is None or not self._concerns(account, known, is_reader=reader is not None):
                return _INACTIVE
            return self._known(known)
        try:
            claims = await self._tokens.meant_for_anyone(unverified_token)
        except TokenRejected:
            return _INACTIVE
        is_meant_for_it = reader is not None and set(claims.audience) & set(account.audiences)
        if not is_meant_for_it and claims.client_id != account.service_id:
            return _INACTIVE
        return _access_token(claims)

    async def _relying_party(self, client: Client) -> ServiceAccount | None:
        if not isinstance(client, ServiceAccount):
            return None
        return client if await self._relying_parties.find(client.service_id) else None

    async def _refresh_token(self, unverified_token: str) -> KnownRefreshToken | None:
        async with self._database.transaction() as transaction:
            return await self._tokens.refresh_token(transaction, unverified_token)

    def _concerns(
        self, account: ServiceAccount, known: KnownRefreshToken, *, is_reader: bool
    ) -> bool:
        if known.row.client_id == account.service_id:
            return True
        is_for_backend = known.row.client_id in FIRST_PARTY_IDS
        return is_reader and is_for_backend and self._user_audience in account.audiences

    def _known(self, known: KnownRefreshToken) -> IntrospectionResponse:
        return IntrospectionResponse(
            active=True,
            scope=known.row.scope,
            client_id=known.row.client_id,
            token_type="refresh_token",  # noqa: S106 - the name of a kind of token
            exp=int(known.row.expires_at),
            iat=int(known.row.issued_at),
            sub=known.session.user.user_id,
            iss=self._issuer,
            sid=known.session.session_id,
            principal_kind="user",
        )


def _access_token(claims: SignedClaims) -> IntrospectionResponse:
    return IntrospectionResponse(
        active=True,
        scope=" ".join(sorted(claims.scopes)),
        client_id=claims.client_id,
        token_type="Bearer",  # noqa: S106 - the name of a scheme
        exp=int(claims.expires_at),
        iat=int(claims.issued_at),
        sub=claims.subject,
        aud=claims.audience,
        iss=claims.issuer,
        jti=claims.token_id,
        sid=claims.session_id,
        principal_kind="user" if claims.session_id is not None else "service",
    )
