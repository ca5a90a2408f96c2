"""What is gathered while a log is read: rows of numbers, and the few things that need their text.

Everything here is bounded, and says so where a bound was reached. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from netra_ops.gardener.facts.columns import plain_name
from netra_ops.gardener.facts.counting.counted import Rows
from netra_ops.gardener.facts.counting.in_memory import InMemory
from netra_ops.gardener.facts.tests_and_age import is_probing
from netra_ops.logs.entries.entry import Audit, Entry, Level

_SAMPLES: Final = 20_000
"""So many shapes keep an entry that shows them; errors are kept beyond the bound."""
_LOUD_SAMPLES: Final = 60_000
_IDS: Final = 5
_AUDITS: Final = 10_000
_LABELS: Final = 200
_LABELLED: Final = 5000
"""So many entries of a revision tell what its labels are."""
_PRINCIPALS: Final = 100_000


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
        full: Whether as many ids are kept as will be.
    """

    entry: Entry
    requests: list[str] = msgspec.field(default_factory=list)
    traces: list[str] = msgspec.field(default_factory=list)
    tests: int = 0
    full: bool = False


class Labels(msgspec.Struct):
    """How many of the first entries of a revision carry which label with which value.

    Attributes:
        entries: How many were looked at.
        values: The labels, each with its value.
    """

    entries: int = 0
    values: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)


class Collected:
    """What a log left behind.

    Args:
        rows: What keeps the rows; nothing for memory.

    Attributes:
        rows: The rows.
        samples: By shape.
        deeds: Audit entries.
        labels: What labels the entries of each revision carry, by the names of its service and
            its own.
        copies: Entries that were there before and were left out.
    """

    def __init__(self, rows: Rows | None = None) -> None:
        self.rows: Rows = InMemory() if rows is None else rows
        self.samples: dict[int, Sample] = {}
        self.deeds: list[Deed] = []
        self.labels: dict[tuple[str, str], Labels] = {}
        self.copies = 0
        self._labels: dict[tuple[str | None, str], Labels] = {}
        self._tests: dict[str | None, bool] = {}

    def add(self, entries: Sequence[Entry], shapes: Iterable[int]) -> None:
        """Take entries in.

        Args:
            entries: In the order in which they were read.
            shapes: Of each of them, the miner's number.
        """
        numbers = list(shapes)
        if any(one.duplicate for one in entries):
            self.copies += sum(one.duplicate for one in entries)
            numbers = [n for n, one in zip(numbers, entries, strict=True) if not one.duplicate]
            entries = [one for one in entries if not one.duplicate]
        self.rows.add(entries, numbers)
        for entry, shape in zip(entries, numbers, strict=True):
            sample = self.samples.get(shape)
            if sample is None or not sample.full or entry.level > sample.entry.level:
                self._show(entry, shape, sample)
            elif entry.principal is not None or entry.labels is not None:
                sample.tests += self._is_probing(entry)
            if entry.audit is not None and len(self.deeds) < _AUDITS:
                self.deeds.append(Deed(entry.time, entry.audit, entry.source, entry.number))
            if entry.labels and entry.revision:
                self._label((entry.service, entry.revision), entry.labels)

    def _show(self, entry: Entry, shape: int, sample: Sample | None) -> None:
        if sample is None:
            if len(self.samples) >= (_LOUD_SAMPLES if entry.level >= Level.WARNING else _SAMPLES):
                return
            sample = self.samples[shape] = Sample(entry)
        elif entry.level > sample.entry.level:
            sample.entry = entry
        _keep(sample.requests, entry.request_id)
        _keep(sample.traces, entry.trace)
        sample.tests += self._is_probing(entry)
        sample.full = len(sample.requests) == len(sample.traces) == _IDS

    def _is_probing(self, entry: Entry) -> bool:
        """Ask once for each of the first principals: many entries are of the same few."""
        if entry.labels is not None and is_probing(None, entry.labels):
            return True
        principal = entry.principal
        known = self._tests.get(principal)
        if known is None:
            known = is_probing(principal, None)
            if len(self._tests) < _PRINCIPALS:
                self._tests[principal] = known
        return known

    def _label(self, whose: tuple[str | None, str], labels: Mapping[str, str]) -> None:
        counted = self._labels.get(whose)
        if counted is None:
            counted = self._labels[whose] = Labels()
            service, revision = whose
            self.labels[plain_name(service or ""), plain_name(revision)] = counted
        if counted.entries < _LABELLED:
            counted.entries += 1
            if len(counted.values) < _LABELS:
                counted.values.update(labels.items())


def _keep(ids: list[str], found: str | None) -> None:
    if found and len(ids) < _IDS and found not in ids:
        ids.append(found)
