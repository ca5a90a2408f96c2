"""What is told of a deployment while it goes on: for people in lines, for programs as JSON.

`docs/flows/deploy.md` says what each event holds. None holds a value of a variable.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from netra_ops.findings import ExitCode, Outcome, Verdict
from netra_ops.ledger.records import Stage


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """What every event says: of which service, and when, in seconds since the epoch."""

    service: str
    time: float


class Planned(_Event, tag="planned", frozen=True, kw_only=True):
    """What is to be done; nothing is yet.

    Attributes:
        revision: What the revision is, or will be, called.
        code: What it runs.
        serving: Who serves now.
        steps: The shares to come.
        changes: What differs from what serves, in words, by names.
        dry_run: Whether it ends with the checks.
    """

    revision: str
    code: str
    serving: dict[str, int]
    steps: tuple[int, ...]
    changes: tuple[str, ...]
    dry_run: bool


class Remarked(_Event, tag="remark", frozen=True, kw_only=True):
    """Something that a person would want to know."""

    text: str


class Decided(_Event, tag="decided", frozen=True, kw_only=True):
    """A stage was judged.

    Attributes:
        revision: What was judged.
        stage: What was looked at.
        percent: With which share of traffic.
        verdict: The worst of what counts.
        overridden: Whether a person let it go on all the same.
        outcomes: Everything that was said.
    """

    revision: str
    stage: Stage
    percent: int
    verdict: Verdict
    overridden: bool
    outcomes: tuple[Outcome, ...]


class Making(_Event, tag="making", frozen=True, kw_only=True):
    """The revision is being made, without traffic."""

    revision: str
    tag: str


class Made(_Event, tag="made", frozen=True, kw_only=True):
    """The revision is ready, under an address of its own."""

    revision: str
    address: str | None


class Probed(_Event, tag="probed", frozen=True, kw_only=True):
    """A step of the golden path was taken on a revision."""

    revision: str
    step: str
    verdict: Verdict
    got: str
    ms: float


class Shifted(_Event, tag="shifted", frozen=True, kw_only=True):
    """From now on these serve."""

    split: dict[str, int]


class Sampled(_Event, tag="sampled", frozen=True, kw_only=True):
    """What was seen so far in a step.

    Attributes:
        revision: Of which revision.
        percent: Its share.
        bakes: Whether it has all of it and is on trial.
        seconds: How long the step lasts by now.
        of_seconds: How long it lasts at most.
        people: How many requests of people the revision had.
        probes: How many of probes.
        needed: How many are needed.
        verdict: FAIL once something is refused.
    """

    revision: str
    percent: int
    bakes: bool
    seconds: float
    of_seconds: float
    people: int
    probes: int
    needed: int
    verdict: Verdict


class Ended(_Event, tag="ended", frozen=True, kw_only=True):
    """How it ended; nothing comes after it.

    Attributes:
        revision: What it was about; empty where it did not come to one.
        ending: `promoted`, `refused` or `rolled_back` of a deployment; `restored`, `refused` or
            `stays` of a rollback; `could_not_decide`; `would_go_on` or `would_be_refused` of a
            rehearsal.
        exit_code: What the shell is told.
        serving: Who serves now; None where that is not known.
        golden_path: What the golden path said of what serves since traffic was moved to it; None
            where it was not walked since.
        reasons: Why it is not promoted.
        seconds: How long it took.
    """

    revision: str
    ending: str
    exit_code: ExitCode
    serving: dict[str, int] | None
    golden_path: Verdict | None
    reasons: tuple[str, ...]
    seconds: float


Event: TypeAlias = Planned | Remarked | Decided | Making | Made | Probed | Shifted | Sampled | Ended
Tell = Callable[[Event], None]
