"""People who go on asking, and what they were answered."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

import httpx2

SERVED_BY: Final = "x-served-revision"
_BETWEEN_SECONDS: Final = 0.005


@dataclass
class SteadyPeople:
    """What was answered, in the order it came: when, by which revision, with which status."""

    answers: list[tuple[float, str, int]] = field(default_factory=list)
    _has_answers: threading.Condition = field(default_factory=threading.Condition)

    def note(self, revision: str, status: int) -> None:
        """Take an answer down."""
        with self._has_answers:
            self.answers.append((monotonic(), revision, status))
            self._has_answers.notify_all()

    def wait_for_more(self, number: int, seconds: float) -> None:
        """Wait until so many more were answered."""
        with self._has_answers:
            wanted = len(self.answers) + number
            assert self._has_answers.wait_for(lambda: len(self.answers) >= wanted, seconds)

    def since(self, place: int) -> list[tuple[float, str, int]]:
        """Give the answers from a place on."""
        with self._has_answers:
            return self.answers[place:]

    @property
    def place(self) -> int:
        """How many there are by now."""
        with self._has_answers:
            return len(self.answers)

    def statuses(self, place: int = 0) -> Counter[int]:
        """Count the answers by their status, from a place on."""
        return Counter(status for _, _, status in self.since(place))


@contextmanager
def steady_people(url: str, token: str) -> Iterator[SteadyPeople]:
    """Have somebody ask who they are, again and again on new connections, until the block ends."""
    people, is_over = SteadyPeople(), threading.Event()

    def ask() -> None:
        headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
        with httpx2.Client(timeout=30, trust_env=False) as client:
            while not is_over.is_set():
                try:
                    answer = client.get(f"{url}/api/me", headers=headers)
                except httpx2.TransportError:
                    people.note("", 0)
                else:
                    people.note(answer.headers.get(SERVED_BY, ""), answer.status_code)
                is_over.wait(_BETWEEN_SECONDS)

    thread = threading.Thread(target=ask, name="people", daemon=True)
    thread.start()
    try:
        yield people
    finally:
        is_over.set()
        thread.join()
