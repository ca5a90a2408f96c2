"""A login between its two proofs: the password was right, the second factor is still asked for.

It is no session and opens nothing. The cookie is 256 random bits, stored as SHA-256; it lives five
minutes and bears five attempts.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from netra.clock import Clock
from netra.errors import CredentialRejected
from netra.ids import random_token
from netra.secret import Secret
from netra_auth.audit import ANONYMOUS_ACTOR, Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.identities.second_factor.code_check import (
    NO_SECOND_FACTOR,
    Accepted,
    CodeCheck,
    SecondFactorBlocked,
)
from netra_auth.identities.second_factor.sealed_secrets import (
    SealedSecrets,
    SecondFactorUnavailable,
)
from netra_auth.identities.sessions import (
    ONE_TIME_CODE,
    PASSWORD,
    LiveSession,
    OpenedSession,
    Sessions,
)
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import pending_logins, second_factors, users
from netra_auth.store.repositories.pending_logins import PendingLoginRow
from netra_auth.store.repositories.users import UserRow

PENDING_SECONDS: Final = 300
MAX_ATTEMPTS: Final = 5


class SecondFactorRefused(CredentialRejected):
    """The code is wrong, spent or malformed: from outside they are one."""

    code = "second_factor_refused"
    public_text = "The code is wrong, or was used before."


class LoginOver(CredentialRejected):
    """The login took too long, had too many wrong codes, or its account changed meanwhile."""

    code = "login_over"
    public_text = "This login took too long or had too many wrong codes. Log in again."


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A login that waits for the second factor; the cookie's value exists nowhere else."""

    cookie: Secret


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What became of an attempt: a session, or why not and whether another may follow."""

    opened: OpenedSession | None
    user_id: str | None
    reason: str | None
    is_over: bool = False


class PendingLogins:
    """Opens what waits for a second factor, and turns it into a session."""

    def __init__(
        self,
        database: Database,
        secrets: SealedSecrets,
        codes: CodeCheck,
        sessions: Sessions,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._codes = codes
        self._sessions = sessions
        self._audit = audit
        self._clock = clock

    async def open_if_needed(self, transaction: Transaction, user: UserRow) -> PendingLogin | None:
        """Begin to wait if the person has a second factor; None if they have none.

        Raises:
            SecondFactorUnavailable: They have one that cannot be checked.
        """
        connection, now = transaction.connection, self._clock.timestamp()
        stored = await second_factors.of_user(connection, user.user_id)
        if stored is None or stored.confirmed_at is None:
            return None
        self._secrets.opened(stored)
        pending = PendingLogin(Secret(random_token()))
        await pending_logins.remove_expired_of(connection, user.user_id, now)
        row = PendingLoginRow(
            pending_hash=_hash(pending.cookie),
            user_id=user.user_id,
            password_hash=user.password_hash,
            attempts=0,
            expires_at=now + PENDING_SECONDS,
        )
        await pending_logins.add(connection, row)
        return pending

    async def complete(
        self, cookie: Secret, code: str, replaced: LiveSession | None, origin: Origin
    ) -> OpenedSession:
        """Check the second factor and begin a session; the browser's earlier session ends.

        Raises:
            SecondFactorRefused: The code is not good.
            LoginOver: There is nothing to complete any more.
            SecondFactorBlocked: Too many wrong codes in a row, in whichever logins.
            SecondFactorUnavailable: The second factor cannot be checked.
            DatabaseUnavailable: The store cannot be reached.
        """
        try:
            async with self._database.transaction() as transaction:
                attempt = await self._attempt(transaction, cookie, code, replaced, origin)
                await self._audit.note(transaction, _act(attempt, origin))
        except (SecondFactorBlocked, SecondFactorUnavailable) as error:
            await self._audit.note_alone(_act(_Attempt(None, None, error.reason), origin))
            raise
        if attempt.opened is not None:
            return attempt.opened
        reason = attempt.reason or ""
        raise LoginOver(reason) if attempt.is_over else SecondFactorRefused(reason)

    async def _attempt(
        self,
        transaction: Transaction,
        cookie: Secret,
        code: str,
        replaced: LiveSession | None,
        origin: Origin,
    ) -> _Attempt:
        connection = transaction.connection
        pending = await pending_logins.begin_attempt(
            connection, _hash(cookie), limit=MAX_ATTEMPTS, at=self._clock.timestamp()
        )
        if pending is None:
            return _Attempt(None, None, "no login waits for this code", is_over=True)
        user_id = pending.user_id
        user = await users.by_id(connection, user_id)
        if user is None or user.disabled_at or user.password_hash != pending.password_hash:
            await pending_logins.remove(connection, pending.pending_hash)
            return _Attempt(None, user_id, "the account changed meanwhile", is_over=True)
        verdict = await self._codes.judge(transaction, user_id, code)
        is_over = pending.attempts >= MAX_ATTEMPTS or verdict == NO_SECOND_FACTOR
        if is_over or isinstance(verdict, Accepted):
            await pending_logins.remove(connection, pending.pending_hash)
        if not isinstance(verdict, Accepted):
            return _Attempt(None, user_id, verdict.reason, is_over=is_over)
        opened = await self._sessions.open(
            transaction, user_id, origin, methods=(PASSWORD, ONE_TIME_CODE)
        )
        if replaced is not None:
            await self._sessions.end(transaction, replaced.session_id)
        return _Attempt(opened, user_id, f"with {verdict.how}")


def _act(attempt: _Attempt, origin: Origin) -> Act:
    opened = attempt.opened
    return Act(
        event=AuditEvent.LOGIN,
        outcome=Outcome.REFUSED if opened is None else Outcome.SUCCESS,
        origin=origin,
        actor=ANONYMOUS_ACTOR if opened is None else attempt.user_id or ANONYMOUS_ACTOR,
        subject=attempt.user_id if opened is None else opened.session_id,
        reason=attempt.reason,
    )


def _hash(cookie: Secret) -> str:
    return sha256(cookie.reveal().encode()).hexdigest()
