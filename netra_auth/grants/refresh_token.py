"""The refresh grant (RFC 6749 section 6) with rotation and reuse detection (RFC 9700 4.14.2).

A refresh token is spent by its first use. A second use means that two parties hold it: the login
session behind the family ends, and every token that came from it.
"""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Final

from netra.clock import Clock
from netra.ids import random_token, row_id
from netra.wire.auth_api import TokenResponse
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.access_tokens import AccessTokens
from netra_auth.grants.clients import Client, public_client_for
from netra_auth.grants.errors import ClientSlowedDown, OAuthError, invalid_grant, invalid_request
from netra_auth.grants.public_clients import GrantType, PublicClient
from netra_auth.grants.scopes import granted_scopes
from netra_auth.identities.sessions import LiveSession, Sessions
from netra_auth.limits.refused_credentials import RefusedCredentials
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import refresh_tokens
from netra_auth.store.repositories.refresh_tokens import RefreshTokenRow

PREFIX: Final = "rt_"
FAMILY_SECONDS: Final = 30 * 24 * 3600
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
        sessions: Sessions,
        access_tokens: AccessTokens,
        refused: RefusedCredentials,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._access_tokens = access_tokens
        self._refused_grants = refused
        self._audit = audit
        self._clock = clock

    async def first(
        self, transaction: Transaction, session: LiveSession, client: PublicClient, scope: str
    ) -> str:
        """Begin a family: its tokens end when the session does, and after 30 days at most."""
        now = self._clock.timestamp()
        token = _new_token()
        row = RefreshTokenRow(
            token_hash=hash_of(token),
            family_id=row_id("fam"),
            session_id=session.session_id,
            client_id=client.client_id,
            scope=scope,
            issued_at=now,
            expires_at=min(now + FAMILY_SECONDS, session.ends_at),
        )
        await refresh_tokens.add(transaction.connection, row)
        return token

    async def redeem(
        self, client: Client, parameters: Mapping[str, str], origin: Origin
    ) -> TokenResponse:
        """Spend a refresh token for an access token and the next refresh token.

        Of any number of callers with one token exactly one gets tokens (checklist 35).

        Raises:
            OAuthError: The token is unknown, spent, expired, another client's, or its session or
                person is gone (`invalid_grant`, or `ClientSlowedDown` when that happens too
                often); more scope is asked for than it has.
            DatabaseUnavailable: The store cannot be reached.
        """
        public = public_client_for(client, GrantType.REFRESH_TOKEN)
        token = parameters.get("refresh_token")
        if token is None:
            raise invalid_request("refresh_token is missing.")
        token_hash = hash_of(token)
        async with self._database.transaction() as transaction:
            row = await refresh_tokens.by_hash(transaction.connection, token_hash)
            outcome = await self._judge(transaction, public, row, parameters.get("scope"), origin)
            # A refusal is raised after the commit: what it revokes and records must stay.
        if isinstance(outcome, OAuthError):
            raise outcome
        return outcome

    async def _judge(
        self,
        transaction: Transaction,
        client: PublicClient,
        row: RefreshTokenRow | None,
        asked_scope: str | None,
        origin: Origin,
    ) -> TokenResponse | OAuthError:
        now = self._clock.timestamp()
        if row is None or row.client_id != client.client_id:
            reason = "unknown token" if row is None else "another client's token"
            return await self._refused(transaction, client, row, reason, origin)
        if now >= row.expires_at:
            return await self._refused(transaction, client, row, "the family has ended", origin)
        try:
            scope = " ".join(granted_scopes(asked_scope, row.scope.split()))
        except OAuthError as refusal:
            return refusal
        session = await self._sessions.behind(transaction, row.session_id)
        if session is None:
            return await self._refused(transaction, client, row, "the session has ended", origin)
        if not await refresh_tokens.spend(transaction.connection, row.token_hash, now):
            return await self._reused(transaction, client, row, session, origin)
        return await self._rotate(transaction, client, row, session, scope, origin)

    async def _rotate(
        self,
        transaction: Transaction,
        client: PublicClient,
        row: RefreshTokenRow,
        session: LiveSession,
        scope: str,
        origin: Origin,
    ) -> TokenResponse:
        successor = _new_token()
        now = self._clock.timestamp()
        await refresh_tokens.add(
            transaction.connection,
            replace(row, token_hash=hash_of(successor), issued_at=now, spent_at=None),
        )
        issued = self._access_tokens.for_person(session, client.client_id, scope)
        await self._audit.note(
            transaction,
            Act(
                event=AuditEvent.TOKEN_REFRESHED,
                outcome=Outcome.SUCCESS,
                origin=origin,
                actor=session.user.user_id,
                client_id=client.client_id,
                subject=row.session_id,
                token_id=issued.claims.token_id,
            ),
        )
        return TokenResponse(
            access_token=issued.token,
            expires_in=issued.lifetime,
            scope=scope,
            refresh_token=successor,
        )

    async def _reused(
        self,
        transaction: Transaction,
        client: PublicClient,
        row: RefreshTokenRow,
        session: LiveSession,
        origin: Origin,
    ) -> OAuthError:
        await self._sessions.end(transaction, row.session_id)
        act = Act(
            event=AuditEvent.REFRESH_TOKEN_REUSED,
            outcome=Outcome.REFUSED,
            origin=origin,
            client_id=client.client_id,
            subject=session.user.user_id,
            reason="a spent token was presented; its session was ended",
        )
        await self._audit.note(transaction, act)
        return invalid_grant(_REFUSED)

    async def _refused(
        self,
        transaction: Transaction,
        client: PublicClient,
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
