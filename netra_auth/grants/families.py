"""Families: all tokens that came from one code. One can be ended without its login session.

That is how a relying party's tokens end: a relying party that is careless with a token must not
log a person out of everything else.
"""

from netra.clock import Clock
from netra.ids import row_id
from netra.tokens import MAX_LEEWAY_SECONDS
from netra_auth.grants.access_tokens import IssuedAccessToken
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.sessions import LiveSession
from netra_auth.store.engine import Transaction
from netra_auth.store.repositories import family_tokens, refresh_tokens
from netra_auth.store.repositories.family_tokens import FamilyTokenRow


def new_family() -> str:
    """Name a family."""
    return row_id("fam")


class Families:
    """Knows the access tokens of each family, and ends families."""

    def __init__(self, revocations: Revocations, clock: Clock) -> None:
        self._revocations = revocations
        self._clock = clock

    async def note(
        self,
        transaction: Transaction,
        session: LiveSession,
        family_id: str,
        issued: IssuedAccessToken,
    ) -> None:
        """Remember an access token for as long as it lives."""
        row = FamilyTokenRow(
            token_id=issued.claims.token_id,
            family_id=family_id,
            session_id=session.session_id,
            client_id=issued.claims.client_id,
            expires_at=issued.claims.expires_at + MAX_LEEWAY_SECONDS,
        )
        await family_tokens.add(transaction.connection, row)

    async def end(self, transaction: Transaction, family_id: str) -> None:
        """End a family: no refresh token of it is left, and its access tokens are revoked."""
        await refresh_tokens.remove_family(transaction.connection, family_id)
        now = self._clock.timestamp()
        for token_id in await family_tokens.alive(transaction.connection, family_id, now):
            await self._revocations.revoke_token(transaction, token_id)

    async def end_all_of(self, transaction: Transaction, user_id: str, client_id: str) -> int:
        """End every family of a person and a client; say how many there were."""
        found = await family_tokens.families_of(transaction.connection, user_id, client_id)
        for family_id in found:
            await self.end(transaction, family_id)
        return len(found)
