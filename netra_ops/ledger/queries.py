"""What the records say: who serves, who served when, what is proven, what was not ended. Pure.

The order of the records counts, never their times: a clock may have been wrong.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from netra_ops.ledger.chain import Entry
from netra_ops.ledger.records import (
    Deploy,
    End,
    Judgement,
    Promotion,
    Rollback,
    Stage,
    Traffic,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A revision served a share for a time.

    Attributes:
        service: Of which service.
        revision: Which revision.
        percent: Its share.
        since: The record that gave it this share.
        until: The record that took it away or changed it; None while it serves.
    """

    service: str
    revision: str
    percent: int
    since: Entry
    until: Entry | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A revision is proven.

    Attributes:
        service: Of which service.
        revision: Which revision.
        probes: The judgement in which it passed its probes.
        promotion: The record that it stays.
    """

    service: str
    revision: str
    probes: Entry
    promotion: Entry


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A rollout that began and of which no end is recorded.

    Attributes:
        service: Of which service.
        rollout: Its id.
        revision: What it was to bring.
        begun: The record it began with.
        last: The last record of it.
    """

    service: str
    rollout: str
    revision: str
    begun: Entry
    last: Entry


def serving(entries: Iterable[Entry]) -> dict[str, dict[str, int]]:
    """Give per service who serves which share now; services without a record are not in it."""
    splits: dict[str, dict[str, int]] = {}
    for entry in entries:
        if isinstance(entry.record, Traffic):
            splits[entry.record.service] = dict(entry.record.split)
    return splits


def served(entries: Iterable[Entry]) -> tuple[Span, ...]:
    """Give who served when, by the records that began it. Equal shares that follow are one."""
    spans: list[Span] = []
    open_spans: dict[tuple[str, str], int] = {}
    for entry in entries:
        record = entry.record
        if not isinstance(record, Traffic):
            continue
        for key, place in tuple(open_spans.items()):
            service, revision = key
            span = spans[place]
            if service == record.service and record.split.get(revision) != span.percent:
                spans[place] = replace(span, until=entry)
                del open_spans[key]
        for revision, percent in record.split.items():
            key = (record.service, revision)
            if key not in open_spans:
                open_spans[key] = len(spans)
                spans.append(Span(record.service, revision, percent, entry))
    return tuple(spans)


def proven(entries: Iterable[Entry], service: str) -> tuple[Proof, ...]:
    """Give the revisions of a service that are proven, the one that was proven last at the end.

    A revision is proven once it passed its probes, with nothing waived, and was promoted after
    that. Leaving it by a rollback, or failing its probes later, takes that away until both
    happened again. Probes that could not tell prove nothing, and do not disprove.
    """
    state = _Proofs()
    for entry in entries:
        if entry.record.service == service:
            state.take(entry)
    return tuple(state.proofs.values())


def last_proven(
    entries: Iterable[Entry], service: str, besides: Collection[str] = ()
) -> Proof | None:
    """Give the revision to go back to, or None if there is none.

    Args:
        entries: The records.
        service: Whose revision.
        besides: Revisions that are out of the question, such as the one that is left.
    """
    suitable = [proof for proof in proven(entries, service) if proof.revision not in besides]
    return suitable[-1] if suitable else None


def history(entries: Iterable[Entry], service: str, revision: str) -> tuple[Entry, ...]:
    """Give every record that concerns a revision: its own, and those that gave or took traffic."""
    found: list[Entry] = []
    had_share = False
    for entry in entries:
        record = entry.record
        if record.service != service:
            continue
        concerns = record.revision == revision
        if isinstance(record, Rollback):
            concerns |= record.left == revision
        if isinstance(record, Traffic):
            has_share = revision in record.split
            concerns |= has_share or had_share
            had_share = has_share
        if concerns:
            found.append(entry)
    return tuple(found)


def unfinished(entries: Iterable[Entry]) -> tuple[Unfinished, ...]:
    """Give the rollouts without an end, as a gate leaves them that was killed."""
    begun: dict[tuple[str, str], Unfinished] = {}
    for entry in entries:
        record = entry.record
        if record.rollout is None:
            continue
        key = (record.service, record.rollout)
        if isinstance(record, Promotion | End):
            begun.pop(key, None)
        elif key in begun:
            begun[key] = replace(begun[key], last=entry)
        elif isinstance(record, Deploy | Rollback):
            begun[key] = Unfinished(record.service, record.rollout, record.revision, entry, entry)
    return tuple(begun.values())


def services(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Give the services that have records, by name."""
    return tuple(sorted({entry.record.service for entry in entries}))


def how_made(entries: Sequence[Entry], service: str, revision: str) -> Deploy | None:
    """Give the last record of how a revision was made."""
    for entry in reversed(entries):
        record = entry.record
        if isinstance(record, Deploy) and (record.service, record.revision) == (service, revision):
            return record
    return None


@dataclass(slots=True)
class _Proofs:
    """Which revisions of one service passed their probes, and which of them were promoted then."""

    passed: dict[str, Entry] = field(default_factory=dict)
    proofs: dict[str, Proof] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        """Look at the next record."""
        match entry.record:
            case Judgement() as judgement:
                self._judged(entry, judgement)
            case Promotion(service=service, revision=revision):
                if revision in self.passed:
                    # Taken out first, so that it stands at the end.
                    self.proofs.pop(revision, None)
                    proof = Proof(service, revision, self.passed[revision], entry)
                    self.proofs[revision] = proof
            case Rollback(left=left):
                self._lose(left)

    def _judged(self, entry: Entry, judgement: Judgement) -> None:
        revision = judgement.revision
        if judgement.proves:
            self.passed[revision] = entry
        elif judgement.disproves:
            self._lose(revision)
        elif judgement.stage is Stage.PROBES:
            self.passed.pop(revision, None)

    def _lose(self, revision: str) -> None:
        self.passed.pop(revision, None)
        self.proofs.pop(revision, None)
