"""Browsers people logged in with before: each has a budget of its own, as OWASP's device cookies.

The cookie is 256 random bits, stored as SHA-256 and bound to the accounts it was used for. It opens
nothing: it only keeps other people's failures from counting against this browser. Each login
replaces its value, and a new password forgets it.
"""

from hashlib import sha256
from typing import Final

from netra.clock import Clock
from netra.ids import random_token
from netra.secret import Secret
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import known_devices

DEVICE_SECONDS: Final = 365 * 24 * 3600
MOST_DEVICES: Final = 20


class KnownDevices:
    """Remembers browsers, recognises them, and forgets them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def is_of(self, device: Secret | None, user_id: str | None) -> bool:
        """Tell whether a person logged in with this browser within the last year.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        if device is None:
            return False
        async with self._database.reading() as connection:
            return await known_devices.is_of(
                connection, device_hash(device), user_id or "", self._since()
            )

    async def is_anyones(self, device: Secret) -> bool:
        """Tell whether anybody logged in with this browser within the last year.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            return await known_devices.is_anyones(connection, device_hash(device), self._since())

    async def remember(
        self, transaction: Transaction, user_id: str, device: Secret | None
    ) -> Secret:
        """Remember the browser of a login; give the value its cookie has from now on.

        The new value stands for everybody the old one stood for, and the old one for nobody: one
        that was copied, or put into the browser by somebody else, is worth nothing afterwards.
        """
        renewed = Secret(random_token())
        connection = transaction.connection
        if device is not None:
            await known_devices.rename(connection, device_hash(device), device_hash(renewed))
        await known_devices.note(connection, device_hash(renewed), user_id, self._clock.timestamp())
        await known_devices.keep_newest(connection, user_id, MOST_DEVICES)
        return renewed

    async def forget_all_of(self, transaction: Transaction, user_id: str) -> None:
        """Forget every browser of a person: their password changed."""
        await known_devices.remove_of(transaction.connection, user_id)

    def _since(self) -> float:
        return self._clock.timestamp() - DEVICE_SECONDS


def device_hash(device: Secret) -> str:
    """Give the SHA-256 under which a browser is stored and counted."""
    return sha256(device.reveal().encode("utf-8", "surrogatepass")).hexdigest()
