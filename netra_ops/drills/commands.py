"""Commands of `netra`, run as people run them: processes of their own on a state directory."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from netra.clock import Clock
from netra_ops.findings import CouldNotTell, Failed

_PROGRAM: Final = (sys.executable, "-P", "-m", "netra_ops.cli.main")
_PATIENCE: Final = 300.0
_ENDING_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Done:
    """A command that came to its end."""

    words: tuple[str, ...]
    exit_code: int
    output: str
    complaint: str

    def document(self) -> Any:
        """Give what it printed as JSON.

        Raises:
            Failed: It is none.
        """
        try:
            return msgspec.json.decode(self.output)
        except msgspec.DecodeError:
            raise Failed(f"{self.said}") from None

    @property
    def said(self) -> str:
        """Say how it ended."""
        return f"`netra {' '.join(self.words[:2])}` ended with {self.exit_code}: " + (
            self.complaint.strip() or "it said nothing"
        )


def run(words: Sequence[str], state: Path | None = None, stdin: str = "") -> Done:
    """Run a command to its end, on a state directory if it needs one.

    Raises:
        CouldNotTell: It does not come to one.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [*_PROGRAM, *words, *on(state)],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CouldNotTell(f"`netra {words[0]}` did not end in {_PATIENCE:.0f} s.") from None
    return Done(tuple(words), done.returncode, done.stdout, done.stderr)


def on(state: Path | None) -> tuple[str, ...]:
    """Say on which state directory a command is to work."""
    return () if state is None else ("--state", str(state))


@dataclass(frozen=True, slots=True)
class Heard:
    """A line of JSON that a command told, and when, by the monotonic clock."""

    at: float
    event: dict[str, Any]


class Running:
    """A command beside us that tells what happens as lines of JSON; leave it to have it end.

    Args:
        words: The command and what it is told.
        clock: Says when something is told.
    """

    def __init__(self, words: Sequence[str], clock: Clock) -> None:
        self._clock = clock
        self._words = tuple(words)
        self._news = threading.Condition()
        self._heard: list[Heard] = []
        self._complaints: list[str] = []
        self._ended = False
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [*_PROGRAM, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._threads = [
            threading.Thread(target=self._listen, name="told", daemon=True),
            threading.Thread(target=self._listen_aside, name="complaints", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_ENDING_SECONDS)
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def heard(self) -> tuple[Heard, ...]:
        """Give everything it told so far."""
        with self._news:
            return tuple(self._heard)

    def wait_for(self, wanted: Callable[[Heard], bool], seconds: float) -> Heard | None:
        """Wait for an event; None if it does not come in time, or the command ended without it."""

        def first() -> Heard | None:
            return next((one for one in self._heard if wanted(one)), None)

        with self._news:
            self._news.wait_for(lambda: self._ended or first() is not None, seconds)
            return first()

    def wait_for_words(self, words: str, seconds: float) -> None:
        """Wait until it says something on standard error.

        Raises:
            Failed: It does not.
        """

        def is_said() -> bool:
            return any(words in line for line in self._complaints)

        with self._news:
            self._news.wait_for(lambda: self._ended or is_said(), seconds)
            if not is_said():
                raise Failed(f"`netra {' '.join(self._words[:2])}` did not begin.")

    def end(self, seconds: float) -> Done:
        """Wait for its end.

        Raises:
            CouldNotTell: It does not come.
        """
        with self._news:
            if not self._news.wait_for(lambda: self._ended, seconds):
                raise CouldNotTell(f"`netra {self._words[0]}` did not end in {seconds:.0f} s.")
        code = self._process.wait()
        self._threads[1].join()
        return Done(self._words, code, "", "".join(self._complaints))

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            at = self._clock.monotonic()
            with suppress(msgspec.DecodeError), self._news:
                self._heard.append(Heard(at, msgspec.json.decode(line)))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _listen_aside(self) -> None:
        for line in self._process.stderr or ():
            with self._news:
                self._complaints.append(line)
                self._news.notify_all()
