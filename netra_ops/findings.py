"""How a result is expressed: verdicts, their combination, exit codes and refusals.

What is judged, and how it is shown, lives with the judges and the command line.

    OpsError
    ├── Failed            exit 1: looked, and the answer is no
    ├── UsageRefused      exit 2: asked in a way that cannot be served
    └── CouldNotTell      exit 3: could not look
"""

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from functools import reduce
from typing import ClassVar, Final


class Verdict(StrEnum):
    """PASS < UNKNOWN < FAIL. UNKNOWN is not a pass: it never promotes and never proves."""

    PASS = "PASS"  # noqa: S105 - a verdict
    UNKNOWN = "UNKNOWN"
    FAIL = "FAIL"

    @property
    def badness(self) -> int:
        """Give the place in the order, from 0 for the best."""
        return _ORDER.index(self)


class ExitCode(IntEnum):
    """What a command tells the shell."""

    PASS = 0
    FAIL = 1
    USAGE = 2
    UNKNOWN = 3


_ORDER: Final = (Verdict.PASS, Verdict.UNKNOWN, Verdict.FAIL)
_EXIT_CODES: Final = {
    Verdict.PASS: ExitCode.PASS,
    Verdict.UNKNOWN: ExitCode.UNKNOWN,
    Verdict.FAIL: ExitCode.FAIL,
}


def worse(one: Verdict, other: Verdict) -> Verdict:
    """Give the worse of two verdicts."""
    return max(one, other, key=lambda verdict: verdict.badness)


def worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Combine verdicts; with nothing judged, nothing is known."""
    judged = tuple(verdicts)
    return reduce(worse, judged) if judged else Verdict.UNKNOWN


def exit_code_of(verdict: Verdict) -> ExitCode:
    """Translate a verdict for the shell."""
    return _EXIT_CODES[verdict]


def printable(text: str) -> str:
    """Make somebody else's text harmless where people read: what cannot be seen becomes `?`.

    Control characters could write on a terminal, line ends could forge a line, and marks of
    direction could turn around what stands beside them.
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class OpsError(Exception):
    """A command ends here; the text says what was wrong, where, and what to do."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAIL


class Failed(OpsError):
    """It was looked at, and the answer is no."""


class UsageRefused(OpsError):
    """The command was asked in a way that cannot be served."""

    exit_code = ExitCode.USAGE


class CouldNotTell(OpsError):
    """It could not be looked at: neither yes nor no."""

    exit_code = ExitCode.UNKNOWN
