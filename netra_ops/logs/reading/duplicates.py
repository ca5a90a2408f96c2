"""Copies of records: the same id, time and log. Recognised in bounded memory."""

from array import array
from typing import Final

_SMALLEST: Final = 1 << 14
_LARGEST: Final = 1 << 22
_WORD: Final = (1 << 64) - 1


class Duplicates:
    """Knows which records came before, among the last few million.

    What is kept of a record is a hash of 64 bits: of six million records the chance that any two
    are taken for one is about one in a million. At most 64 MiB are used.
    """

    def __init__(self, largest: int = _LARGEST) -> None:
        self._largest = largest
        self._table = array("Q", bytes(8 * min(_SMALLEST, largest)))
        self._former: array[int] | None = None
        self._used = 0

    def seen(self, insert_id: str, time: int | None, log_name: str | None) -> bool:
        """Tell whether a record came before, and remember it."""
        key = hash((insert_id, time, log_name)) & _WORD or 1
        table = self._table
        mask = len(table) - 1
        at = key & mask
        while (found := table[at]) != 0:
            if found == key:
                return True
            at = (at + 1) & mask
        if self._former is not None and _holds(self._former, key):
            return True
        table[at] = key
        self._used += 1
        if 3 * self._used > 2 * len(table):
            self._grow()
        return False

    def _grow(self) -> None:
        if len(self._table) >= self._largest:
            self._former, self._used = self._table, 0
            self._table = array("Q", bytes(8 * self._largest))
            return
        table = array("Q", bytes(16 * len(self._table)))
        mask = len(table) - 1
        for key in self._table:
            if key:
                at = key & mask
                while table[at]:
                    at = (at + 1) & mask
                table[at] = key
        self._table = table


def _holds(table: "array[int]", key: int) -> bool:
    mask = len(table) - 1
    at = key & mask
    while (found := table[at]) != 0:
        if found == key:
            return True
        at = (at + 1) & mask
    return False
