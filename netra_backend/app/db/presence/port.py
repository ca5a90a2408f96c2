"""Processes of one database know of each other: who lives, and whose journals went on."""

from collections.abc import Collection
from typing import Protocol


class Presence(Protocol):
    """Who of the processes that use one database lives.

    Every method raises `DatabaseUnavailable` when the database, or its folder, does not answer.
    """

    async def name(self) -> str:
        """Give the name under which this process holds leases; a new one if the old one is dead."""

    async def dead(self, names: Collection[str]) -> frozenset[str]:
        """Say which of these certainly no longer live."""

    async def listen(self) -> None:
        """Have the watch told of what other processes write, until cancelled."""

    async def release(self) -> None:
        """Be there no longer; whoever holds leases under the name is then dead."""


class JournalWatch(Protocol):
    """Who wants to know that other processes wrote to journals."""

    def watched(self) -> Collection[str]:
        """Name the owners whose journals somebody here wants to know of."""

    def went_on(self, owner_id: str, head: int) -> None:
        """Take note that an owner's journal reaches a `seq`; neither raises nor blocks."""

    def look_again(self) -> None:
        """Take note that something may have been missed; neither raises nor blocks."""
