"""Reading the audit record: in pages, and along its chain from one end to the other."""

from typing import Final

from netra.clock import as_iso
from netra.wire.auth_admin import AuditPage, AuditRecord, ChainReport
from netra_auth.audit.chain import Anchor, ChainWalk
from netra_auth.store.engine import Database
from netra_auth.store.repositories import audit_records
from netra_auth.store.repositories.audit_records import AuditRow, Selection

_STRIDE: Final = 500
"""How many rows of the chain are in memory at a time."""


class AuditRecords:
    """What was recorded, as an administrator may read it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, after: int, limit: int, which: Selection) -> AuditPage:
        """Give at most `limit` records behind a number, in the order of the chain.

        Rows outside the chain are in no page: nothing proves them.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            rows = await audit_records.page(connection, after, limit, which)
        is_full = len(rows) == limit
        return AuditPage(
            items=tuple(record_of(row) for row in rows),
            next_after=rows[-1].seq if is_full else None,
        )

    async def verified(self, anchor: Anchor | None = None) -> ChainReport:
        """Follow the chain from its beginning, and compare its end with the head and the anchor.

        Raises:
            DatabaseUnavailable: The store cannot be reached.
        """
        walk = ChainWalk(anchor)
        head = await self._walked(walk)
        walk.end(head)
        async with self._database.reading() as connection:
            outside = await audit_records.unchained(connection)
        return ChainReport(
            is_whole=walk.broken_at is None,
            rows=walk.rows,
            head_seq=head.seq,
            head_hash=head.chain_hash,
            broken_at=walk.broken_at,
            unchained_rows=outside,
            says=_summary(walk, outside),
        )

    async def _walked(self, walk: ChainWalk) -> Anchor:
        """Follow the rows up to the head, which moves on meanwhile."""
        while True:
            async with self._database.reading() as connection:
                head = Anchor(*await audit_records.head(connection))
                rows = await audit_records.page(connection, walk.at.seq, _STRIDE)
            walk.follow(rows)
            if not rows or (walk.at.seq >= head.seq and len(rows) < _STRIDE):
                # Rows that came since the head was read belong to a later head.
                return await self._head() if walk.at.seq > head.seq else head

    async def _head(self) -> Anchor:
        async with self._database.reading() as connection:
            return Anchor(*await audit_records.head(connection))


def record_of(row: AuditRow) -> AuditRecord:
    """Turn a stored row into the record that leaves the service."""
    return AuditRecord(
        seq=row.seq,
        audit_id=row.audit_id,
        time=as_iso(row.recorded_at),
        event=row.event,
        outcome=row.outcome,
        actor=row.actor,
        client_id=row.client_id,
        subject=row.subject,
        token_hash=row.token_hash,
        reason=row.reason,
        request_id=row.request_id,
        address=row.address,
        recorded_at=row.recorded_at,
        chain_hash=row.chain_hash,
    )


def _summary(walk: ChainWalk, outside: int) -> str:
    says = walk.says or f"every link of {walk.rows} rows holds, from the first to the head"
    if outside:
        says += f"; {outside} rows are outside the chain, and nothing proves them"
    return says
