"""What a drill is: a fault from outside, what should stop it, and the cause that is to be named."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from netra_ops.settings import BACKEND


class Stop(StrEnum):
    """What is to stop a fault on its way to people."""

    RULES = "rules"
    """A check of the configuration: nothing is made."""
    START = "start"
    """The revision itself, which does not start with it."""
    PROBES = "probes"
    """The golden path, walked on the revision before it has traffic."""
    NOTHING = "nothing"
    """It happens at run time, past any gate."""


class Ground(Protocol):
    """Where a drill is staged: an installation of its own."""

    @property
    def scratch(self) -> Path:
        """A private folder for what the fault needs."""

    @property
    def url(self) -> str:
        """Where the backend is reached."""

    def settings(self, service: str) -> dict[str, str]:
        """Read the env file of a service."""

    def rewrite(self, service: str, values: Mapping[str, str | None]) -> None:
        """Write values into a service's env file before anything is started; None: take it away."""

    def command(self, *arguments: str, stdin: str = "") -> str:
        """Run a command of `netra` on the installation, and give what it printed.

        Raises:
            Failed: It did not end with 0.
        """

    def process(self, service: str) -> int:
        """Give the process of the revision that serves."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A fault that comes with a deployment.

    Attributes:
        options: Gives what `netra deploy SERVICE` is told.
        service: Which service is deployed.
        prepare: Changes the installation before it is started, to have what the fault needs.
    """

    options: Callable[[Ground], tuple[str, ...]]
    service: str = BACKEND
    prepare: Callable[[Ground], None] | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """A fault that comes over what runs.

    Attributes:
        begin: Does it.
        end: Takes it away again, as whoever is on call would.
        remedy: What that is, in words.
        prelude: What went unnoticed before, such as code that fails only when it comes to it.
        between: Stands between people and an address, and gives the address that they use.
    """

    begin: Callable[[Ground], object]
    end: Callable[[Ground], object]
    remedy: str
    prelude: Callable[[Ground], object] | None = None
    between: Callable[[str], AbstractContextManager[str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill.

    Attributes:
        name: What it is called on the command line.
        cause: The code of the cause that the diagnosis is to name.
        title: What is staged, in a clause.
        fault: How; None where that cannot be done faithfully on one machine.
        stopped_by: What is to stop it.
        checks: The checks of which at least one is to refuse it; empty where none is to.
        is_silent: Whether no log tells of it, so that only a probe can: the golden path, walked
            again and again, is the alarm then.
        not_here: Why it cannot be staged; empty where it can.
    """

    name: str
    cause: str
    title: str
    fault: Deployed | Happening | None = None
    stopped_by: Stop = Stop.NOTHING
    checks: frozenset[str] = frozenset()
    is_silent: bool = False
    not_here: str = ""
