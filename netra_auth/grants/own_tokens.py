"""What this service knows of the tokens it issued: verified, and looked up in the store.

An opaque text that begins as a refresh token does is one; everything else is taken for an access
token and judged by the strict verifier.
"""

from dataclasses import dataclass

from netra.clock import Clock
from netra.principal import PrincipalKind
from netra.tokens import (
    SignedClaims,
    TokenRejected,
    VerificationRules,
    verify_access_token,
    verify_issued_token,
)
from netra.wire.auth_api import AUTH_AUDIENCE, USERINFO_AUDIENCE
from netra_auth.grants.public_clients import FIRST_PARTY_IDS
from netra_auth.grants.refresh_token import PREFIX, hash_of
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.services.accounts import ServiceAccounts
from netra_auth.identities.sessions import LiveSession, Sessions
from netra_auth.keyring.keyring import Keyring
from netra_auth.settings import Settings
from netra_auth.store.engine import Transaction
from netra_auth.store.repositories import refresh_tokens
from netra_auth.store.repositories.refresh_tokens import RefreshTokenRow


@dataclass(frozen=True, slots=True)
class KnownRefreshToken:
    """A refresh token that would be taken now, and the session it belongs to."""

    row: RefreshTokenRow
    session: LiveSession


class OwnTokens:
    """Judges tokens of this issuer, whoever they are meant for."""

    def __init__(
        self,
        settings: Settings,
        keyring: Keyring,
        accounts: ServiceAccounts,
        sessions: Sessions,
        revocations: Revocations,
        clock: Clock,
    ) -> None:
        self._keyring = keyring
        self._rules = VerificationRules(
            issuer=settings.issuer_url,
            audience=AUTH_AUDIENCE,
            algorithms=keyring.verification_keys.algorithms,
        )
        self._accounts = accounts
        self._sessions = sessions
        self._revocations = revocations
        self._clock = clock

    async def meant_for_us(self, unverified_token: str) -> SignedClaims:
        """Give the claims of a token for this service's own API, in force at this moment.

        Raises:
            TokenRejected: It is not good, not for us, or was ended.
            DatabaseUnavailable: The store cannot be reached.
            KeysUnreadable: The store's keys cannot be used.
        """
        keys = (await self._keyring.current()).verification_keys
        claims = verify_access_token(unverified_token, keys, self._rules, self._clock.timestamp())
        await self._require_in_force(claims)
        return claims

    async def meant_for_anyone(self, unverified_token: str) -> SignedClaims:
        """Give the claims of any access token of this issuer, in force at this moment.

        Raises:
            TokenRejected: It is not good, or was ended.
            DatabaseUnavailable: The store cannot be reached.
            KeysUnreadable: The store's keys cannot be used.
        """
        keys = (await self._keyring.current()).verification_keys
        claims = verify_issued_token(unverified_token, keys, self._rules, self._clock.timestamp())
        await self._require_in_force(claims)
        return claims

    async def meant_for_userinfo(self, unverified_token: str) -> SignedClaims:
        """Give the claims of a token that may ask who its person is, in force at this moment.

        Raises:
            TokenRejected: It is not good, neither for that nor for our own API, or was ended.
            DatabaseUnavailable: The store cannot be reached.
        """
        claims = await self.meant_for_anyone(unverified_token)
        if not {USERINFO_AUDIENCE, AUTH_AUDIENCE} & set(claims.audience):
            raise TokenRejected(f"the token is meant for {' '.join(claims.audience)}, not for us")
        return claims

    async def refresh_token(
        self, transaction: Transaction, unverified_token: str
    ) -> KnownRefreshToken | None:
        """Find a refresh token that is in force, neither spent nor expired."""
        if not is_refresh_token(unverified_token):
            return None
        row = await refresh_tokens.by_hash(transaction.connection, hash_of(unverified_token))
        if row is None or row.spent_at is not None or self._clock.timestamp() >= row.expires_at:
            return None
        session = await self._sessions.behind(transaction, row.session_id)
        return None if session is None else KnownRefreshToken(row, session)

    async def _require_in_force(self, claims: SignedClaims) -> None:
        if await self._revocations.covers(claims):
            raise TokenRejected("the token, its session or its subject was revoked")
        is_service = (
            claims.principal_kind is PrincipalKind.SERVICE
            or claims.client_id not in FIRST_PARTY_IDS
        )
        if is_service and not await self._accounts.is_enabled(claims.client_id):
            raise TokenRejected("the service is unknown or disabled")


def is_refresh_token(unverified_token: str) -> bool:
    """Tell whether a text looks like one of our refresh tokens."""
    return unverified_token.startswith(PREFIX)
