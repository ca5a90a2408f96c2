"""What is gathered while a log is read: rows of numbers, and the few things that need their text.

Everything here is bounded, and says so where a bound was reached. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from netra_ops.gardener.entries.entry import Audit, Entry, Level
from netra_ops.gardener.facts.columns import Columns
from netra_ops.gardener.facts.tests_and_age import is_test

_SAMPLES: Final = 20_000
"""So many shapes keep an entry that shows them; errors are kept beyond the bound."""
_LOUD_SAMPLES: Final = 60_000
_IDS: Final = 5
_AUDITS: Final = 10_000
_LABELS: Final = 200


class Deed(msgspec.Struct, frozen=True):
    """What an audit entry tells of a deployment or a change of access.

    Attributes:
        time: When, nanoseconds; None if it does not say.
        audit: What it says.
        source: Which source of the account.
        number: Which record of it.
    """

    time: int | None
    audit: Audit
    source: int
    number: int


class Sample(msgspec.Struct):
    """What is kept of one shape in full.

    Attributes:
        entry: The first entry of it, or the first of a worse level.
        requests: Some of its request ids.
        traces: Some of its trace ids.
        tests: How many of its entries call themselves a test's.
    """

    entry: Entry
    requests: list[str] = msgspec.field(default_factory=list)
    traces: list[str] = msgspec.field(default_factory=list)
    tests: int = 0


class Collected:
    """What a log left behind.

    Attributes:
        columns: The rows.
        samples: By shape.
        deeds: Audit entries.
        labels: Per revision, how many of its entries carry which label with which value.
        copies: Entries that were there before and were left out.
    """

    def __init__(self) -> None:
        self.columns = Columns()
        self.samples: dict[int, Sample] = {}
        self.deeds: list[Deed] = []
        self.labels: dict[str, Counter[tuple[str, str]]] = {}
        self.copies = 0

    def add(self, entries: Sequence[Entry], shapes: Iterable[int]) -> None:
        """Take entries in.

        Args:
            entries: In the order in which they were read.
            shapes: Of each of them, the miner's number.
        """
        numbers = list(shapes)
        self.columns.add(entries, numbers)
        for entry, shape in zip(entries, numbers, strict=True):
            if entry.duplicate:
                self.copies += 1
            else:
                self._add(entry, shape)

    def _add(self, entry: Entry, shape: int) -> None:
        sample = self.samples.get(shape)
        if sample is None:
            if len(self.samples) < (_LOUD_SAMPLES if entry.level >= Level.WARNING else _SAMPLES):
                sample = self.samples[shape] = Sample(entry)
        elif entry.level > sample.entry.level:
            sample.entry = entry
        if sample is not None:
            _keep(sample.requests, entry.request_id)
            _keep(sample.traces, entry.trace)
            if (entry.principal or entry.labels) and is_test(entry.principal, entry.labels):
                sample.tests += 1
        if entry.audit is not None and len(self.deeds) < _AUDITS:
            self.deeds.append(Deed(entry.time, entry.audit, entry.source, entry.number))
        if entry.labels and entry.revision:
            counts = self.labels.setdefault(entry.revision, Counter())
            if len(counts) < _LABELS:
                counts.update(entry.labels.items())


def _keep(ids: list[str], found: str | None) -> None:
    if found and len(ids) < _IDS and found not in ids:
        ids.append(found)
