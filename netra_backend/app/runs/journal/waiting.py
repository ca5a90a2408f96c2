"""The runs that were accepted here and wait for their turn, by owner. Pure.

Only a memory that makes a turn come at once: what is forgotten is found among the leases.
"""

from collections.abc import Collection, Sequence


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
