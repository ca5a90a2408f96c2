"""People as an administrator sees them: listed, shown, disabled, enabled."""

from netra.clock import Clock
from netra.errors import NotFound
from netra.wire.auth_admin import UserPage, UserRecord
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.identities.emails import EmailUnacceptable, normalised_email
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.sessions import Sessions
from netra_auth.identities.users import USER_ID, roles_of
from netra_auth.store.engine import Database
from netra_auth.store.repositories import pending_logins, second_factors, users
from netra_auth.store.repositories.users import UserRow


class Accounts:
    """Lists people, and opens and closes their accounts."""

    def __init__(
        self,
        database: Database,
        sessions: Sessions,
        revocations: Revocations,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._revocations = revocations
        self._audit = audit
        self._clock = clock

    async def page(self, after: str, limit: int, email: str | None = None) -> UserPage:
        """List people whose ids follow one; with an address only the person it names.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            if email is None:
                rows = await users.page(connection, after, limit + 1)
            else:
                named = await users.by_email(connection, _spelling(email))
                rows = () if named is None else (named,)
            shown = rows[:limit]
            with_second = await second_factors.confirmed_among(
                connection, [row.user_id for row in shown]
            )
        return UserPage(
            items=tuple(record_of(row, row.user_id in with_second) for row in shown),
            next_after=shown[-1].user_id if len(rows) > limit else None,
        )

    async def get(self, user_id: str) -> UserRecord:
        """Show a person.

        Raises:
            NotFound: There is no such person.
            DatabaseUnavailable: The store cannot be reached.
        """
        require_user_id(user_id)
        async with self._database.reading() as connection:
            row = await users.by_id(connection, user_id)
            with_second = await second_factors.confirmed_among(connection, [user_id])
        if row is None:
            raise NotFound("there is no such person")
        return record_of(row, user_id in with_second)

    async def disable(self, user_id: str, actor: str, origin: Origin) -> None:
        """Close an account: sessions, tokens and sockets end, and nobody gets in.

        Doing it again ends what an earlier time may have left.

        Raises:
            NotFound: There is no such person.
            DatabaseUnavailable: The store cannot be reached.
        """
        require_user_id(user_id)
        async with self._database.transaction() as transaction:
            connection = transaction.connection
            was_enabled = await users.disable(connection, user_id, self._clock.timestamp())
            exists = was_enabled or await users.by_id(connection, user_id) is not None
            if exists:
                await pending_logins.remove_all_of(connection, user_id)
                await self._sessions.end_all_of(transaction, user_id)
                await self._revocations.revoke_subject(transaction, user_id)
            act = _act(AuditEvent.USER_DISABLED, user_id, actor, origin, exists, was_enabled)
            await self._audit.note(transaction, act)
        if not exists:
            raise NotFound("there is no such person")

    async def enable(self, user_id: str, actor: str, origin: Origin) -> None:
        """Open a disabled account again; what was ended stays ended.

        Raises:
            NotFound: There is no such person.
            DatabaseUnavailable: The store cannot be reached.
        """
        require_user_id(user_id)
        async with self._database.transaction() as transaction:
            was_disabled = await users.enable(transaction.connection, user_id)
            exists = was_disabled or await users.by_id(transaction.connection, user_id) is not None
            act = _act(AuditEvent.USER_ENABLED, user_id, actor, origin, exists, was_disabled)
            await self._audit.note(transaction, act)
        if not exists:
            raise NotFound("there is no such person")


def record_of(row: UserRow, has_second_factor: bool) -> UserRecord:  # noqa: FBT001 - a field
    """Show what an administrator, or the person, may see of an account."""
    return UserRecord(
        user_id=row.user_id,
        email=row.email,
        roles=roles_of(row),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        has_second_factor=has_second_factor,
    )


def require_user_id(user_id: str) -> None:
    """Refuse what cannot be the id of a person.

    Raises:
        NotFound: It cannot.
    """
    if USER_ID.match(user_id) is None:
        raise NotFound("not the id of a person")


def _spelling(email: str) -> str:
    try:
        return normalised_email(email)
    except EmailUnacceptable:
        return ""


def _act(
    event: AuditEvent,
    user_id: str,
    actor: str,
    origin: Origin,
    exists: bool,  # noqa: FBT001 - both follow from the change
    is_new: bool,  # noqa: FBT001
) -> Act:
    reason = None if is_new else "it was so already" if exists else "no such person"
    return Act(
        event=event,
        outcome=Outcome.SUCCESS if exists else Outcome.REFUSED,
        origin=origin,
        actor=actor,
        subject=user_id,
        reason=reason,
    )
