"""The authorization code grant with PKCE (RFC 6749 section 4.1, RFC 7636, RFC 9700 section 2.1).

A code lives 60 seconds and is claimed by its first good use. A second use means that someone else
holds it: the login session behind it ends, and every token that came from it.
"""

from collections.abc import Mapping
from typing import Final

from netra.clock import Clock
from netra.ids import random_token
from netra.wire.auth_api import TokenResponse
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.access_tokens import AccessTokens
from netra_auth.grants.authorization_request import AuthorizationRequest
from netra_auth.grants.clients import Client, public_client_for
from netra_auth.grants.errors import ClientSlowedDown, OAuthError, invalid_grant, invalid_request
from netra_auth.grants.pkce import is_verifier, proves
from netra_auth.grants.public_clients import GrantType, PublicClient
from netra_auth.grants.refresh_token import RefreshTokens, hash_of
from netra_auth.identities.sessions import LiveSession, Sessions
from netra_auth.limits.refused_credentials import RefusedCredentials
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import codes
from netra_auth.store.repositories.codes import CodeRow

CODE_SECONDS: Final = 60
FRESH_LOGIN_SECONDS: Final = 60
_REFUSED: Final = "The authorization code is not valid."


class AuthorizationCodes:
    """Issues codes to logged-in people's clients, and redeems each once."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        refused: RefusedCredentials,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens
        self._refused_grants = refused
        self._audit = audit
        self._clock = clock

    async def issue(
        self, request: AuthorizationRequest, session: LiveSession, origin: Origin
    ) -> str | None:
        """Make a code bound to everything the request says; None if the person must log in first.

        That is so when the session has just ended, and for a client that any local program can
        pose as when the login was not made for this request (RFC 8252 section 8.6): a page must
        not be able to fetch such a code behind the person's back.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        code = random_token()
        client_id = request.return_address.client.client_id
        async with self._database.transaction() as transaction:
            live = await self._sessions.behind(transaction, session.session_id)
            if live is None:
                return None
            if request.return_address.client.can_be_posed_as and not self._is_fresh(live):
                return None
            row = CodeRow(
                code_hash=hash_of(code),
                session_id=session.session_id,
                client_id=client_id,
                redirect_uri=request.return_address.redirect_uri,
                code_challenge=request.code_challenge,
                scope=request.scope,
                expires_at=self._clock.timestamp() + CODE_SECONDS,
            )
            await codes.add(transaction.connection, row)
            act = Act(
                event=AuditEvent.CODE_ISSUED,
                outcome=Outcome.SUCCESS,
                origin=origin,
                actor=session.user.user_id,
                client_id=client_id,
                subject=session.session_id,
            )
            await self._audit.note(transaction, act)
        return code

    def _is_fresh(self, session: LiveSession) -> bool:
        return self._clock.timestamp() - session.opened_at <= FRESH_LOGIN_SECONDS

    async def redeem(
        self, client: Client, parameters: Mapping[str, str], origin: Origin
    ) -> TokenResponse:
        """Spend a code for an access token and the first refresh token of a family.

        Raises:
            OAuthError: The code is unknown, claimed, expired, for another client or redirect URI,
                the verifier is not its own, or the session is gone (`invalid_grant`, or
                `ClientSlowedDown` when that happens too often).
            DatabaseUnavailable: The store cannot be reached.
        """
        public = public_client_for(client, GrantType.AUTHORIZATION_CODE)
        for name in ("code", "redirect_uri", "code_verifier"):
            if name not in parameters:
                raise invalid_request(f"{name} is missing.")
        if not is_verifier(parameters["code_verifier"]):
            raise invalid_request("code_verifier is malformed.")
        code_hash = hash_of(parameters["code"])
        async with self._database.transaction() as transaction:
            row = await codes.by_hash(transaction.connection, code_hash)
            outcome = await self._judge(transaction, public, row, parameters, origin)
            # A refusal is raised after the commit: what it revokes and records must stay.
        if isinstance(outcome, OAuthError):
            raise outcome
        return outcome

    async def _judge(
        self,
        transaction: Transaction,
        client: PublicClient,
        row: CodeRow | None,
        parameters: Mapping[str, str],
        origin: Origin,
    ) -> TokenResponse | OAuthError:
        if row is None:
            return await self._refused(transaction, client, row, "unknown code", origin)
        if row.claimed_at is not None and row.client_id == client.client_id:
            return await self._reused(transaction, client, row, origin)
        now = self._clock.timestamp()
        if fault := _fault(row, client, parameters, now):
            return await self._refused(transaction, client, row, fault, origin)
        session = await self._sessions.behind(transaction, row.session_id)
        if session is None:
            return await self._refused(transaction, client, row, "the session has ended", origin)
        if not await codes.claim(transaction.connection, row.code_hash, now):
            return await self._reused(transaction, client, row, origin)
        return await self._answer(transaction, client, row, session, origin)

    async def _answer(
        self,
        transaction: Transaction,
        client: PublicClient,
        row: CodeRow,
        session: LiveSession,
        origin: Origin,
    ) -> TokenResponse:
        refresh_token: str | None = None
        if GrantType.REFRESH_TOKEN in client.grants:
            refresh_token = await self._refresh_tokens.first(
                transaction, session, client, row.scope
            )
        issued = self._access_tokens.for_person(session, client.client_id, row.scope)
        await self._audit.note(
            transaction,
            Act(
                event=AuditEvent.CODE_REDEEMED,
                outcome=Outcome.SUCCESS,
                origin=origin,
                actor=session.user.user_id,
                client_id=client.client_id,
                subject=session.session_id,
                token_id=issued.claims.token_id,
            ),
        )
        return TokenResponse(
            access_token=issued.token,
            expires_in=issued.lifetime,
            scope=row.scope,
            refresh_token=refresh_token,
        )

    async def _reused(
        self, transaction: Transaction, client: PublicClient, row: CodeRow, origin: Origin
    ) -> OAuthError:
        await self._sessions.end(transaction, row.session_id)
        act = Act(
            event=AuditEvent.CODE_REUSED,
            outcome=Outcome.REFUSED,
            origin=origin,
            client_id=client.client_id,
            subject=row.session_id,
            reason="a claimed code was presented; its session was ended",
        )
        await self._audit.note(transaction, act)
        return invalid_grant(_REFUSED)

    async def _refused(
        self,
        transaction: Transaction,
        client: PublicClient,
        row: CodeRow | None,
        reason: str,
        origin: Origin,
    ) -> OAuthError:
        act = Act(
            event=AuditEvent.CODE_REDEEMED,
            outcome=Outcome.REFUSED,
            origin=origin,
            client_id=client.client_id,
            subject=None if row is None else row.session_id,
            reason=reason,
        )
        limit = await self._refused_grants.grant(transaction, act)
        return invalid_grant(_REFUSED) if limit is None else ClientSlowedDown(limit)


def _fault(
    row: CodeRow, client: PublicClient, parameters: Mapping[str, str], now: float
) -> str | None:
    """Say which of the things a code is bound to does not fit (checklist 33)."""
    if row.client_id != client.client_id:
        return "another client's code"
    if now >= row.expires_at:
        return "the code has expired"
    if parameters["redirect_uri"] != row.redirect_uri:
        return "another redirect URI"
    if not proves(parameters["code_verifier"], row.code_challenge):
        return "wrong verifier"
    return None
