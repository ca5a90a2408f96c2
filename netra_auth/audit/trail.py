"""Writing the audit record: cleaned, chained, and told to the log once it is committed.

A row is written in the transaction of the act itself, and the log event follows its commit, so
that neither tells of what did not happen. The event carries the row's number and hash: whoever
keeps the log can prove that the record was not cut off or written anew.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, TypeAlias

from netra.clock import Clock
from netra.ids import row_id
from netra.telemetry.log_events import event_logger
from netra.wire.audit_chain import chain_hash
from netra_auth.audit.acts import SIGNS_OF_THEFT, Act
from netra_auth.store.engine import Database, LastStep, Transaction
from netra_auth.store.repositories import audit_records, service_secrets

_log = event_logger("netra_auth.audit")

_MAX_NAME: Final = 128
_MAX_REASON: Final = 256
_MAX_ADDRESS: Final = 64
_TOLD: Final = (
    *("outcome", "audit_id", "actor", "client_id", "subject", "reason", "address"),
    *("seq", "chain_hash"),
)

Observer: TypeAlias = Callable[[Act], None]
"""Is told of an act once its row is committed; it counts, and touches nothing that can fail."""


class _Entry:
    """A row on its way: it gets its number and hash right before the commit."""

    __slots__ = ("is_alarming", "row")

    def __init__(self, row: dict[str, Any], *, is_alarming: bool) -> None:
        self.row = row
        self.is_alarming = is_alarming

    def tell(self) -> None:
        """Write the log event of a committed row."""
        row = self.row
        write = _log.warning if self.is_alarming else _log.info
        write(
            "audit_recorded",
            message=f"Audit: {row['event'].replace('_', ' ')} {row['outcome']}",
            act=row["event"],
            **{name: row[name] for name in _TOLD},
        )


class AuditTrail:
    """The one way to the audit record."""

    def __init__(self, database: Database, clock: Clock, observer: Observer | None = None) -> None:
        self._database = database
        self._clock = clock
        self._observer = observer

    async def note(self, transaction: Transaction, act: Act) -> None:
        """Record an act with the transaction that performs it."""
        self._put(transaction, act)

    async def note_alone(self, act: Act) -> None:
        """Record an act that changed nothing else; many such acts share one transaction.

        Raises:
            DatabaseUnavailable: The record cannot be kept; the caller is then told nothing else.
        """

        async def work(transaction: Transaction) -> None:
            self._put(transaction, act)

        await self._database.commit_together(work)

    def _put(self, transaction: Transaction, act: Act) -> None:
        token_id = act.token_id
        row: dict[str, Any] = {
            "audit_id": row_id("aud"),
            "recorded_at": float(self._clock.timestamp()),
            "event": act.event.value,
            "outcome": act.outcome.value,
            "actor": _clean(act.actor, _MAX_NAME),
            "client_id": _clean_optional(act.client_id, _MAX_NAME),
            "subject": _clean_optional(act.subject, _MAX_NAME),
            "token_hash": None if token_id is None else sha256(token_id.encode()).hexdigest(),
            "reason": _clean_optional(_reason(act), _MAX_REASON),
            "request_id": act.origin.request_id,
            "address": _clean_optional(act.origin.address, _MAX_ADDRESS),
        }
        entry = _Entry(row, is_alarming=act.event in SIGNS_OF_THEFT)
        transaction.before_commit(LastStep.AUDIT, _append, entry)
        transaction.after_commit(entry.tell)
        if act.secret_id is not None:
            use = (act.secret_id, row["recorded_at"])
            transaction.before_commit(LastStep.SECRET_USES, _count_uses, use)
        observer = self._observer
        if observer is not None:
            transaction.after_commit(lambda: observer(act))


async def _append(transaction: Transaction, entries: Sequence[_Entry]) -> None:
    """Put entries at the end of the chain; the head's lock is held from here to the commit."""
    seq, last_hash = await audit_records.locked_head(transaction.connection)
    for entry in entries:
        seq += 1
        # Anew, not in place: a batch that fails is done again, one by one.
        row = {**entry.row, "seq": seq}
        last_hash = chain_hash(last_hash, row)
        entry.row = {**row, "chain_hash": last_hash}
    await audit_records.append(
        transaction.connection, [entry.row for entry in entries], seq, last_hash
    )


async def _count_uses(transaction: Transaction, uses: Sequence[tuple[str, float]]) -> None:
    """Count the uses of secrets, in the order of their ids: no two transactions wait crosswise."""
    number = Counter(secret_id for secret_id, _ in uses)
    latest = dict(sorted(uses, key=itemgetter(1)))
    await service_secrets.count_uses(
        transaction.connection,
        [(secret_id, number[secret_id], latest[secret_id]) for secret_id in sorted(number)],
    )


def _reason(act: Act) -> str | None:
    told = [
        act.reason,
        None if act.secret_id is None else f"secret {act.secret_id}",
        None if act.key_id is None else f"key {act.key_id}",
    ]
    return "; ".join(part for part in told if part is not None) or None


def _clean(text: str, limit: int) -> str:
    """Cut a text to what a column holds and replace what is not printable, such as line ends."""
    cut = text[:limit]
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in cut)


def _clean_optional(text: str | None, limit: int) -> str | None:
    return None if text is None else _clean(text, limit)
