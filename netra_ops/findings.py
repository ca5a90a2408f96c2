"""How a result is expressed: findings, verdicts, their combination, exit codes and refusals.

What is judged, and how it is shown, lives with the judges and the command line.

    OpsError
    ├── Failed            exit 1: looked, and the answer is no
    ├── UsageRefused      exit 2: asked in a way that cannot be served
    └── CouldNotTell      exit 3: could not look
"""

import re
from collections.abc import Iterable
from enum import IntEnum, StrEnum
from functools import reduce
from typing import ClassVar, Final

import msgspec


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
_CHECK_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one check says of one thing. It stands in records as it is.

    Attributes:
        check: The check's id, which does not change as long as the check means the same.
        verdict: What it says.
        reason: Why, in words; for an UNKNOWN why it could not be told. Never a value.
        service: Of which service.
        revision: Of which revision of it.
        variable: Of which variable, if of one.
        evidence: Where it can be seen: `file:line`, a JSON pointer, a probe's name.

    Raises:
        ValueError: The id is none, or there is no reason, service or revision.
    """

    check: str
    verdict: Verdict
    reason: str
    service: str
    revision: str
    variable: str | None = None
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not is_check_id(self.check):
            raise ValueError("A check's id is words in lower case with underscores between them.")
        if not (self.reason.strip() and self.service and self.revision):
            raise ValueError("A finding names its reason, its service and its revision.")


class Outcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding, and what became of it.

    Attributes:
        finding: As the check said it; a waiver does not change it.
        waived: By whom, until when and why it does not count; empty if it does.
    """

    finding: Finding
    waived: str = ""

    @property
    def counts(self) -> bool:
        """Whether it has a part in the verdict on all of them."""
        return not self.waived


def worse(one: Verdict, other: Verdict) -> Verdict:
    """Give the worse of two verdicts."""
    return max(one, other, key=lambda verdict: verdict.badness)


def worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Combine verdicts; with nothing judged, nothing is known."""
    judged = tuple(verdicts)
    return reduce(worse, judged) if judged else Verdict.UNKNOWN


def verdict_of(outcomes: Iterable[Outcome]) -> Verdict:
    """Combine what counts; where nothing was judged, or all of it is waived, nothing is known."""
    return worst_of(outcome.finding.verdict for outcome in outcomes if outcome.counts)


def is_check_id(text: str) -> bool:
    """Tell whether a text has the shape of a check's id."""
    return _CHECK_ID.fullmatch(text) is not None


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
