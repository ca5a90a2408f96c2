"""How a rollout goes on: which shares come one after the other, and when a step ends. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from netra_ops.findings import UsageRefused
from netra_ops.ledger.records import WHOLE

STEPS: Final = (5, 25, WHOLE)
MIN_REQUESTS: Final = 20
HOLD_SECONDS: Final = 30.0
BAKE_SECONDS: Final = 60.0
MOST_WALKS: Final = 5
"""How many golden paths are walked in one step at most."""


class Move(Enum):
    """What comes next within a step."""

    WAIT = auto()
    PROBE = auto()
    """Too few people came: walk the golden path on the candidate."""
    JUDGE = auto()
    """What was seen is all that will be."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long each step is looked at.

    Attributes:
        steps: The candidate's share in each step, in percent, up to 100.
        min_requests: How many requests of people end a step before its time; with 0 none are
            waited for.
        hold: Seconds that a step waits for them.
        bake: Seconds in which the candidate, with all of the traffic, can still be left.
    """

    steps: tuple[int, ...] = STEPS
    min_requests: int = MIN_REQUESTS
    hold: float = HOLD_SECONDS
    bake: float = BAKE_SECONDS


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a step is.

    Attributes:
        seconds: How long it lasts by now.
        people: How many requests of people the candidate had in it.
        probes: How many of probes.
        walks: How many golden paths were walked.
    """

    seconds: float
    people: int
    probes: int
    walks: int


def next_move(pace: Pace, progress: Progress, *, bakes: bool = False) -> Move:
    """Decide what comes next in a step of which nothing is refused so far.

    A step ends once enough people came, the baking only with its time. When the time is up and too
    few came, probes are sent until both together are enough, or as many walks as are allowed.
    """
    needed = max(pace.min_requests, 1)
    is_over = progress.seconds >= (pace.bake if bakes else pace.hold)
    if not bakes:
        if progress.people >= needed:
            return Move.JUDGE
        is_over = is_over or pace.min_requests == 0
    if not is_over:
        return Move.WAIT
    if progress.people + progress.probes >= needed or progress.walks >= MOST_WALKS:
        return Move.JUDGE
    return Move.PROBE


def split_at(percent: int, candidate: str, stable: str | None) -> dict[str, int]:
    """Give who serves which share in a step; all of it is the candidate's where nobody serves."""
    if stable is None or percent >= WHOLE:
        return {candidate: WHOLE}
    return {stable: WHOLE - percent, candidate: percent}


def steps_from(text: str) -> tuple[int, ...]:
    """Read steps such as `5,25,100`.

    Raises:
        UsageRefused: They are no whole percents that grow and end with 100.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(
        part.isascii() and part.isdigit() and len(part) <= len(str(WHOLE)) for part in parts
    ):
        raise UsageRefused(_STEPS_ARE)
    steps = tuple(int(part) for part in parts)
    grow = all(one < other for one, other in pairwise(steps))
    if not grow or steps[0] < 1 or steps[-1] != WHOLE:
        raise UsageRefused(_STEPS_ARE)
    return steps


def steps_for(steps: Sequence[int], stable: str | None) -> tuple[int, ...]:
    """Give the steps that make sense: where nobody serves there is nothing to share with."""
    return tuple(steps) if stable is not None else (WHOLE,)


_STEPS_ARE: Final = "--steps are whole percents that grow and end with 100, such as 5,25,100."
