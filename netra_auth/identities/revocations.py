"""What was ended before its time, and the feed that tells every verifier.

An entry is written in the transaction of the act that ends something. How long a verifier may be
behind is bounded by the life of an access token.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Final, TypeAlias

from netra.clock import Clock
from netra.tokens import ISSUER_SKEW_SECONDS, MAX_LEEWAY_SECONDS, SignedClaims
from netra.wire.auth_api import (
    MAX_ACCESS_TOKEN_SECONDS,
    Revocation,
    RevocationKind,
    RevocationPage,
)
from netra_auth.store.engine import Database, LastStep, Transaction
from netra_auth.store.group_read import GroupRead
from netra_auth.store.repositories import revocations
from netra_auth.store.repositories.revocations import NewRevocation

Named: TypeAlias = tuple[tuple[str, str, float], ...]
"""Everything a token can be revoked by: kinds, identifiers, since when an entry counts."""

_TICK_SECONDS: Final = 0.25
"""How often a waiting reader looks for what another process committed."""


class Revocations:
    """Writes the feed and reads it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._news = asyncio.Event()
        self._is_closed = False
        self._in_force: GroupRead[Named, Named] = GroupRead(self._look_up)

    async def revoke_token(self, transaction: Transaction, token_id: str) -> None:
        """End one access token."""
        self._add(transaction, RevocationKind.TOKEN, token_id)

    async def revoke_session(self, transaction: Transaction, session_id: str) -> None:
        """End every access token of one login session."""
        self._add(transaction, RevocationKind.SESSION, session_id)

    async def revoke_subject(self, transaction: Transaction, subject: str) -> None:
        """End every access token of one subject."""
        self._add(transaction, RevocationKind.SUBJECT, subject)

    async def go_on_unseen(self, transaction: Transaction) -> None:
        """Have the feed go on with numbers that no reader can have seen: the store was restored.

        They are milliseconds since the epoch, far more than entries are ever written, so a second
        restoring goes on behind the first one's.
        """
        await revocations.skip_to(transaction.connection, int(self._clock.timestamp() * 1000))

    async def covers(self, claims: SignedClaims) -> bool:
        """Tell whether a token, its session or its subject was revoked, as of the latest commit.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        # A subject's entry concerns only what was issued before it: whoever is let in again gets
        # tokens that are good.
        issued_at = claims.issued_at - ISSUER_SKEW_SECONDS
        named = [
            (RevocationKind.TOKEN.value, claims.token_id, 0.0),
            (RevocationKind.SUBJECT.value, claims.subject, issued_at),
        ]
        if claims.session_id is not None:
            named.append((RevocationKind.SESSION.value, claims.session_id, 0.0))
        return await self._in_force.get(tuple(named)) is not None

    async def _look_up(self, tokens: Collection[Named]) -> Mapping[Named, Named]:
        identifiers = {identifier for named in tokens for _, identifier, _ in named}
        async with self._database.reading() as connection:
            found = await revocations.in_force(connection, identifiers, self._clock.timestamp())
        return {
            named: named
            for named in tokens
            if any(found.get((kind, identifier), -1) >= since for kind, identifier, since in named)
        }

    async def page(self, after: int, limit: int) -> RevocationPage:
        """Read the entries that follow a cursor.

        A cursor ahead of the feed (the store was restored from a backup) is set back to its end.
        """
        async with self._database.reading() as connection:
            rows = await revocations.after(connection, after, limit)
            end = rows[-1].seq if rows else min(after, await revocations.latest(connection))
        items = tuple(
            Revocation(
                seq=row.seq,
                kind=RevocationKind(row.kind),
                identifier=row.identifier,
                revoked_at=row.revoked_at,
                expires_at=row.expires_at,
            )
            for row in rows
        )
        return RevocationPage(items=items, next_after=end)

    async def next_page(
        self, after: int, limit: int, wait: float, is_gone: Callable[[], Awaitable[bool]]
    ) -> RevocationPage:
        """Read the entries that follow a cursor; while there are none, wait for some.

        Ends early with an empty page when the reader is gone or the service stops.
        """
        now = asyncio.get_running_loop().time
        deadline = now() + wait
        while True:
            news = self._news
            page = await self.page(after, limit)
            remaining = deadline - now()
            if page.items or page.next_after != after or remaining <= 0 or self._is_closed:
                return page
            await _first_of(news, min(_TICK_SECONDS, remaining))
            if await is_gone():
                return page

    def close(self) -> None:
        """Let every waiting reader go: the service stops."""
        self._is_closed = True
        self._announce()

    def _add(self, transaction: Transaction, kind: RevocationKind, identifier: str) -> None:
        now = self._clock.timestamp()
        entry = NewRevocation(
            kind=kind.value,
            identifier=identifier,
            revoked_at=now,
            expires_at=now + MAX_ACCESS_TOKEN_SECONDS + MAX_LEEWAY_SECONDS,
        )
        transaction.before_commit(LastStep.REVOCATIONS, _append, entry)
        transaction.after_commit(self._announce)

    def _announce(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


async def _append(transaction: Transaction, entries: Sequence[NewRevocation]) -> None:
    await revocations.add(transaction.connection, entries)


async def _first_of(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
