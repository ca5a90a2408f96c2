"""People: registered, looked up, given a new password, erased."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

from sqlalchemy.exc import IntegrityError

from netra.clock import Clock
from netra.errors import Conflict, NotFound, PermissionDenied
from netra.ids import row_id
from netra.principal import Role
from netra.secret import Secret
from netra.wire.auth_api import SubjectStanding, UserView
from netra_auth.audit import (
    ANONYMOUS_ACTOR,
    Act,
    AuditEvent,
    AuditTrail,
    Origin,
    Outcome,
    hidden_email,
)
from netra_auth.identities.emails import normalised_email
from netra_auth.identities.passwords import PasswordHasher, require_acceptable
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.sessions import Sessions
from netra_auth.limits.opening import Limits
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import mail_requests, pending_logins, users
from netra_auth.store.repositories.users import UserRow

USER_ID: Final = re.compile(r"usr_[0-9a-z]{26}\Z")
"""What the id of a person looks like; nothing else is looked up."""


Proof: TypeAlias = Callable[[Transaction], Awaitable[None]]
"""Uses up what proves that a mailbox is somebody's, as the first step of what it is good for.

What it raises undoes everything.
"""


class EmailTaken(Conflict):
    """The address names an account already."""

    code = "email_taken"
    public_text = "This e-mail address is taken."


class RegistrationClosed(PermissionDenied):
    """People cannot register themselves here."""

    code = "registration_closed"
    public_text = "Registration is closed here. Ask an operator for an account."


class RegistrationByMail(PermissionDenied):
    """People register themselves here by a mail that proves their address, and not otherwise."""

    code = "registration_by_mail"
    public_text = "Registration goes by mail here. Begin at /register."


@dataclass(frozen=True, slots=True)
class Registrant:
    """Who is to be registered, and by whom."""

    email: str
    password: Secret
    role: Role | None = None
    actor: str = ANONYMOUS_ACTOR


class Users:
    """Everything that makes, changes or erases a person's account."""

    def __init__(
        self,
        database: Database,
        hasher: PasswordHasher,
        sessions: Sessions,
        revocations: Revocations,
        limits: Limits,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._sessions = sessions
        self._revocations = revocations
        self._limits = limits
        self._audit = audit
        self._clock = clock

    async def register(
        self, registrant: Registrant, origin: Origin, proof: Proof | None = None
    ) -> UserRow:
        """Make an account.

        Args:
            registrant: Whose.
            origin: The request.
            proof: That the address is theirs, where it came by mail.

        Raises:
            EmailUnacceptable: The address cannot name an account.
            PasswordUnacceptable: The password breaks the rules.
            EmailTaken: The address names an account already.
            DatabaseUnavailable: The store cannot be reached.
        """
        email = normalised_email(registrant.email)
        require_acceptable(registrant.password.reveal(), email)
        row = UserRow(
            user_id=row_id("usr"),
            email=email,
            password_hash=await self._hasher.hash(registrant.password.reveal()),
            roles="" if registrant.role is None else registrant.role.value,
            created_at=self._clock.timestamp(),
        )
        act = Act(
            event=AuditEvent.USER_REGISTERED,
            outcome=Outcome.SUCCESS,
            origin=origin,
            actor=registrant.actor,
            subject=row.user_id,
            reason=f"with role {row.roles}" if row.roles else _means(proof),
        )
        try:
            async with self._database.transaction() as transaction:
                if proof is not None:
                    await proof(transaction)
                await users.add(transaction.connection, row)
                await self._audit.note(transaction, act)
        except IntegrityError:
            await self._audit.note_alone(_refused(registrant.actor, email, "taken", origin))
            raise EmailTaken from None
        return row

    async def refuse_registration(self, origin: Origin, *, by_mail: bool) -> NoReturn:
        """Record and refuse a registration where people may not register themselves like this.

        Raises:
            RegistrationByMail: They may by mail.
            RegistrationClosed: They may not.
        """
        act = Act(
            event=AuditEvent.USER_REGISTERED,
            outcome=Outcome.REFUSED,
            origin=origin,
            reason="self-registration goes by mail" if by_mail else "self-registration is closed",
        )
        await self._audit.note_alone(act)
        raise RegistrationByMail if by_mail else RegistrationClosed

    async def reset_password(
        self,
        email: str,
        password: Secret,
        actor: str,
        origin: Origin,
        proof: Proof | None = None,
    ) -> None:
        """Set a new password, end the person's sessions and forget their browsers and failures.

        Links that were mailed to them before are worth nothing any more. Whoever is disabled stays
        so, and nobody is logged in.

        Args:
            email: The account's address.
            password: The new password.
            actor: Who sets it.
            origin: The request.
            proof: That the address is theirs, where it came by mail.

        Raises:
            NotFound: The address names no account.
            EmailUnacceptable: It could not name one.
            PasswordUnacceptable: The password breaks the rules.
            DatabaseUnavailable: The store cannot be reached.
        """
        email = normalised_email(email)
        require_acceptable(password.reveal(), email)
        password_hash = await self._hasher.hash(password.reveal())
        async with self._database.transaction() as transaction:
            if proof is not None:
                await proof(transaction)
            row = await users.by_email(transaction.connection, email)
            if row is not None:
                await mail_requests.remove_all_of(transaction.connection, email)
                await users.set_password_hash(transaction.connection, row.user_id, password_hash)
                await pending_logins.remove_all_of(transaction.connection, row.user_id)
                await self._sessions.end_all_of(transaction, row.user_id)
                await self._limits.devices.forget_all_of(transaction, row.user_id)
                await self._limits.attempts.forgive(transaction, email)
            act = Act(
                event=AuditEvent.PASSWORD_RESET,
                outcome=Outcome.REFUSED if row is None else Outcome.SUCCESS,
                origin=origin,
                actor=actor,
                subject=hidden_email(email) if row is None else row.user_id,
                reason="no such account" if row is None else _means(proof),
            )
            await self._audit.note(transaction, act)
        if row is None:
            raise NotFound("no account has this address")

    async def erase(self, user_id: str, actor: str, origin: Origin) -> None:
        """Erase a person with all sessions and refresh tokens, and end their access tokens.

        Raises:
            NotFound: There is no such person.
            DatabaseUnavailable: The store cannot be reached.
        """
        if USER_ID.match(user_id) is None:
            raise NotFound("not the id of a person")
        async with self._database.transaction() as transaction:
            await mail_requests.remove_all_of_user(transaction.connection, user_id)
            existed = await users.remove(transaction.connection, user_id)
            if existed:
                await self._revocations.revoke_subject(transaction, user_id)
            act = Act(
                event=AuditEvent.USER_ERASED,
                outcome=Outcome.SUCCESS if existed else Outcome.REFUSED,
                origin=origin,
                actor=actor,
                subject=user_id,
                reason=None if existed else "no such person",
            )
            await self._audit.note(transaction, act)
        if not existed:
            raise NotFound("there is no such person")

    async def standing(self, user_id: str) -> SubjectStanding:
        """Say whether a person is there and may act, as of the latest commit.

        Raises:
            DatabaseUnavailable: The store cannot be reached; nobody is called gone for that.
        """
        if USER_ID.match(user_id) is None:
            return SubjectStanding.GONE
        async with self._database.reading() as connection:
            row = await users.by_id(connection, user_id)
        if row is None:
            return SubjectStanding.GONE
        return SubjectStanding.ACTIVE if row.disabled_at is None else SubjectStanding.DISABLED


def view_of(row: UserRow) -> UserView:
    """Show what an answer may say of a person."""
    return UserView(
        user_id=row.user_id, email=row.email, roles=roles_of(row), created_at=row.created_at
    )


def roles_of(row: UserRow) -> tuple[Role, ...]:
    """Read the roles of a stored person; an unknown one grants nothing and is left out."""
    known = {role.value: role for role in Role}
    return tuple(known[name] for name in row.roles.split() if name in known)


def _means(proof: Proof | None) -> str | None:
    return None if proof is None else "by a link in a mail"


def _refused(actor: str, email: str, reason: str, origin: Origin) -> Act:
    return Act(
        event=AuditEvent.USER_REGISTERED,
        outcome=Outcome.REFUSED,
        origin=origin,
        actor=actor,
        subject=hidden_email(email),
        reason=reason,
    )
