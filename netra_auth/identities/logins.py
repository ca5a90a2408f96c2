"""Logging in with a password, and logging out."""

from dataclasses import replace

from netra.errors import CredentialRejected
from netra.secret import Secret
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome, hidden_email
from netra_auth.identities.emails import EmailUnacceptable, normalised_email
from netra_auth.identities.passwords import MAX_LENGTH, PasswordHasher
from netra_auth.identities.second_factor.pending_logins import PendingLogin, PendingLogins
from netra_auth.identities.second_factor.sealed_secrets import SecondFactorUnavailable
from netra_auth.identities.sessions import LiveSession, OpenedSession, Sessions
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import users
from netra_auth.store.repositories.users import UserRow


class LoginRefused(CredentialRejected):
    """Unknown address, wrong password or disabled account: from outside they are one."""

    code = "login_refused"
    public_text = "The e-mail address or the password is wrong."


class Logins:
    """Turns an address and a password into a login session, and ends one."""

    def __init__(
        self,
        database: Database,
        hasher: PasswordHasher,
        sessions: Sessions,
        pending: PendingLogins,
        audit: AuditTrail,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._sessions = sessions
        self._pending = pending
        self._audit = audit

    async def log_in(
        self, email: str, password: Secret, replaced: LiveSession | None, origin: Origin
    ) -> OpenedSession | PendingLogin:
        """Check a password and begin a session; the browser's earlier session ends.

        Where the person has a second factor, no session begins: it is asked for first. The same
        work is done for every address, known or not (checklist 28).

        Raises:
            LoginRefused: The address is unknown, the password wrong or the account disabled.
            SecondFactorUnavailable: The person has a second factor that cannot be checked.
            DatabaseUnavailable: The store cannot be reached.
        """
        try:
            email = normalised_email(email)
        except EmailUnacceptable:
            email = ""
        async with self._database.reading() as connection:
            user = await users.by_email(connection, email)
        is_right = await self._hasher.verify(
            password.reveal()[: MAX_LENGTH + 1], None if user is None else user.password_hash
        )
        if user is None:
            await self._refuse(hidden_email(email), "no such account", origin)
        elif not is_right:
            await self._refuse(user.user_id, "wrong password", origin)
        elif user.disabled_at is not None:
            await self._refuse(user.user_id, "the account is disabled", origin)
        else:
            return await self._proceed(user, password, replaced, origin)
        raise LoginRefused

    async def log_out(self, session: LiveSession, origin: Origin) -> None:
        """End a session and every token that came from it.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        await self.end_session(session.user.user_id, session.session_id, origin)

    async def end_session(self, user_id: str, session_id: str, origin: Origin) -> None:
        """End a person's session by its id, and every token that came from it.

        That it had ended already is recorded and is no error: it is what was asked for.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.transaction() as transaction:
            ended = await self._sessions.end(transaction, session_id)
            act = Act(
                event=AuditEvent.LOGOUT,
                outcome=Outcome.SUCCESS,
                origin=origin,
                actor=user_id,
                subject=session_id,
                reason=None if ended else "it had ended already",
            )
            await self._audit.note(transaction, act)

    async def _proceed(
        self, user: UserRow, password: Secret, replaced: LiveSession | None, origin: Origin
    ) -> OpenedSession | PendingLogin:
        renewed = None
        if self._hasher.is_outdated(user.password_hash):
            renewed = await self._hasher.hash(password.reveal())
        try:
            async with self._database.transaction() as transaction:
                begun, reason = await self._begin(transaction, user, renewed, replaced, origin)
                await self._audit.note(transaction, _begun(user, begun, reason, origin))
        except SecondFactorUnavailable as error:
            await self._refuse(user.user_id, error.reason, origin)
            raise
        if begun is None:
            raise LoginRefused
        return begun

    async def _begin(
        self,
        transaction: Transaction,
        user: UserRow,
        renewed_hash: str | None,
        replaced: LiveSession | None,
        origin: Origin,
    ) -> tuple[OpenedSession | PendingLogin | None, str | None]:
        # The password was checked outside this transaction: a reset or an erasure that came
        # between must win.
        if await users.by_id(transaction.connection, user.user_id) != user:
            return None, "the account changed meanwhile"
        if renewed_hash is not None:
            await users.set_password_hash(transaction.connection, user.user_id, renewed_hash)
            user = replace(user, password_hash=renewed_hash)
        pending = await self._pending.open_if_needed(transaction, user)
        if pending is not None:
            return pending, None
        opened = await self._sessions.open(transaction, user.user_id, origin)
        if replaced is not None:
            await self._sessions.end(transaction, replaced.session_id)
        return opened, None

    async def _refuse(self, subject: str, reason: str, origin: Origin) -> None:
        act = Act(
            event=AuditEvent.LOGIN,
            outcome=Outcome.REFUSED,
            origin=origin,
            subject=subject,
            reason=reason,
        )
        await self._audit.note_alone(act)


def _begun(
    user: UserRow, begun: OpenedSession | PendingLogin | None, reason: str | None, origin: Origin
) -> Act:
    is_pending = isinstance(begun, PendingLogin)
    return Act(
        event=AuditEvent.SECOND_FACTOR_ASKED if is_pending else AuditEvent.LOGIN,
        outcome=Outcome.REFUSED if begun is None else Outcome.SUCCESS,
        origin=origin,
        actor=user.user_id,
        subject=begun.session_id if isinstance(begun, OpenedSession) else user.user_id,
        reason=reason,
    )
