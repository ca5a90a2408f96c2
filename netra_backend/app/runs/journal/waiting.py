"""The runs that were accepted here: which wait for their turn, which are kept for here. Pure.

Only a memory that makes a turn come at once, or on standby at all: what is forgotten is found among
the leases by whoever has its duties.
"""

from collections.abc import Collection, Iterator, Sequence


class Waiting:
    """Run ids by owner, in the order in which they were accepted, each with its thread."""

    def __init__(self) -> None:
        self._threads: dict[str, dict[str, str]] = {}

    def add(self, owner_id: str, run_id: str, thread_id: str) -> None:
        """Put a run at the end of its owner's line."""
        self._threads.setdefault(owner_id, {})[run_id] = thread_id

    def put_first(self, owner_id: str, run_id: str, thread_id: str) -> None:
        """Put a run at the head of its owner's line: in its thread it comes before the others."""
        self._threads[owner_id] = {run_id: thread_id, **self._threads.get(owner_id, {})}

    def remove(self, owner_id: str, run_id: str) -> None:
        """Take a run out; nothing stays of an owner for whom none waits."""
        line = self._threads.get(owner_id, {})
        line.pop(run_id, None)
        if not line:
            self._threads.pop(owner_id, None)

    def next_of(self, owner_id: str, busy_threads: Collection[str]) -> Sequence[str]:
        """List the runs of an owner that are the first of a thread in which none is running."""
        seen = set(busy_threads)
        found = []
        for run_id, thread_id in self._threads.get(owner_id, {}).items():
            if thread_id not in seen:
                seen.add(thread_id)
                found.append(run_id)
        return found

    def __len__(self) -> int:
        return sum(len(line) for line in self._threads.values())


class OwnRuns:
    """The runs that this process accepted on standby, until they end here.

    Attributes:
        untaken: Those that are kept for it and that it has not begun.
    """

    def __init__(self) -> None:
        self.untaken: set[str] = set()
        self._accepted: set[str] = set()

    def accept(self, run_id: str) -> None:
        """Take note of one that was accepted just now."""
        self._accepted.add(run_id)
        self.untaken.add(run_id)

    def begun(self, run_id: str) -> None:
        """Take note that one was taken: its lease is as any other from now on."""
        self.untaken.discard(run_id)

    def lost(self, run_ids: Collection[str]) -> None:
        """Forget those that are not kept any more: they are somebody else's, or gone."""
        self.untaken.difference_update(run_ids)
        self._accepted.difference_update(run_ids)

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._accepted

    def __iter__(self) -> Iterator[str]:
        return iter(self._accepted)

    def __len__(self) -> int:
        return len(self._accepted)
