"""The authorization code grant with PKCE (RFC 6749 section 4.1, RFC 7636, RFC 9700 section 2.1).

A code lives 60 seconds and is claimed by its first good use. A second use means that someone else
holds it: every token that came from it ends, and for a client of Netra's own the login session too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from netra.clock import Clock
from netra.ids import random_token
from netra.wire.auth_api import TokenResponse
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.access_tokens import AccessTokens
from netra_auth.grants.authorization_request import AuthorizationRequest
from netra_auth.grants.authorization_step import Step, next_step
from netra_auth.grants.clients import Client
from netra_auth.grants.consents import Consents
from netra_auth.grants.errors import ClientSlowedDown, OAuthError, invalid_grant, invalid_request
from netra_auth.grants.families import Families, new_family
from netra_auth.grants.id_tokens import IdTokens
from netra_auth.grants.pkce import is_verifier, proves
from netra_auth.grants.public_clients import GrantType
from netra_auth.grants.refresh_token import RefreshTokens, hash_of
from netra_auth.grants.scopes import OFFLINE_ACCESS, OPENID
from netra_auth.grants.user_clients import UserClient, UserClients
from netra_auth.identities.sessions import LiveSession, Sessions
from netra_auth.limits.refused_credentials import RefusedCredentials
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import codes
from netra_auth.store.repositories.codes import CodeRow

CODE_SECONDS: Final = 60
_REFUSED: Final = "The authorization code is not valid."


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMakers:
    """What a code is exchanged for, each kind by its own maker."""

    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    id_tokens: IdTokens
    families: Families


class AuthorizationCodes:
    """Issues codes to logged-in people's clients, and redeems each once."""

    def __init__(
        self,
        database: Database,
        clients: UserClients,
        sessions: Sessions,
        consents: Consents,
        makers: TokenMakers,
        refused: RefusedCredentials,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._clients = clients
        self._sessions = sessions
        self._consents = consents
        self._makers = makers
        self._refused_grants = refused
        self._audit = audit
        self._clock = clock

    async def issue(
        self,
        request: AuthorizationRequest,
        session: LiveSession,
        origin: Origin,
        *,
        allows: bool = False,
    ) -> str | Step:
        """Make a code bound to everything the request says, or say what is still needed for one.

        Args:
            request: What the client asks for.
            session: The login session of the browser; one that ended meanwhile needs a login.
            origin: Where the person's request came from.
            allows: The person has just allowed what the request asks for; that is remembered.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        user_id, client_id = session.user.user_id, request.return_address.client.client_id
        async with self._database.transaction() as transaction:
            if allows:
                await self._consents.lock(transaction, user_id)
            live = await self._sessions.behind(transaction, session.session_id)
            if live is None:
                return Step.LOGIN
            if allows:
                await self._consents.allow(transaction, user_id, client_id, request.scope, origin)
            allowed = await self._consents.scopes(transaction, user_id, client_id)
            step = next_step(request, live, allowed, self._clock.timestamp())
            if step is Step.LOGIN or (step is Step.CONSENT and not allows):
                return step
            return await self._issue(transaction, request, live, origin)

    async def _issue(
        self,
        transaction: Transaction,
        request: AuthorizationRequest,
        session: LiveSession,
        origin: Origin,
    ) -> str:
        code = random_token()
        client_id = request.return_address.client.client_id
        row = CodeRow(
            code_hash=hash_of(code),
            session_id=session.session_id,
            client_id=client_id,
            redirect_uri=request.return_address.redirect_uri,
            code_challenge=request.code_challenge,
            scope=request.scope,
            expires_at=self._clock.timestamp() + CODE_SECONDS,
            nonce=request.nonce,
            family_id=new_family(),
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
        known = await self._clients.behind(client, GrantType.AUTHORIZATION_CODE)
        for name in ("code", "redirect_uri", "code_verifier"):
            if name not in parameters:
                raise invalid_request(f"{name} is missing.")
        if not is_verifier(parameters["code_verifier"]):
            raise invalid_request("code_verifier is malformed.")
        code_hash = hash_of(parameters["code"])
        async with self._database.transaction() as transaction:
            outcome = await self._judge(transaction, known, code_hash, parameters, origin)
            # A refusal is raised after the commit: what it revokes and records must stay.
        if isinstance(outcome, OAuthError):
            raise outcome
        return outcome

    async def _judge(
        self,
        transaction: Transaction,
        client: UserClient,
        code_hash: str,
        parameters: Mapping[str, str],
        origin: Origin,
    ) -> TokenResponse | OAuthError:
        row = await codes.by_hash(transaction.connection, code_hash)
        session = None
        if row is not None:
            session = await self._sessions.behind(transaction, row.session_id)
            # Read again: before its session was ours alone another process may have claimed it.
            row = await codes.by_hash(transaction.connection, code_hash)
        if row is not None and row.claimed_at is not None and row.client_id == client.client_id:
            return await self._reused(transaction, client, row, origin)
        fault = "unknown code"
        if row is not None:
            fault = _fault(row, client, parameters, self._clock.timestamp())
            fault = fault or await self._fault_behind(transaction, client, row, session)
        if row is None or session is None or fault:
            return await self._refused(transaction, client, row, fault, origin)
        if not await codes.claim(transaction.connection, code_hash, self._clock.timestamp()):
            return await self._reused(transaction, client, row, origin)
        return await self._answer(transaction, client, row, session, origin)

    async def _fault_behind(
        self,
        transaction: Transaction,
        client: UserClient,
        row: CodeRow,
        session: LiveSession | None,
    ) -> str:
        """Say what is wrong with what a code came from: its session, or the person's consent."""
        if session is None:
            return "the session has ended"
        allowed = await self._consents.scopes(transaction, session.user.user_id, client.client_id)
        if not client.is_first_party and not set(row.scope.split()) <= allowed:
            return "the consent was withdrawn"
        return ""

    async def _answer(
        self,
        transaction: Transaction,
        client: UserClient,
        row: CodeRow,
        session: LiveSession,
        origin: Origin,
    ) -> TokenResponse:
        scopes = row.scope.split()
        family_id = row.family_id or new_family()
        issued = self._makers.access_tokens.for_person(session, client, row.scope)
        refresh_token = id_token = None
        if GrantType.REFRESH_TOKEN in client.grants and (
            client.is_first_party or OFFLINE_ACCESS in scopes
        ):
            refresh_token = await self._makers.refresh_tokens.first(
                transaction, session, client, row.scope, family_id
            )
        if not client.is_first_party:
            await self._makers.families.note(transaction, session, family_id, issued)
        if OPENID in scopes:
            id_token = self._makers.id_tokens.issue(
                session, client.client_id, row.nonce, issued.token
            )
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
            id_token=id_token,
        )

    async def _reused(
        self, transaction: Transaction, client: UserClient, row: CodeRow, origin: Origin
    ) -> OAuthError:
        if client.is_first_party or row.family_id is None:
            await self._sessions.end(transaction, row.session_id)
            ended = "its session was ended"
        else:
            await self._makers.families.end(transaction, row.family_id)
            ended = "its tokens were ended"
        act = Act(
            event=AuditEvent.CODE_REUSED,
            outcome=Outcome.REFUSED,
            origin=origin,
            client_id=client.client_id,
            subject=row.session_id,
            reason=f"a claimed code was presented; {ended}",
        )
        await self._audit.note(transaction, act)
        return invalid_grant(_REFUSED)

    async def _refused(
        self,
        transaction: Transaction,
        client: UserClient,
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


def _fault(row: CodeRow, client: UserClient, parameters: Mapping[str, str], now: float) -> str:
    """Say which of the things a code is bound to does not fit (checklist 33)."""
    if row.client_id != client.client_id:
        return "another client's code"
    if now >= row.expires_at:
        return "the code has expired"
    if parameters["redirect_uri"] != row.redirect_uri:
        return "another redirect URI"
    if not proves(parameters["code_verifier"], row.code_challenge):
        return "wrong verifier"
    return ""
