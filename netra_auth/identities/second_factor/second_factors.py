"""A person's second factor: set up, confirmed, given new recovery codes, taken away."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import IntegrityError

from netra.clock import Clock
from netra.errors import Conflict, NotFound, PermissionDenied
from netra.secret import Secret
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.identities.passwords.proof import PasswordProof
from netra_auth.identities.second_factor import recovery_codes as written_codes
from netra_auth.identities.second_factor.code_check import (
    Accepted,
    CodeCheck,
    SecondFactorBlocked,
)
from netra_auth.identities.second_factor.sealed_secrets import (
    SealedSecrets,
    SecondFactorNotOffered,
    SecondFactorUnavailable,
)
from netra_auth.identities.second_factor.totp import (
    as_code,
    matching_step,
    new_secret,
    provisioning_uri,
)
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import pending_logins, recovery_codes, second_factors, users
from netra_auth.store.repositories.second_factors import SecondFactorRow

ENROLMENT_SECONDS: Final = 600
"""How long a set-up may wait for its first code."""


class CodeWrong(PermissionDenied):
    """The person is logged in, and the code they gave is not good."""

    code = "code_wrong"
    public_text = "The code is wrong, or was used before."


class SecondFactorExists(Conflict):
    """The person has a second factor already."""

    code = "second_factor_exists"
    public_text = "You have a second factor already. Turn it off before you set up another."


class EnrolmentOver(Conflict):
    """No set-up waits for this code: it took too long, was begun anew, or is done."""

    code = "enrolment_over"
    public_text = "This set-up is over. Begin again."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app must be told; shown while it is being set up and never again."""

    secret: Secret
    uri: Secret


@dataclass(frozen=True, slots=True)
class SecondFactorState:
    """Whether a person has a second factor, and how many recovery codes are left."""

    is_confirmed: bool
    codes_left: int


class SecondFactors:
    """Everything that makes, changes or removes a second factor."""

    def __init__(
        self,
        database: Database,
        secrets: SealedSecrets,
        codes: CodeCheck,
        proof: PasswordProof,
        audit: AuditTrail,
        clock: Clock,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._codes = codes
        self._proof = proof
        self._audit = audit
        self._clock = clock

    @property
    def is_offered(self) -> bool:
        """Tell whether people can set one up here."""
        return self._secrets.is_offered

    async def state(self, user_id: str) -> SecondFactorState:
        """Say what a person has.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            row = await second_factors.of_user(connection, user_id)
            left = await recovery_codes.unused(connection, user_id)
        return SecondFactorState(row is not None and row.confirmed_at is not None, left)

    async def begin(self, user_id: str, password: Secret, origin: Origin) -> Enrolment:
        """Make a secret for a person's authenticator; it counts for nothing until confirmed.

        Raises:
            SecondFactorNotOffered: There is no key to keep it with.
            PasswordWrong: The password is not the person's.
            SecondFactorExists: They have a second factor, or two pages began at once.
            DatabaseUnavailable: The store cannot be reached.
        """
        if not self.is_offered:
            event = AuditEvent.SECOND_FACTOR_BEGUN
            await self._note_refusal(event, user_id, origin, "it is not offered")
            raise SecondFactorNotOffered
        user = await self._proof.require(user_id, password, "set up a second factor", origin)
        secret = new_secret()
        row = SecondFactorRow(
            user_id=user_id,
            sealed_secret=self._secrets.sealed(secret, user_id),
            created_at=self._clock.timestamp(),
        )
        try:
            async with self._database.transaction() as transaction:
                await second_factors.remove_unconfirmed(transaction.connection, user_id)
                await second_factors.add(transaction.connection, row)
                act = _act(AuditEvent.SECOND_FACTOR_BEGUN, user_id, user_id, origin)
                await self._audit.note(transaction, act)
        except IntegrityError:
            event = AuditEvent.SECOND_FACTOR_BEGUN
            await self._note_refusal(event, user_id, origin, "there is one")
            raise SecondFactorExists from None
        return Enrolment(secret, provisioning_uri(secret, user.email))

    async def under_way(
        self, user_id: str, email: str, unverified_secret: Secret
    ) -> Enrolment | None:
        """Give the set-up whose secret the page still holds, to be shown again by that page only.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            row = await second_factors.of_user(connection, user_id)
        if row is None or not self._is_of(row, unverified_secret):
            return None
        return Enrolment(unverified_secret, provisioning_uri(unverified_secret, email))

    async def confirm(
        self, user_id: str, unverified_secret: Secret, text: str, origin: Origin
    ) -> tuple[Secret, ...]:
        """Take the first code of a new authenticator; give the recovery codes, this once.

        Raises:
            EnrolmentOver: No set-up of this secret waits for a code.
            CodeWrong: The code is not the authenticator's.
            DatabaseUnavailable: The store cannot be reached.
        """
        made = written_codes.new_codes()
        async with self._database.transaction() as transaction:
            row = await second_factors.of_user(transaction.connection, user_id)
            is_waiting = row is not None and self._is_of(row, unverified_secret)
            is_done = (
                row is not None
                and is_waiting
                and await self._confirmed(transaction, row, unverified_secret, text)
            )
            if is_done:
                await _keep(transaction, user_id, made)
            reason = None if is_done else "wrong code" if is_waiting else "no set-up waits for it"
            act = _act(
                AuditEvent.SECOND_FACTOR_ENABLED,
                user_id,
                user_id,
                origin,
                reason,
                is_refused=not is_done,
            )
            await self._audit.note(transaction, act)
        if is_done:
            return made
        raise CodeWrong if is_waiting else EnrolmentOver

    async def renew_codes(
        self, user_id: str, password: Secret, text: str, origin: Origin
    ) -> tuple[Secret, ...]:
        """Make new recovery codes in the place of the old; give them, this once.

        Raises:
            PasswordWrong: The password is not the person's.
            CodeWrong: The code is not good, or they have no second factor.
            SecondFactorBlocked: Too many wrong codes in a row.
            DatabaseUnavailable: The store cannot be reached.
        """
        made = written_codes.new_codes()
        await self._proof.require(user_id, password, "renew recovery codes", origin)

        async def keep(transaction: Transaction) -> None:
            await _keep(transaction, user_id, made)

        await self._against_code(AuditEvent.RECOVERY_CODES_RENEWED, user_id, text, keep, origin)
        return made

    async def remove(self, user_id: str, password: Secret, text: str, origin: Origin) -> None:
        """Take a person's second factor away, against password and code.

        Raises:
            PasswordWrong: The password is not the person's.
            CodeWrong: The code is not good, or they have no second factor.
            SecondFactorBlocked: Too many wrong codes in a row.
            DatabaseUnavailable: The store cannot be reached.
        """
        await self._proof.require(user_id, password, "turn the second factor off", origin)

        async def erase(transaction: Transaction) -> None:
            await _erase(transaction, user_id)

        await self._against_code(AuditEvent.SECOND_FACTOR_REMOVED, user_id, text, erase, origin)

    async def remove_by_admin(self, user_id: str, actor: str, origin: Origin) -> None:
        """Take the second factor of a person who lost it, with all recovery codes.

        Raises:
            NotFound: There is no such person, or they have none.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.transaction() as transaction:
            known = await users.by_id(transaction.connection, user_id)
            existed = known is not None and await _erase(transaction, user_id)
            reason = None if existed else "there is no second factor"
            act = _act(
                AuditEvent.SECOND_FACTOR_REMOVED,
                actor,
                user_id,
                origin,
                reason,
                is_refused=not existed,
            )
            await self._audit.note(transaction, act)
        if not existed:
            raise NotFound("there is no such person, or they have no second factor")

    async def _against_code(
        self,
        event: AuditEvent,
        user_id: str,
        text: str,
        change: Callable[[Transaction], Awaitable[None]],
        origin: Origin,
    ) -> None:
        """Judge a code, and change something in the same transaction if it is good."""
        try:
            async with self._database.transaction() as transaction:
                verdict = await self._codes.judge(transaction, user_id, text)
                is_good = isinstance(verdict, Accepted)
                if is_good:
                    await change(transaction)
                reason = verdict.how if isinstance(verdict, Accepted) else verdict.reason
                act = _act(event, user_id, user_id, origin, reason, is_refused=not is_good)
                await self._audit.note(transaction, act)
        except (SecondFactorBlocked, SecondFactorUnavailable) as error:
            await self._note_refusal(event, user_id, origin, error.reason)
            raise
        if not is_good:
            raise CodeWrong(reason)

    async def _confirmed(
        self, transaction: Transaction, row: SecondFactorRow, secret: Secret, text: str
    ) -> bool:
        now = self._clock.timestamp()
        code = as_code(text)
        step = None if code is None else matching_step(secret, code, now)
        return step is not None and await second_factors.confirm(
            transaction.connection, row, step=step, at=now
        )

    def _is_of(self, row: SecondFactorRow, unverified_secret: Secret) -> bool:
        """Tell whether a set-up is under way, and for this very secret."""
        is_waiting = (
            row.confirmed_at is None
            and self._clock.timestamp() < row.created_at + ENROLMENT_SECONDS
        )
        return is_waiting and self._secrets.opened(row) == unverified_secret

    async def _note_refusal(
        self, event: AuditEvent, user_id: str, origin: Origin, reason: str
    ) -> None:
        act = _act(event, user_id, user_id, origin, reason, is_refused=True)
        await self._audit.note_alone(act)


async def _keep(transaction: Transaction, user_id: str, codes: tuple[Secret, ...]) -> None:
    hashes = (written_codes.hash_of(user_id, code.reveal()) for code in codes)
    await recovery_codes.replace_all(
        transaction.connection, user_id, [code_hash for code_hash in hashes if code_hash]
    )


async def _erase(transaction: Transaction, user_id: str) -> bool:
    connection = transaction.connection
    await recovery_codes.remove_all(connection, user_id)
    await pending_logins.remove_all_of(connection, user_id)
    return await second_factors.remove(connection, user_id)


def _act(
    event: AuditEvent,
    actor: str,
    user_id: str,
    origin: Origin,
    reason: str | None = None,
    *,
    is_refused: bool = False,
) -> Act:
    return Act(
        event=event,
        outcome=Outcome.REFUSED if is_refused else Outcome.SUCCESS,
        origin=origin,
        actor=actor,
        subject=user_id,
        reason=reason,
    )
