"""Reading the audit record of the auth service, page by page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from netra.wire.audit_chain import GENESIS_HASH
from netra.wire.auth_admin import (
    ADMIN_AUDIT_CHAIN_PATH,
    ADMIN_AUDIT_PATH,
    MAX_PAGE,
    AuditPage,
    AuditRecord,
    ChainReport,
)
from netra_ops.administration.caller import LONG_PATIENCE, Caller
from netra_ops.administration.chain_walk import Anchor
from netra_ops.administration.refusal import unreadable

_SKEW_SECONDS: Final = 60.0
"""How far clocks of the service's processes may be apart: rows are in the order of the chain."""
_WHAT: Final = "the audit record"


@dataclass(frozen=True, slots=True)
class Window:
    """A part of time, in seconds since the epoch; None for no end."""

    since: float | None = None
    until: float | None = None

    def holds(self, record: AuditRecord) -> bool:
        """Tell whether a row was recorded in it."""
        return not self._is_before(record) and not self.is_over(record)

    def _is_before(self, record: AuditRecord) -> bool:
        return self.since is not None and record.recorded_at < self.since

    def is_over(self, record: AuditRecord, grace: float = 0.0) -> bool:
        """Tell whether a row was recorded after it, and after the grace."""
        return self.until is not None and record.recorded_at > self.until + grace

    def query(self) -> dict[str, str]:
        """Write it as the service takes it."""
        ends = {"since": self.since, "until": self.until}
        return {name: repr(value) for name, value in ends.items() if value is not None}


def matching(caller: Caller, window: Window, members: Mapping[str, str]) -> Iterator[AuditRecord]:
    """Give the rows of a time whose members are exactly as given."""
    for record in _rows(caller, 0, {**window.query(), **members}):
        if window.holds(record) and all(getattr(record, n) == v for n, v in members.items()):
            yield record


def contiguous(caller: Caller, window: Window) -> Iterator[AuditRecord]:
    """Give all rows from the first to the last of a time, without a gap in the chain.

    Rows are numbered in the order they were written, and their times may be a little out of
    order, so some rows of just before or after the time are among them.
    """
    begun = window.since is None
    held_back: list[AuditRecord] = []
    for record in _rows(caller, _before(caller, window), {}):
        begun = begun or window.holds(record)
        if window.is_over(record, _SKEW_SECONDS):
            return
        if not begun:
            continue
        held_back.append(record)
        if not window.is_over(record):
            yield from held_back
            held_back.clear()


def anchor_at(caller: Caller, seq: int) -> Anchor | None:
    """Give the hash of one row; None if there is no such row."""
    if seq == 0:
        return Anchor(0, GENESIS_HASH)
    query = {"after": str(seq - 1), "limit": "1"}
    page = caller.read(AuditPage, ADMIN_AUDIT_PATH, _WHAT, query=query)
    return next((Anchor(seq, r.chain_hash or "") for r in page.items if r.seq == seq), None)


def chain_report(caller: Caller) -> ChainReport:
    """Have the service look at every link."""
    return caller.read(
        ChainReport, ADMIN_AUDIT_CHAIN_PATH, "its chain's report", patience=LONG_PATIENCE
    )


def _before(caller: Caller, window: Window) -> int:
    """Give the number after which the rows of a time begin."""
    if window.since is None:
        return 0
    query = {"limit": "1", "since": repr(window.since)}
    page = caller.read(AuditPage, ADMIN_AUDIT_PATH, _WHAT, query=query)
    return max(0, min((r.seq for r in page.items if r.seq is not None), default=1) - 1)


def _rows(caller: Caller, after: int, query: Mapping[str, str]) -> Iterator[AuditRecord]:
    while True:
        asked = {**query, "after": str(after), "limit": str(MAX_PAGE)}
        page = caller.read(AuditPage, ADMIN_AUDIT_PATH, _WHAT, query=asked)
        yield from page.items
        if page.next_after is None:
            return
        if page.next_after <= after:
            raise unreadable(_WHAT)
        after = page.next_after
