"""What a process would really write to its log, recorded through the real pipe."""

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from netra.secret import Secret
from netra.telemetry import configure_logging, release_logging


class LogLines:
    """The lines written so far."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        """Give everything as it was written."""
        return self.stream.getvalue()

    def all(self) -> list[dict[str, Any]]:
        """Give every event in the order they were written; each line must be one JSON object."""
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        """Give the events of one name."""
        return [line for line in self.all() if line["event"] == event]

    def only(self, event: str) -> dict[str, Any]:
        """Give the one event of a name; there must be exactly one."""
        found = self.of(event)
        assert len(found) == 1, f"{len(found)} events {event!r} in:\n{self.text}"
        return found[0]

    def messages(self) -> list[str]:
        """Give the sentences for people."""
        return [line["message"] for line in self.all()]


@contextmanager
def log_lines(level: str = "INFO", known_secrets: Iterable[Secret] = ()) -> Iterator[LogLines]:
    """Record every event of this process while the block runs."""
    lines = LogLines()
    configure_logging(
        service="netra-test",
        revision="netra-test-00001-x7k",
        level=level,
        stream=lines.stream,
        known_secrets=known_secrets,
    )
    try:
        yield lines
    finally:
        release_logging()
