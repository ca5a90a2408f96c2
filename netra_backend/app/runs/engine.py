"""The port through which runs are carried out, its limits, and what it asks of the auth service.

The adapter that ships is `journal`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.wire.auth_api import SubjectStanding
from netra_backend.app.runs.approvals.service import Answered
from netra_backend.app.runs.service import Reservation


class Standing(Protocol):
    """How a person stands now."""

    def is_in_doubt(self, principal: UserPrincipal) -> bool:
        """Say whether anything was revoked that the principal was verified by."""

    async def __call__(self, principal: UserPrincipal) -> SubjectStanding:
        """Ask how the person stands.

        Raises:
            CouldNotDecide: Nobody can be asked.
        """


@dataclass(frozen=True, slots=True)
class RunLimits:
    """How much, and how long.

    Attributes:
        per_user: Runs of one person that run at a time; the others wait their turn.
        unfinished_per_user: Runs of one person that are accepted and have not ended.
        per_process: Runs this process works on at a time.
        run_seconds: How long a run may take from when it is taken up.
        grace_seconds: How long work that was told to stop may take to do so.
        lease_seconds: For how long a run is held without renewing.
        renew_seconds: How often the leases are renewed.
        look_seconds: How often runs that nobody works on are looked for.
        takings: How often a run is taken up without completing a step before it is given up.
        disabled_seconds: How long the run of a disabled person waits before it is asked again.
        longest_pause_seconds: How long a run waits at most when nobody can be asked.
        approval_seconds: How long a run waits for its person to approve of a tool. A day, so that
            what was asked in the evening can be answered in the morning; and no longer, since what
            was wanted then may not be wanted any more, and what waits counts among the person's
            unfinished runs.
    """

    per_user: int = 2
    unfinished_per_user: int = 20
    per_process: int = 400
    run_seconds: float = 300.0
    grace_seconds: float = 2.0
    lease_seconds: float = 10.0
    renew_seconds: float = 3.0
    look_seconds: float = 1.0
    takings: int = 5
    disabled_seconds: float = 60.0
    longest_pause_seconds: float = 30.0
    approval_seconds: float = 86_400.0


class RunEngine(Protocol):
    """Carries out the runs that were accepted, each to exactly one end."""

    async def reservation(self) -> Reservation | None:
        """Say for whom a run that is accepted now is kept; None is whoever comes first.

        Raises:
            DatabaseUnavailable: The database, or its folder, does not answer.
        """

    def begin(self, run_id: str, owner_id: str, thread_id: str) -> None:
        """Take note of a run that was committed: it starts as soon as its owner's turn allows."""

    def cancelled(self, run_id: str, owner_id: str) -> None:
        """Take note that a run's row says cancelled: it is stopped now."""

    def answered(
        self, answer: Answered, principal: UserPrincipal, method: CredentialMethod
    ) -> None:
        """Take note that a person answered what a run asked: it is said, and the run goes on."""

    def subjects_ended(self, subjects: Collection[str]) -> None:
        """Take note that all tokens of these people were revoked.

        Their live runs stop; whether they go on is asked at the auth service.
        """

    async def run(self) -> None:
        """Look for runs that nobody works on and keep those that are worked on, for ever."""

    async def aclose(self) -> None:
        """Stop all work so that whoever comes next goes on from the last completed step at once."""

    def problem(self) -> str | None:
        """Say why runs are not carried out, or None if they are."""
