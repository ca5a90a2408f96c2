"""A pipe that is read while it is written: standard input, or a named one.

It is read by a thread, since reading a pipe waits; what was read and not yet taken is bounded, so
that a writer that is faster waits.
"""

import os
from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Final

from netra_ops.gardener.following.growing import unreadable
from netra_ops.logs.reading.framing.block import Block
from netra_ops.logs.reading.framing.elements import elements_of
from netra_ops.logs.reading.framing.forms import Form, has_elements

_CHUNK: Final = 1 << 16
_MOST_WAITING: Final = 64
_HEAD: Final = 64
_SHORTEST: Final = 8
_GIVE_UP_SECONDS: Final = 0.2


class Pipe:
    """Reads one pipe.

    Args:
        opened: Opens it and gives its descriptor; it may wait.
        form: What its records are taken for.

    Attributes:
        failure: Why it ended before its end; None if it did not.
    """

    def __init__(self, opened: Callable[[], int], form: Form) -> None:
        self._opened = opened
        self._form = form
        self._waiting: Queue[bytes | Block | None] = Queue(_MOST_WAITING)
        self._given_up = Event()
        self.failure: str | None = None
        self._thread = Thread(target=self._run, name="follow-pipe", daemon=True)
        self._thread.start()

    def taken(self) -> Iterator[bytes | Block | None]:
        """Give what was read since: bytes of lines, or blocks of JSON elements; None is the end."""
        for _ in range(_MOST_WAITING):
            try:
                yield self._waiting.get_nowait()
            except Empty:
                return

    def give_up(self) -> None:
        """Let the thread end when it next can."""
        self._given_up.set()

    def _run(self) -> None:
        try:
            self._read(self._opened())
        except OSError as error:
            self.failure = error.strerror or "it cannot be read"
        self._put(None)

    def _read(self, descriptor: int) -> None:
        head = b""
        for chunk in _chunks(descriptor):
            head += chunk
            if _is_telling(head.lstrip()):
                break
        if (why := unreadable(head)) is not None:
            self.failure = why
            return
        rest = _chunks(descriptor)
        if self._form is not Form.LINES and has_elements(head):
            for block in elements_of(_after(head, rest)):
                if not self._put(block):
                    return
            return
        for chunk in _after(head, rest):
            if not self._put(chunk):
                return

    def _put(self, read: bytes | Block | None) -> bool:
        while not self._given_up.is_set():
            try:
                self._waiting.put(read, timeout=_GIVE_UP_SECONDS)
            except Full:
                continue
            return True
        return False


def _is_telling(head: bytes) -> bool:
    """Tell whether what was read is enough to say what it is: a first line may be a short one."""
    return (
        len(head) >= _HEAD
        or head[:1] not in {b"", b"[", b"{"}
        or head[:2] == b'{"'
        or (b"\n" in head and len(head) >= _SHORTEST)
    )


def _after(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def _chunks(descriptor: int) -> Iterator[bytes]:
    while chunk := os.read(descriptor, _CHUNK):
        yield chunk
