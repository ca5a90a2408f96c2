"""Ending a token before its time at a client's word (RFC 7009).

The answer is the same whether there was anything to end (section 2.2).
"""

from netra.clock import Clock
from netra.policy import Permission
from netra.tokens import SignedClaims, TokenRejected
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.clients import Client, act_by, client_id_of
from netra_auth.grants.errors import CallerNotAllowed
from netra_auth.grants.introspection import permitted_service
from netra_auth.grants.own_tokens import OwnTokens, is_refresh_token
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.services.account import ServiceAccount
from netra_auth.identities.sessions import Sessions
from netra_auth.settings import Settings
from netra_auth.store.engine import Database, Transaction

_UNKNOWN = "no such token, or not this client's to revoke"


class TokenRevocation:
    """Ends tokens: an access token by itself, a refresh token with its whole session."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        tokens: OwnTokens,
        sessions: Sessions,
        revocations: Revocations,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._user_audience = settings.user_audience
        self._database = database
        self._tokens = tokens
        self._sessions = sessions
        self._revocations = revocations
        self._audit = audit
        self._clock = clock

    async def revoke(self, client: Client, unverified_token: str, origin: Origin) -> None:
        """End a token if it is one this client may end.

        A public client may end its own. A service that holds `tokens:revoke` may end its own and
        those of people that are meant for it; never another service's (checklist 39).

        Raises:
            CallerNotAllowed: The client is a service without `tokens:revoke`.
            DatabaseUnavailable: The store cannot be reached.
        """
        if isinstance(client, ServiceAccount):
            now = self._clock.timestamp()
            if permitted_service(client, Permission.TOKENS_REVOKE, now) is None:
                await self._audit.note_alone(_act(client, origin, reason="may not revoke"))
                raise CallerNotAllowed
        if is_refresh_token(unverified_token):
            await self._refresh_token(client, unverified_token, origin)
        else:
            await self._access_token(client, unverified_token, origin)

    async def _refresh_token(self, client: Client, unverified_token: str, origin: Origin) -> None:
        async with self._database.transaction() as transaction:
            known = await self._tokens.refresh_token(transaction, unverified_token)
            if known is None or not self._may_end_refresh_token(client, known.row.client_id):
                await self._audit.note(transaction, _act(client, origin, reason=_UNKNOWN))
                return
            await self._sessions.end(transaction, known.session.session_id)
            act = _act(client, origin, subject=known.session.session_id)
            await self._audit.note(transaction, act)

    async def _access_token(self, client: Client, unverified_token: str, origin: Origin) -> None:
        try:
            claims = await self._tokens.meant_for_anyone(unverified_token)
        except TokenRejected:
            claims = None
        async with self._database.transaction() as transaction:
            await self._end_access_token(transaction, client, claims, origin)

    async def _end_access_token(
        self, transaction: Transaction, client: Client, claims: SignedClaims | None, origin: Origin
    ) -> None:
        if claims is None or not _may_end_access_token(client, claims):
            await self._audit.note(transaction, _act(client, origin, reason=_UNKNOWN))
            return
        await self._revocations.revoke_token(transaction, claims.token_id)
        act = _act(client, origin, subject=claims.subject, token_id=claims.token_id)
        await self._audit.note(transaction, act)

    def _may_end_refresh_token(self, client: Client, owner: str) -> bool:
        if isinstance(client, ServiceAccount):
            return self._user_audience in client.audiences
        return client.client_id == owner


def _may_end_access_token(client: Client, claims: SignedClaims) -> bool:
    if claims.client_id == client_id_of(client):
        return True
    if claims.session_id is None or not isinstance(client, ServiceAccount):
        return False
    return bool(set(claims.audience) & set(client.audiences))


def _act(
    client: Client,
    origin: Origin,
    *,
    subject: str | None = None,
    token_id: str | None = None,
    reason: str | None = None,
) -> Act:
    return act_by(
        client,
        AuditEvent.TOKEN_REVOKED,
        Outcome.SUCCESS if reason is None else Outcome.REFUSED,
        origin,
        subject=subject,
        token_id=token_id,
        reason=reason,
    )
