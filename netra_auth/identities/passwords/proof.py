"""Proving one's password again before something that a stolen session must not be enough for."""

from netra.errors import NotFound, PermissionDenied
from netra.secret import Secret
from netra_auth.audit import Act, AuditEvent, Origin, Outcome
from netra_auth.identities.passwords.hashing import MAX_LENGTH, PasswordHasher
from netra_auth.limits.opening import Limits
from netra_auth.store.engine import Database
from netra_auth.store.repositories import users
from netra_auth.store.repositories.users import UserRow


class PasswordWrong(PermissionDenied):
    """The person is logged in, and the password they gave is not theirs."""

    code = "password_wrong"
    public_text = "The current password is wrong."


class PasswordProof:
    """The one place where a logged-in person's password is checked."""

    def __init__(self, database: Database, hasher: PasswordHasher, limits: Limits) -> None:
        self._database = database
        self._hasher = hasher
        self._limits = limits

    async def require(
        self, user_id: str, password: Secret, purpose: str, origin: Origin
    ) -> UserRow:
        """Give the person as stored, once the password is theirs.

        Raises:
            PasswordWrong: It is not.
            TooManyRequests: Too many were not, here or at log-in, whatever this one is.
            NotFound: The account is gone.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            user = await users.by_id(connection, user_id)
        if user is None:
            raise NotFound("the account is gone")
        attempt = await self._limits.attempts.password(user.email, user_id, None, origin)
        if await self._hasher.verify(password.reveal()[: MAX_LENGTH + 1], user.password_hash):
            await attempt.succeeded()
            return user
        act = Act(
            event=AuditEvent.PASSWORD_PROOF,
            outcome=Outcome.REFUSED,
            origin=origin,
            actor=user_id,
            subject=user_id,
            reason=f"wrong password, to {purpose}",
        )
        await attempt.failed(act)
        raise PasswordWrong(f"wrong password, to {purpose}")
