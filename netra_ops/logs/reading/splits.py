"""Long entries that came in parts, joined when the last part is there."""

from typing import Final

from netra_ops.logs.entries import Entry
from netra_ops.logs.entries.texts import fold_message, read_rest
from netra_ops.logs.reading.account import SourceAccount

_MOST_OPEN: Final = 1_000
_MOST_CHARACTERS: Final = 1 << 24
_MOST_TEXT: Final = 1 << 16


class Splits:
    """Holds parts until all of an entry are there; at most a thousand entries and 16 M characters.

    Args:
        account: Is told of parts that were joined, and of entries that stayed incomplete.
    """

    def __init__(self, account: SourceAccount) -> None:
        self._account = account
        self._open: dict[str, dict[int, Entry]] = {}
        self._characters = 0

    def take(self, part: Entry) -> list[Entry]:
        """Take a part; gives the whole entry with the last one, or what there is no room for."""
        if part.split is None:
            return [part]
        parts = self._open.setdefault(part.split.uid, {})
        if part.split.index in parts:
            return [part]
        parts[part.split.index] = part
        self._characters += len(part.message)
        if len(parts) >= part.split.total:
            return [self._join(part.split.uid)]
        given: list[Entry] = []
        while len(self._open) > _MOST_OPEN or self._characters > _MOST_CHARACTERS:
            given += self._give_up(next(iter(self._open)))
        return given

    def rest(self) -> list[Entry]:
        """Give the parts of those entries that are not complete."""
        return [part for uid in tuple(self._open) for part in self._give_up(uid)]

    def _join(self, uid: str) -> Entry:
        parts = self._open.pop(uid)
        ordered = [parts[index] for index in sorted(parts)]
        self._characters -= sum(len(part.message) for part in ordered)
        whole = ordered[0]
        whole.message = "".join(part.message for part in ordered)[:_MOST_TEXT]
        whole.others = tuple(part.number for part in ordered[1:])
        whole.split = None
        self._account.folded += len(ordered) - 1
        fold_message(whole)
        read_rest(whole)
        return whole

    def _give_up(self, uid: str) -> list[Entry]:
        parts = list(self._open.pop(uid).values())
        self._characters -= sum(len(part.message) for part in parts)
        self._account.incomplete_splits += 1
        return parts
