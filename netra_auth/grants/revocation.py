"""Ending a token before its time at a client's word (RFC 7009).

The answer is the same whether there was anything to end (section 2.2).
"""

from dataclasses import dataclass

from netra.clock import Clock
from netra.policy import Permission
from netra.tokens import SignedClaims, TokenRejected
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.grants.clients import Client, act_by, client_id_of
from netra_auth.grants.errors import CallerNotAllowed
from netra_auth.grants.families import Families
from netra_auth.grants.introspection import permitted_service
from netra_auth.grants.own_tokens import OwnTokens, is_refresh_token
from netra_auth.grants.public_clients import FIRST_PARTY_IDS
from netra_auth.grants.relying_parties import RelyingParties
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.services.account import ServiceAccount
from netra_auth.identities.sessions import Sessions
from netra_auth.settings import Settings
from netra_auth.store.engine import Database, Transaction

_UNKNOWN = "no such token, or not this client's to revoke"


@dataclass(frozen=True, slots=True)
class Endings:
    """What can be ended: a login session, a family, a single token."""

    sessions: Sessions
    families: Families
    revocations: Revocations


@dataclass(frozen=True, slots=True)
class _Reach:
    """Whose tokens a client may end."""

    client: Client
    user_audience: str
    reaches_others: bool

    def includes_refresh_token(self, owner: str) -> bool:
        """Tell whether a refresh token that belongs to a client is within reach."""
        if client_id_of(self.client) == owner:
            return True
        is_for_backend = owner in FIRST_PARTY_IDS
        return self.reaches_others and is_for_backend and self.user_audience in self._audiences

    def includes_access_token(self, claims: SignedClaims) -> bool:
        """Tell whether an access token is within reach."""
        if claims.client_id == client_id_of(self.client):
            return True
        is_a_persons = claims.session_id is not None
        return self.reaches_others and is_a_persons and bool(self._audiences & set(claims.audience))

    @property
    def _audiences(self) -> frozenset[str]:
        if isinstance(self.client, ServiceAccount):
            return frozenset(self.client.audiences)
        return frozenset()


class TokenRevocation:
    """Ends tokens: an access token by itself, a refresh token with what it came from.

    That is the login session for a client of Netra's own, and the family for a relying party.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        tokens: OwnTokens,
        relying_parties: RelyingParties,
        endings: Endings,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._user_audience = settings.user_audience
        self._database = database
        self._tokens = tokens
        self._relying_parties = relying_parties
        self._endings = endings
        self._audit = audit
        self._clock = clock

    async def revoke(self, client: Client, unverified_token: str, origin: Origin) -> None:
        """End a token if it is one this client may end.

        A public client and a relying party may end their own. A service that holds
        `tokens:revoke` may end its own and those of people that are meant for it; never another
        service's (checklist 39).

        Raises:
            CallerNotAllowed: The client is a service without `tokens:revoke`, and no relying party.
            DatabaseUnavailable: The store cannot be reached.
        """
        now = self._clock.timestamp()
        reaches_others = permitted_service(client, Permission.TOKENS_REVOKE, now) is not None
        if not reaches_others and not await self._has_tokens_of_people(client):
            await self._audit.note_alone(_act(client, origin, reason="may not revoke"))
            raise CallerNotAllowed
        reach = _Reach(client, self._user_audience, reaches_others)
        if is_refresh_token(unverified_token):
            await self._refresh_token(reach, unverified_token, origin)
        else:
            await self._access_token(reach, unverified_token, origin)

    async def _has_tokens_of_people(self, client: Client) -> bool:
        if not isinstance(client, ServiceAccount):
            return True
        return await self._relying_parties.find(client.service_id) is not None

    async def _refresh_token(self, reach: _Reach, unverified_token: str, origin: Origin) -> None:
        client = reach.client
        async with self._database.transaction() as transaction:
            known = await self._tokens.refresh_token(transaction, unverified_token)
            if known is None or not reach.includes_refresh_token(known.row.client_id):
                await self._audit.note(transaction, _act(client, origin, reason=_UNKNOWN))
                return
            if known.row.client_id in FIRST_PARTY_IDS:
                await self._endings.sessions.end(transaction, known.session.session_id)
            else:
                await self._endings.families.end(transaction, known.row.family_id)
            act = _act(client, origin, subject=known.session.session_id)
            await self._audit.note(transaction, act)

    async def _access_token(self, reach: _Reach, unverified_token: str, origin: Origin) -> None:
        try:
            claims = await self._tokens.meant_for_anyone(unverified_token)
        except TokenRejected:
            claims = None
        async with self._database.transaction() as transaction:
            await self._end_access_token(transaction, reach, claims, origin)

    async def _end_access_token(
        self,
        transaction: Transaction,
        reach: _Reach,
        claims: SignedClaims | None,
        origin: Origin,
    ) -> None:
        client = reach.client
        if claims is None or not reach.includes_access_token(claims):
            await self._audit.note(transaction, _act(client, origin, reason=_UNKNOWN))
            return
        await self._endings.revocations.revoke_token(transaction, claims.token_id)
        act = _act(client, origin, subject=claims.subject, token_id=claims.token_id)
        await self._audit.note(transaction, act)


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
