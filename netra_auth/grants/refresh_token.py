"""The refresh grant (RFC 6749 section 6) with rotation and reuse detection (RFC 9700 4.14.2).

A refresh token is spent by its first use. Its client may present it again within 10 seconds, as
long as the next one is unspent: it then gets the same next one, so that neither two refreshes at
once nor a lost answer log a person out. Any other second use means that two parties hold it: its
whole family ends, and for a client of Netra's own the login session behind it.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Final

from netra.clock import Clock
from netra.ids import random_token
from netra.wire.auth_api import TokenResponse
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.access_tokens import AccessTokens
from netra_auth.grants.clients import Client
from netra_auth.grants.errors import ClientSlowedDown, OAuthError, invalid_grant, invalid_request
from netra_auth.grants.families import Families
from netra_auth.grants.public_clients import GrantType
from netra_auth.grants.scopes import granted_scopes
from netra_auth.grants.successors import seal_successor, sealed_successor_of
from netra_auth.grants.user_clients import UserClient, UserClients
from netra_auth.identities.sessions import LiveSession, Sessions
from netra_auth.limits.refused_credentials import RefusedCredentials
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import refresh_tokens
from netra_auth.store.repositories.refresh_tokens import RefreshTokenRow

PREFIX: Final = "rt_"
FAMILY_SECONDS: Final = 30 * 24 * 3600
RETRY_SECONDS: Final = 10
_REFUSED: Final = "The refresh token is not valid."


def hash_of(token: str) -> str:
    """Give the SHA-256 under which a code or refresh token is stored."""
    return sha256(token.encode()).hexdigest()


def _new_token() -> str:
    return PREFIX + random_token()


class RefreshTokens:
    """Makes refresh tokens, rotates them, and notices when one is used twice."""

    def __init__(
        self,
        database: Database,
        clients: UserClients,
        sessions: Sessions,
        access_tokens: AccessTokens,
        families: Families,
        refused: RefusedCredentials,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._clients = clients
        self._sessions = sessions
        self._access_tokens = access_tokens
        self._families = families
        self._refused_grants = refused
        self._audit = audit
        self._clock = clock

    async def first(
        self,
        transaction: Transaction,
        session: LiveSession,
        client: UserClient,
        scope: str,
        family_id: str,
    ) -> str:
        """Begin a family: its tokens end when the session does, and after 30 days at most."""
        now = self._clock.timestamp()
        token = _new_token()
        row = RefreshTokenRow(
            token_hash=hash_of(token),
            family_id=family_id,
            session_id=session.session_id,
            client_id=client.client_id,
            scope=scope,
            issued_at=now,
            expires_at=min(now + FAMILY_SECONDS, session.ends_at),
        )
        await refresh_tokens.add(transaction.connection, row)
        return token

    async def forget_old_successors(self) -> None:
        """Erase the sealed successors that nobody may ask for again.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        before = self._clock.timestamp() - RETRY_SECONDS
        async with self._database.transaction() as transaction:
            await refresh_tokens.forget_old_successors(transaction.connection, before)

    async def redeem(
        self, client: Client, parameters: Mapping[str, str], origin: Origin
    ) -> TokenResponse:
        """Spend a refresh token for an access token and the next refresh token.

        However many callers come with one token, there is one next token (checklist 35).

        Raises:
            OAuthError: The token is unknown, spent, expired, another client's, or its session or
                person is gone (`invalid_grant`, or `ClientSlowedDown` when that happens too
                often); more scope is asked for than it has.
            DatabaseUnavailable: The store cannot be reached.
        """
        known = await self._clients.behind(client, GrantType.REFRESH_TOKEN)
        token = parameters.get("refresh_token")
        if token is None:
            raise invalid_request("refresh_token is missing.")
        async with self._database.transaction() as transaction:
            outcome = await self._judge(transaction, known, token, parameters.get("scope"), origin)
            # A refusal is raised after the commit: what it revokes and records must stay.
        if isinstance(outcome, OAuthError):
            raise outcome
        return outcome

    async def _judge(
        self,
        transaction: Transaction,
        client: UserClient,
        token: str,
        asked_scope: str | None,
        origin: Origin,
    ) -> TokenResponse | OAuthError:
        now, connection = self._clock.timestamp(), transaction.connection
        row = await refresh_tokens.by_hash(connection, hash_of(token))
        if row is None or row.client_id != client.client_id:
            reason = "unknown token" if row is None else "another client's token"
            return await self._refused(transaction, client, row, reason, origin)
        session = await self._sessions.behind(transaction, row.session_id)
        # Read again: before its session was ours alone another process may have spent it.
        row = await refresh_tokens.by_hash(connection, row.token_hash)
        if row is None or session is None:
            return await self._refused(transaction, client, row, "the session has ended", origin)
        if now >= row.expires_at:
            return await self._refused(transaction, client, row, "the family has ended", origin)
        try:
            scope = " ".join(granted_scopes(asked_scope, row.scope.split()))
        except OAuthError as refusal:
            return refusal
        repeated: str | None = None
        successor = await self._spend(transaction, token, row)
        if successor is None:
            successor = await self._retried(transaction, token, row)
            repeated = "the same token again, within the time for it"
        if successor is None:
            return await self._reused(transaction, client, row, session, origin)
        issued = self._access_tokens.for_person(session, client, scope)
        if not client.is_first_party:
            await self._families.note(transaction, session, row.family_id, issued)
        act = Act(
            event=AuditEvent.TOKEN_REFRESHED,
            outcome=Outcome.SUCCESS,
            origin=origin,
            actor=session.user.user_id,
            client_id=client.client_id,
            subject=row.session_id,
            token_id=issued.claims.token_id,
            reason=repeated,
        )
        await self._audit.note(transaction, act)
        return TokenResponse(
            access_token=issued.token,
            expires_in=issued.lifetime,
            scope=scope,
            refresh_token=successor,
        )

    async def _spend(
        self, transaction: Transaction, token: str, row: RefreshTokenRow
    ) -> str | None:
        """Give the next token if this one was unspent. What it may ask for stays the same."""
        successor = _new_token()
        now, connection = self._clock.timestamp(), transaction.connection
        sealed = seal_successor(successor, token)
        if not await refresh_tokens.spend(connection, row.token_hash, now, sealed):
            return None
        await refresh_tokens.forget_successors(connection, row.family_id, row.token_hash)
        after = replace(
            row, token_hash=hash_of(successor), issued_at=now, spent_at=None, sealed_successor=None
        )
        await refresh_tokens.add(connection, after)
        return successor

    async def _retried(
        self, transaction: Transaction, token: str, row: RefreshTokenRow
    ) -> str | None:
        """Give the next token again if it is unspent and this one was spent a moment ago."""
        # Two processes' clocks may differ: a token may seem to be spent a little later than now.
        if row.spent_at is None or abs(self._clock.timestamp() - row.spent_at) >= RETRY_SECONDS:
            return None
        successor = sealed_successor_of(row.sealed_successor, token)
        if successor is None:
            return None
        after = await refresh_tokens.by_hash(transaction.connection, hash_of(successor))
        return None if after is None or after.spent_at is not None else successor

    async def _reused(
        self,
        transaction: Transaction,
        client: UserClient,
        row: RefreshTokenRow,
        session: LiveSession,
        origin: Origin,
    ) -> OAuthError:
        if client.is_first_party:
            await self._sessions.end(transaction, row.session_id)
            ended = "its session was ended"
        else:
            await self._families.end(transaction, row.family_id)
            ended = "its family was ended"
        act = Act(
            event=AuditEvent.REFRESH_TOKEN_REUSED,
            outcome=Outcome.REFUSED,
            origin=origin,
            client_id=client.client_id,
            subject=session.user.user_id,
            reason=f"a spent token was presented; {ended}",
        )
        await self._audit.note(transaction, act)
        return invalid_grant(_REFUSED)

    async def _refused(
        self,
        transaction: Transaction,
        client: UserClient,
        row: RefreshTokenRow | None,
        reason: str,
        origin: Origin,
    ) -> OAuthError:
        act = Act(
            event=AuditEvent.TOKEN_REFRESHED,
            outcome=Outcome.REFUSED,
            origin=origin,
            client_id=client.client_id,
            subject=None if row is None else row.session_id,
            reason=reason,
        )
        limit = await self._refused_grants.grant(transaction, act)
        return invalid_grant(_REFUSED) if limit is None else ClientSlowedDown(limit)
