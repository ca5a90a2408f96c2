"""One write transaction as those who write see it: its connection, its last steps, what follows it.

Opening, committing and rolling back belong to `netra_auth.store.engine`.
"""

from collections.abc import Awaitable, Callable, Sequence
from enum import IntEnum
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from netra.errors import DatabaseBusy


class StoreContended(DatabaseBusy):
    """The store gave a transaction up for another's sake; done again, it can succeed."""


class LastStep(IntEnum):
    """What is done right before a commit, in this order in every transaction.

    Each step takes the lock of a row that all writers of its kind need. Taken last, it is held
    for the shortest time; taken in one order, no two transactions can wait for each other.
    """

    SECRET_USES = 1
    REVOCATIONS = 2
    AUDIT = 3


Item = TypeVar("Item")
Step: TypeAlias = "Callable[[Transaction, Sequence[Any]], Awaitable[None]]"


class Transaction:
    """One open write transaction; what must only happen if it commits is handed to it.

    Attributes:
        connection: Where its statements go.
        last_steps: What `finish` will do, with the items handed over for each step.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.last_steps: dict[tuple[LastStep, Step], list[Any]] = {}
        self._after_commit: list[Callable[[], None]] = []

    def before_commit(
        self,
        place: LastStep,
        step: Callable[["Transaction", Sequence[Item]], Awaitable[None]],
        item: Item,
    ) -> None:
        """Have a step done right before the commit, once, with all items handed over for it."""
        self.last_steps.setdefault((place, step), []).append(item)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run an action once the transaction is committed, and never if it is not."""
        self._after_commit.append(action)

    def take_in(self, part: "Transaction") -> None:
        """Take over the last steps of a part of this transaction."""
        for key, items in part.last_steps.items():
            self.last_steps.setdefault(key, []).extend(items)

    async def finish(self) -> None:
        """Do the last steps, in their order."""
        for (_, step), items in sorted(self.last_steps.items(), key=_place_of):
            await step(self, items)

    def announce(self) -> None:
        """Run what follows the commit, in the order in which it was handed over."""
        for action in self._after_commit:
            action()


def _place_of(entry: tuple[tuple[LastStep, Step], list[Any]]) -> LastStep:
    return entry[0][0]
