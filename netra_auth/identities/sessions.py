"""Login sessions: what a browser's cookie stands for, and when it ends.

The cookie is 256 random bits, stored as SHA-256. It opens nothing after 12 hours without use or
30 days in all, whichever comes first. Tokens issued from a session end with it when it is ended
on purpose; a cookie that merely fell idle leaves its refresh tokens to their own end.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from netra.clock import Clock
from netra.ids import random_token, row_id
from netra.secret import Secret
from netra_auth.audit import Origin
from netra_auth.identities.revocations import Revocations
from netra_auth.limits.known_devices import KnownDevices
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import sessions, users
from netra_auth.store.repositories.sessions import SessionRow
from netra_auth.store.repositories.users import UserRow

IDLE_SECONDS: Final = 12 * 3600
ABSOLUTE_SECONDS: Final = 30 * 24 * 3600
_TOUCH_SECONDS: Final = 60
"""Use is noted at most this often, so that reading a session seldom writes."""
_MAX_ADDRESS: Final = 64
_MAX_USER_AGENT: Final = 256

PASSWORD: Final = "pwd"  # noqa: S105 - RFC 8176's name of a method
ONE_TIME_CODE: Final = "otp"


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session just begun; the values of its cookies exist nowhere else.

    Attributes:
        session_id: Its id.
        cookie: What opens it.
        device: What the browser is known by from now on, once it was remembered.
    """

    session_id: str
    cookie: Secret
    device: Secret | None = None


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that is in force, and the person it belongs to.

    Attributes:
        session_id: Its id.
        user: The person.
        opened_at: When it began.
        ends_at: Its absolute end.
        authenticated_at: When the person last proved who they are (`auth_time`).
        methods: How, as RFC 8176 names it.
    """

    session_id: str
    user: UserRow
    opened_at: float
    ends_at: float
    authenticated_at: float
    methods: tuple[str, ...]

    @classmethod
    def of(cls, row: SessionRow, user: UserRow) -> "LiveSession":
        """Read a stored session."""
        return cls(
            session_id=row.session_id,
            user=user,
            opened_at=row.created_at,
            ends_at=row.expires_at,
            authenticated_at=row.authenticated_at,
            methods=tuple(row.methods.split()),
        )


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a person logs in.

    Attributes:
        replaced: The session the browser has so far.
        device: What the browser is known by, if it is.
        origin: The request.
    """

    replaced: LiveSession | None
    device: Secret | None
    origin: Origin


class Sessions:
    """Opens, finds and ends login sessions."""

    def __init__(
        self, database: Database, revocations: Revocations, devices: KnownDevices, clock: Clock
    ) -> None:
        self._database = database
        self._revocations = revocations
        self._devices = devices
        self._clock = clock

    async def begin(
        self,
        transaction: Transaction,
        user_id: str,
        browser: Browser,
        methods: tuple[str, ...] = (PASSWORD,),
    ) -> OpenedSession:
        """Begin the session of a login; the earlier one ends, and the browser is known."""
        opened = await self.open(transaction, user_id, browser.origin, methods)
        known = await self._devices.remember(transaction, user_id, browser.device)
        if browser.replaced is not None:
            await self.end(transaction, browser.replaced.session_id)
        return replace(opened, device=known)

    async def open(
        self,
        transaction: Transaction,
        user_id: str,
        origin: Origin,
        methods: tuple[str, ...] = (PASSWORD,),
    ) -> OpenedSession:
        """Begin a session under a new id and a new cookie (checklist 50).

        Where it was begun, and with which browser, is kept for the person to recognise.
        """
        opened = OpenedSession(row_id("ses"), Secret(random_token()))
        now = self._clock.timestamp()
        row = SessionRow(
            session_id=opened.session_id,
            cookie_hash=_hash(opened.cookie),
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + ABSOLUTE_SECONDS,
            address=_cleaned(origin.address or "", _MAX_ADDRESS),
            user_agent=_cleaned(origin.user_agent, _MAX_USER_AGENT),
            authenticated_at=now,
            methods=" ".join(methods),
        )
        await sessions.add(transaction.connection, row)
        return opened

    async def find(self, cookie: Secret) -> LiveSession | None:
        """Find the live session of a cookie, and note that it was used.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        now = self._clock.timestamp()
        async with self._database.reading() as connection:
            row = await sessions.by_cookie_hash(connection, _hash(cookie))
            if row is None or now >= min(row.expires_at, row.last_seen_at + IDLE_SECONDS):
                return None
            user = await users.by_id(connection, row.user_id)
        if user is None or user.disabled_at is not None:
            return None
        if now - row.last_seen_at >= _TOUCH_SECONDS:
            async with self._database.transaction() as transaction:
                await sessions.touch(transaction.connection, row.session_id, now)
        return LiveSession.of(row, user)

    async def behind(self, transaction: Transaction, session_id: str) -> LiveSession | None:
        """Find the session a grant was made from, whatever became of its cookie.

        It is kept from everybody else until the transaction ends: what is granted from one
        session, and what ends it, happens one after the other.
        """
        row = await sessions.locked(transaction.connection, session_id)
        if row is None or self._clock.timestamp() >= row.expires_at:
            return None
        user = await users.by_id(transaction.connection, row.user_id)
        if user is None or user.disabled_at is not None:
            return None
        return LiveSession.of(row, user)

    async def authenticated_at(self, session_id: str) -> float | None:
        """Say when the person of a session last proved who they are; None if it is gone.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            row = await sessions.by_id(connection, session_id)
        return None if row is None else row.authenticated_at

    async def end(self, transaction: Transaction, session_id: str) -> bool:
        """End a session and every token that came from it; say whether there was one."""
        if not await sessions.remove(transaction.connection, session_id):
            return False
        await self._revocations.revoke_session(transaction, session_id)
        return True

    async def end_every_one(self, transaction: Transaction) -> int:
        """End every session of everybody, and every token that came from one; say how many."""
        found = await sessions.remove_every_one(transaction.connection)
        for session_id in found:
            await self._revocations.revoke_session(transaction, session_id)
        return len(found)

    async def end_all_of(
        self, transaction: Transaction, user_id: str, *, but: str | None = None
    ) -> int:
        """End every session of a person, but one if it is named; say how many ended."""
        connection = transaction.connection
        found = sorted(await sessions.ids_of_user(connection, user_id))
        # All rows first, in one order, then the feed: whoever ends one of them at the same time
        # takes its locks in that order too, and neither waits for the other for ever.
        ended = [one for one in found if one != but and await sessions.remove(connection, one)]
        for session_id in ended:
            await self._revocations.revoke_session(transaction, session_id)
        return len(ended)


def _cleaned(text: str, limit: int) -> str:
    """Cut a caller's text to what a column holds, without what cannot be seen."""
    return "".join(c if c.isprintable() else " " for c in text[:limit]).strip()


def _hash(cookie: Secret) -> str:
    return sha256(cookie.reveal().encode()).hexdigest()
