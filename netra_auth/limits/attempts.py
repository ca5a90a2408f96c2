"""A person's attempts to prove who they are, from an unknown browser or one they used before.

Whoever is limited is told so before anything is looked at, the right password and the wrong one
alike, for addresses that have an account and those that have none.
"""

from collections.abc import Sequence

from netra.secret import Secret
from netra_auth.audit import Act, Origin, hidden_email
from netra_auth.limits import table
from netra_auth.limits.failures import Failures
from netra_auth.limits.keys import Counted, counted, network_of
from netra_auth.limits.known_devices import KnownDevices, device_hash
from netra_auth.limits.refusals import Caller
from netra_auth.store.engine import Transaction


class Attempt:
    """One attempt that may be made. Say how it went, and believe what is raised."""

    def __init__(
        self,
        failures: Failures,
        whom: Sequence[Counted],
        caller: Caller,
        forgotten: Sequence[Counted] = (),
    ) -> None:
        self._failures = failures
        self._whom = whom
        self._caller = caller
        self._forgotten = forgotten

    async def failed(self, act: Act) -> None:
        """Count it and record it, before the person is told.

        Raises:
            TooManyRequests: It is one too many: the person is told that instead.
            DatabaseUnavailable: The store cannot be reached.
        """
        await self._failures.record_alone(self._whom, act)

    async def succeeded(self) -> None:
        """Make sure that it may still count as a success.

        Of many attempts at the same moment one may have reached the limit meanwhile: then a right
        answer is worth no more than a wrong one. Failures here are forgotten; those elsewhere stay.

        Raises:
            TooManyRequests: A limit was reached.
            DatabaseUnavailable: The store cannot be reached.
        """
        await self._failures.refuse_if_reached(self._whom, self._caller)
        await self._failures.forget_alone(self._forgotten)


class Attempts:
    """Lets people try, within the limits."""

    def __init__(self, failures: Failures, devices: KnownDevices) -> None:
        self._failures = failures
        self._devices = devices

    async def password(
        self, account: str, user_id: str | None, device: Secret | None, origin: Origin
    ) -> Attempt:
        """Begin an attempt with a password.

        Args:
            account: The e-mail address, normalised where it can be.
            user_id: Whose it is, if anybody's: nothing but the browser's own budget depends on it.
            device: The browser's cookie, if it has one.
            origin: The request.

        Raises:
            TooManyRequests: One of the limits is reached.
            DatabaseUnavailable: The store cannot be reached.
        """
        if device is not None and await self._devices.is_of(device, user_id):
            limits = (table.LOGIN_DEVICE, table.LOGIN_DEVICE_DAY)
            whom = [counted(limit, device_hash(device), user_id or "") for limit in limits]
            here = whom[:1]
        else:
            place = network_of(origin.address)
            here = [counted(table.LOGIN_ACCOUNT_AT_ADDRESS, account, place)]
            whom = [counted(table.LOGIN_ADDRESS, place), *here, *_of_account(account)]
        subject = user_id or hidden_email(account)
        return await self._begun(whom, Caller(origin=origin, subject=subject), here)

    async def registration(self, origin: Origin) -> None:
        """Count a registration, whatever becomes of it.

        Raises:
            TooManyRequests: It is one too many from this address.
            DatabaseUnavailable: The store cannot be reached.
        """
        whom = [counted(table.REGISTRATION, network_of(origin.address))]
        await self._failures.count_alone(whom, Caller(origin=origin))

    async def forgive(self, transaction: Transaction, account: str) -> None:
        """Begin anew for an account, at every address that was not limited by itself."""
        await self._failures.forget(transaction, _of_account(account))

    async def _begun(
        self, whom: Sequence[Counted], caller: Caller, forgotten: Sequence[Counted] = ()
    ) -> Attempt:
        await self._failures.refuse_if_reached(whom, caller)
        return Attempt(self._failures, whom, caller, forgotten)


def _of_account(account: str) -> list[Counted]:
    return [
        counted(table.LOGIN_ACCOUNT_HOUR, account),
        counted(table.LOGIN_ACCOUNT_DAY, account),
    ]
