"""What a platform is to the gate: where revisions of services run and how traffic is split.

`local` is the machine's own; Google Cloud Run is to be the second. A revision is code and
configuration, made once and never changed. It is reached under the service's URL by its share of
traffic, and under an address of its own by nobody but who knows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from netra.schema_fit import SchemaJudgement
from netra.secret import Secret
from netra_ops.candidates.candidate import Candidate, Reference


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision as it is now.

    Attributes:
        service: Of which service.
        name: Its name, which no other revision of the service ever had.
        code: What it runs: an image with its digest, or a code id.
        percent: Its share of the service's traffic, whole percents.
        tag: The name under which it is reached by itself; None if it is not.
        address: The URL under which it is reached by itself; None without a tag.
        is_running: Whether it could answer; on a platform that starts revisions at need, always.
    """

    service: str
    name: str
    code: str
    percent: int
    tag: str | None = None
    address: str | None = None
    is_running: bool = True


@dataclass(frozen=True, slots=True)
class ServiceState:
    """A service as it is now.

    Attributes:
        service: Its name.
        url: Where people reach it.
        revisions: Those that are there, the oldest first.
    """

    service: str
    url: str
    revisions: tuple[Revision, ...]

    @property
    def split(self) -> dict[str, int]:
        """Who serves which share; a revision with none is not in it."""
        return {one.name: one.percent for one in self.revisions if one.percent > 0}

    def revision(self, name: str) -> Revision | None:
        """Find a revision by its name."""
        return next((one for one in self.revisions if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Change:
    """What a new revision is to have that is different from the one that serves.

    Attributes:
        values: Variables to be set.
        removed: Variables to be taken away.
        references: Variables to be taken from a store of secrets.
        file: A whole configuration to merge into the one that serves: what it does not name stays.
        replaces: Whether that file is all of it instead, so that what it does not name goes.
        code: A folder of code to run instead; None for the code that serves.
    """

    values: Mapping[str, Secret] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    references: Mapping[str, Reference] = field(default_factory=dict)
    file: Path | None = None
    replaces: bool = False
    code: Path | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A revision that is not made yet.

    Attributes:
        service: Of which service.
        name: What it will be called.
        code: What it will run, as `Revision.code`.
        before: The configuration that serves now; None where none does.
        after: The configuration it will have.
        peers: The configurations of the other services, as they serve now.
    """

    service: str
    name: str
    code: str
    before: Candidate | None
    after: Candidate
    peers: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Requests:
    """What was asked of one revision in some time, by one kind of asker.

    Attributes:
        answered: How many requests by the status of their answers; sockets count as 101.
        seconds: How long each of them took, without sockets.
        cut_off: How many had no whole answer, although whoever asked was still there.
    """

    answered: Mapping[int, int] = field(default_factory=dict)
    seconds: tuple[float, ...] = ()
    cut_off: int = 0

    @property
    def total(self) -> int:
        """How many requests there were."""
        return sum(self.answered.values()) + self.cut_off


@dataclass(frozen=True, slots=True)
class Observed:
    """What was asked of one revision in some time: by people, and by probes that say so."""

    people: Requests = Requests()
    probes: Requests = Requests()


class Platform(Protocol):
    """Where revisions run. What it does is done when its method returns."""

    def services(self) -> tuple[str, ...]:
        """Name the services it knows."""

    def state(self, service: str) -> ServiceState:
        """Look at a service.

        Raises:
            UsageRefused: There is no such service.
            CouldNotTell: The platform does not answer.
        """

    def planned(self, service: str, change: Change) -> Plan:
        """Say what a change would make; makes nothing.

        Raises:
            UsageRefused: The change cannot be made: it contradicts itself or cannot be read.
            CouldNotTell: The platform does not answer.
        """

    def create(self, plan: Plan, tag: str) -> Revision:
        """Make the revision, without traffic, and wait until it is ready to serve.

        It is reached under its tag from then on, its health document names it as the plan does, and
        a proxy before it says so in `x-served-revision`.

        Raises:
            Failed: It did not get ready; what it said is in the message, and nothing of it runs.
            CouldNotTell: The platform does not answer.
        """

    def shift(self, service: str, split: Mapping[str, int]) -> None:
        """Have these revisions serve these shares from now on: whole percents, 100 together.

        With none at all nobody serves, as before a service's first deployment. A revision that does
        not run is brought back first. Open sockets stay where they are.

        Raises:
            Failed: A revision of it is not there, or cannot be brought back.
            CouldNotTell: The platform does not answer; whether it took effect is not known.
        """

    def retire(self, service: str, revision: str) -> None:
        """Take a revision without traffic out of service; it may be brought back by `shift`.

        It loses its tag and its address. One that is out of service already stays so.

        Raises:
            Failed: It has traffic.
            CouldNotTell: The platform does not answer.
        """

    def configuration(self, service: str, revision: str) -> Candidate:
        """Give the configuration a revision was made with, secrets resolved as far as they can be.

        Raises:
            Failed: There is no such revision any more.
            CouldNotTell: The platform does not answer.
        """

    def schema_fit(self, service: str, code: str) -> SchemaJudgement | None:
        """Judge whether some code may serve on the service's store as it is now.

        Args:
            service: Of which service.
            code: As `Plan.code` and `Revision.code` name it.

        Returns:
            The judgement, or None if the platform cannot see that: then the revision itself says
            so when it starts.

        Raises:
            CouldNotTell: The platform does not answer.
        """

    def observed(self, service: str, since: float, until: float) -> Mapping[str, Observed]:
        """Count what was asked of each revision between two times, seconds since the epoch.

        Probes are what says so of itself (`netra_ops.settings.PROBE_HEADER`); the platform's own
        questions about health count as neither. What was answered is counted within a second, and a
        revision that nobody asked may be missing. It is asked four times a second.

        Raises:
            CouldNotTell: It cannot be counted.
        """
