"""Following the hash chain of the audit record. Pure.

How a row is linked to the one before it is in `netra.wire.audit_chain`. What the chain alone cannot
show, rows cut off at its end, shows against its head or against any later number and hash that
somebody kept, such as a line of the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from netra.wire.audit_chain import GENESIS_HASH, LINKED_MEMBERS, chain_hash
from netra_auth.store.repositories.audit_records import AuditRow


@dataclass(frozen=True, slots=True)
class Anchor:
    """A number of the chain and the hash of its row."""

    seq: int
    chain_hash: str


START: Final = Anchor(0, GENESIS_HASH)


def content_of(row: AuditRow) -> dict[str, object]:
    """Give what of a row is hashed."""
    members: dict[str, object] = {name: getattr(row, name) for name in LINKED_MEMBERS}
    return {**members, "recorded_at": float(row.recorded_at)}


class ChainWalk:
    """Follows the chain row by row from its beginning, and remembers where it first broke."""

    def __init__(self, anchor: Anchor | None = None) -> None:
        self._anchor = anchor
        self.at = START
        self.rows = 0
        self.broken_at: int | None = None
        self.says = ""

    def follow(self, rows: Iterable[AuditRow]) -> None:
        """Follow the next rows, in the order of their numbers."""
        for row in rows:
            self.rows += 1
            self._step(row)

    def end(self, head: Anchor) -> None:
        """Compare the end with the head, and with the anchor if it was not passed."""
        if self.broken_at is not None:
            return
        if self.at.seq < head.seq:
            self._break(self.at.seq + 1, "the rows up to the head are missing")
        elif self.at != head:
            self._break(head.seq + 1, "there are rows behind the head, or its hash is another")
        elif self._anchor is not None and self._anchor.seq > self.at.seq:
            self._break(self.at.seq + 1, "the rows up to the given anchor are missing")

    def _step(self, row: AuditRow) -> None:
        expected = self.at.seq + 1
        if row.seq is None or row.chain_hash is None or row.seq != expected:
            self._break(expected, f"row {expected} is missing")
        elif row.chain_hash != chain_hash(self.at.chain_hash, content_of(row)):
            self._break(expected, f"row {expected} does not follow from what is before it")
        else:
            self._compare_anchor(row.seq, row.chain_hash)
        if row.seq is not None and row.chain_hash is not None:
            self.at = Anchor(row.seq, row.chain_hash)

    def _compare_anchor(self, seq: int, chain_hash: str) -> None:
        if self._anchor is None or seq != self._anchor.seq:
            return
        if chain_hash != self._anchor.chain_hash:
            self._break(seq, f"row {seq} is not the one that was anchored")

    def _break(self, seq: int, says: str) -> None:
        if self.broken_at is None:
            self.broken_at, self.says = seq, says
