"""Follows the chain of the audit record row by row, and says whether it is whole. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from netra.wire.audit_chain import GENESIS_HASH, chain_hash
from netra.wire.auth_admin import AuditRecord, ChainReport
from netra_ops.findings import UsageRefused, Verdict

_ANCHOR: Final = re.compile(r"(\d{1,18}):([0-9a-f]{64})")
_SPOKEN_PRECISION: Final = 1.0


@dataclass(frozen=True, slots=True)
class Anchor:
    """The hash of one row, as somebody kept it elsewhere."""

    seq: int
    chain_hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.chain_hash}"


def anchor_from(text: str) -> Anchor:
    """Read `SEQ:HASH`.

    Raises:
        UsageRefused: It is something else.
    """
    if (found := _ANCHOR.fullmatch(text.strip().lower())) is None:
        raise UsageRefused(
            "An anchor is SEQ:HASH, as `netra audit export` and `netra audit verify` print it: "
            "a row's number, and 64 hexadecimal digits."
        )
    return Anchor(int(found[1]), found[2])


class ChainWalk:
    """What is known after the rows so far.

    Args:
        anchors: Hashes known from elsewhere.
    """

    def __init__(self, anchors: Iterable[Anchor] = ()) -> None:
        self._anchors = {anchor.seq: anchor.chain_hash for anchor in anchors} | {0: GENESIS_HASH}
        self._wanted = frozenset(self._anchors) - {0}
        self.head: Anchor | None = None
        self.first_seq: int | None = None
        self.rows = 0
        self.unchained_rows = 0
        self.broken_at: int | None = None

    def know(self, anchor: Anchor) -> None:
        """Learn the hash of a row that stands before those to come."""
        self._anchors[anchor.seq] = anchor.chain_hash

    def take(self, record: AuditRecord) -> None:
        """Look at the next row."""
        if record.seq is None:
            self.unchained_rows += 1
            return
        self.rows += 1
        seq = record.seq
        if self.head is None:
            self.first_seq = seq
            # Without the hash before it, the first row is taken as it is, and not as proven.
            previous = self._anchors.get(seq - 1)
        else:
            previous = self.head.chain_hash
            if seq != self.head.seq + 1:
                self._break(min(seq, self.head.seq + 1))
        links = previous is None or chain_hash(previous, record.model_dump()) == record.chain_hash
        kept = self._anchors.get(seq, record.chain_hash)
        if not links or kept != record.chain_hash or not _times_agree(record):
            self._break(seq)
        self.head = Anchor(seq, record.chain_hash or "")

    def spoil(self) -> None:
        """Take notice of something that is no row, where the next one should be."""
        self._break(1 if self.head is None else self.head.seq + 1)

    def judged(self) -> tuple[Verdict, ChainReport]:
        """Say how the chain stands after the last row."""
        head = self.head or Anchor(0, GENESIS_HASH)
        if self._wanted and max(self._wanted) > head.seq:
            self._break(head.seq + 1)
        verdict, says = self._verdict(head)
        if self.unchained_rows:
            says += f" {self.unchained_rows} rows stand outside the chain: nothing proves them."
        report = ChainReport(
            is_whole=verdict is Verdict.PASS,
            rows=self.rows,
            head_seq=head.seq,
            head_hash=head.chain_hash,
            broken_at=self.broken_at,
            unchained_rows=self.unchained_rows,
            says=says,
        )
        return verdict, report

    def _verdict(self, head: Anchor) -> tuple[Verdict, str]:
        if self.broken_at is not None:
            return Verdict.FAIL, (
                f"The chain is broken at {self.broken_at}: this row, or the one before it, is not "
                "what was recorded, or is missing."
            )
        if self.first_seq is None:
            return Verdict.UNKNOWN, "There is no row of the chain, so nothing can be said of it."
        if self.first_seq - 1 not in self._anchors:
            return Verdict.UNKNOWN, (
                f"The links hold from {self.first_seq} to {head.seq}, but what stood before is not "
                f"known: give --anchor {self.first_seq - 1}:HASH."
            )
        if early := [seq for seq in self._wanted if seq < self.first_seq - 1]:
            return Verdict.UNKNOWN, f"The row of the anchor {min(early)} is not among these."
        return Verdict.PASS, f"Every link holds from {self.first_seq} to {head.seq}."

    def _break(self, seq: int) -> None:
        self.broken_at = seq if self.broken_at is None else min(self.broken_at, seq)


def _times_agree(record: AuditRecord) -> bool:
    """Tell whether the time for people, which no hash covers, is the recorded one."""
    try:
        spoken = datetime.fromisoformat(record.time)
    except ValueError:
        return False
    if spoken.tzinfo is None:
        return False
    return abs(spoken.timestamp() - record.recorded_at) <= _SPOKEN_PRECISION
