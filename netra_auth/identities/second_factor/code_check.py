"""Judging a code somebody typed: from the authenticator, or a recovery code.

Wrong codes are bounded per person whatever else bounds them: after five in a row each further one
doubles the wait, up to an hour. A right one clears the count.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from netra.clock import Clock
from netra.errors import TooManyRequests
from netra_auth.identities.second_factor import recovery_codes as written_codes
from netra_auth.identities.second_factor.sealed_secrets import SealedSecrets
from netra_auth.identities.second_factor.totp import as_code, matching_step
from netra_auth.store.engine import Transaction
from netra_auth.store.repositories import recovery_codes, second_factors
from netra_auth.store.repositories.second_factors import SecondFactorRow

FREE_FAILURES: Final = 5
FIRST_WAIT_SECONDS: Final = 30
LONGEST_WAIT_SECONDS: Final = 3600


class SecondFactorBlocked(TooManyRequests):
    """Too many wrong codes in a row; none is looked at before `retry_after` has passed."""

    code = "second_factor_blocked"
    public_text = "There were too many wrong codes. Wait a little, then try again."


@dataclass(frozen=True, slots=True)
class Accepted:
    """The code is good, and is used up."""

    how: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not; `reason` is for the audit record."""

    reason: str


Verdict: TypeAlias = Accepted | Refused

NO_SECOND_FACTOR: Final = Refused("there is no second factor")


class CodeCheck:
    """Judges codes within the caller's transaction, which must be committed either way."""

    def __init__(self, secrets: SealedSecrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock

    async def judge(self, transaction: Transaction, user_id: str, text: str) -> Verdict:
        """Judge a code; a good one never works again.

        Raises:
            SecondFactorBlocked: None is looked at now.
            SecondFactorUnavailable: The stored secret cannot be opened.
        """
        connection, now = transaction.connection, self._clock.timestamp()
        row = await second_factors.begin_attempt(connection, user_id, now)
        if row is None:
            stored = await second_factors.of_user(connection, user_id)
            if stored is None or stored.confirmed_at is None:
                return NO_SECOND_FACTOR
            raise SecondFactorBlocked(retry_after=max(1, round(stored.blocked_until - now)))
        secret = self._secrets.opened(row)
        code = as_code(text)
        if code is None:
            return await self._recovery_code(transaction, row, text)
        step = matching_step(secret, code, now)
        if step is not None and step > row.last_step:
            await second_factors.settle_attempt(connection, user_id, step)
            return Accepted("a code of the authenticator")
        reason = "wrong code" if step is None else "the code was used before"
        return await self._refused(transaction, row, reason)

    async def _recovery_code(
        self, transaction: Transaction, row: SecondFactorRow, text: str
    ) -> Verdict:
        code_hash = written_codes.hash_of(row.user_id, text)
        now = self._clock.timestamp()
        if code_hash is not None and await recovery_codes.use(
            transaction.connection, row.user_id, code_hash, now
        ):
            await second_factors.settle_attempt(transaction.connection, row.user_id, row.last_step)
            return Accepted("a recovery code")
        return await self._refused(transaction, row, "wrong or used recovery code")

    async def _refused(
        self, transaction: Transaction, row: SecondFactorRow, reason: str
    ) -> Refused:
        over = row.failures - FREE_FAILURES
        if over >= 0:
            # Beyond ten doublings it is the longest wait in any case.
            wait = min(FIRST_WAIT_SECONDS * 2 ** min(over, 10), LONGEST_WAIT_SECONDS)
            until = self._clock.timestamp() + wait
            await second_factors.block(transaction.connection, row.user_id, until)
        return Refused(reason)
