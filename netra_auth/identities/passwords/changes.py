"""A person changes their own password."""

from netra.secret import Secret
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome
from netra_auth.identities.passwords.hashing import PasswordHasher, require_acceptable
from netra_auth.identities.passwords.proof import PasswordProof, PasswordWrong
from netra_auth.identities.sessions import Sessions
from netra_auth.store.engine import Database
from netra_auth.store.repositories import mail_requests, pending_logins, users


class PasswordChanges:
    """Replaces a password against the present one."""

    def __init__(
        self,
        database: Database,
        hasher: PasswordHasher,
        proof: PasswordProof,
        sessions: Sessions,
        audit: AuditTrail,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._proof = proof
        self._sessions = sessions
        self._audit = audit

    async def change(
        self, user_id: str, kept_session: str, current: Secret, new: Secret, origin: Origin
    ) -> int:
        """Set a new password and end every session but one; say how many ended.

        Raises:
            PasswordWrong: The current password is wrong, or was replaced meanwhile.
            PasswordUnacceptable: The new one breaks the rules.
            NotFound: The account is gone.
            DatabaseUnavailable: The store cannot be reached.
        """
        user = await self._proof.require(user_id, current, "change it", origin)
        require_acceptable(new.reveal(), user.email)
        password_hash = await self._hasher.hash(new.reveal())
        ended = 0
        async with self._database.transaction() as transaction:
            is_same = await users.replace_password_hash(
                transaction.connection, user_id, before=user.password_hash, after=password_hash
            )
            if is_same:
                await pending_logins.remove_all_of(transaction.connection, user_id)
                await mail_requests.remove_all_of(transaction.connection, user.email)
                ended = await self._sessions.end_all_of(transaction, user_id, but=kept_session)
            act = Act(
                event=AuditEvent.PASSWORD_CHANGED,
                outcome=Outcome.SUCCESS if is_same else Outcome.REFUSED,
                origin=origin,
                actor=user_id,
                subject=user_id,
                reason=None if is_same else "the password was replaced meanwhile",
            )
            await self._audit.note(transaction, act)
        if not is_same:
            raise PasswordWrong("the password was replaced meanwhile")
        return ended
