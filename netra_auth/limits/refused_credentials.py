"""Credentials of programs that were refused: each is verified first, and counted only when wrong.

So a right one is never refused for what others did. They are too long to be guessed; what is
limited is what a flood of wrong ones costs, and how much of the audit record it fills.
"""

from netra.errors import TooManyRequests
from netra_auth.audit import Act
from netra_auth.limits import table
from netra_auth.limits.failures import Failures
from netra_auth.limits.keys import counted, network_of
from netra_auth.store.engine import Transaction


class RefusedCredentials:
    """Records what was refused, and says when it is too much."""

    def __init__(self, failures: Failures) -> None:
        self._failures = failures

    async def client(self, act: Act) -> None:
        """Record that a client did not prove itself; known and unknown ids are counted alike.

        Raises:
            TooManyRequests: It is one too many, from this address or for this id from it.
            DatabaseUnavailable: The store cannot be reached.
        """
        place = network_of(act.origin.address)
        whom = [
            counted(table.CLIENT_ADDRESS, place),
            counted(table.CLIENT_AT_ADDRESS, act.client_id or "", place),
        ]
        await self._failures.record_alone(whom, act)

    async def grant(self, transaction: Transaction, act: Act) -> TooManyRequests | None:
        """Record that a code or refresh token was refused; give the error if it is one too many."""
        whom = [counted(table.GRANT_ADDRESS, network_of(act.origin.address))]
        return await self._failures.record(transaction, whom, act)
