"""Pure: how urgent something is, by a written rule. What is counted is counted elsewhere.

The first row that holds decides:

| row | what is so | priority |
|---|---|---|
| 1 | it keeps a service from starting | P0 |
| 2 | CRITICAL or worse, still going on, and hits a tenth of requests or of principals | P0 |
| 3 | ERROR or worse, still going on, and hits half of requests or of principals | P0 |
| 4 | CRITICAL or worse | P1 |
| 5 | ERROR, still going on, and began with a revision | P1 |
| 6 | ERROR, and hits a tenth of requests or of principals | P1 |
| 7 | ERROR | P2 |
| 8 | WARNING, still going on, and began with a revision or hits a tenth | P2 |
| 9 | anything else | P3 |

Then two bounds, whatever the row was: test traffic is never above P1, and what is stale is never
above P3. A share that nobody could count is taken for none, and the reasons say so.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

TENTH: Final = 0.1
HALF: Final = 0.5


class Severity(IntEnum):
    """How bad a log entry says it is, as Cloud Logging orders it."""

    DEFAULT = 0
    DEBUG = 100
    INFO = 200
    NOTICE = 300
    WARNING = 400
    ERROR = 500
    CRITICAL = 600
    ALERT = 700
    EMERGENCY = 800


class Priority(StrEnum):
    """How soon somebody must act: P0 now, P1 today, P2 this week, P3 when there is time."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    def at_most(self, other: "Priority") -> "Priority":
        """Give the less urgent of the two."""
        return max(self, other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What is known of something that went wrong.

    Attributes:
        severity: The worst that its log entries say.
        requests: The share of all requests that it hit, 0 to 1; None if nobody could count.
        principals: The share of all principals that it hit, 0 to 1; None if nobody could count.
        began_with_revision: Whether it was not there before a revision served.
        goes_on: Whether it still happened at the end of what was looked at.
        stops_start: Whether a service does not start because of it.
        is_test_traffic: Whether only probes, drills and tests met it.
        is_stale: Whether it happened on what no longer serves, or ended long ago.

    Raises:
        ValueError: A share is none.
    """

    severity: Severity
    requests: float | None = None
    principals: float | None = None
    began_with_revision: bool = False
    goes_on: bool = False
    stops_start: bool = False
    is_test_traffic: bool = False
    is_stale: bool = False

    def __post_init__(self) -> None:
        for share in (self.requests, self.principals):
            if share is not None and not 0 <= share <= 1:
                raise ValueError("A share is between 0 and 1.")

    def hits(self, share: float) -> bool:
        """Tell whether it hits at least this share of requests or of principals."""
        return max(self.requests or 0.0, self.principals or 0.0) >= share


@dataclass(frozen=True, slots=True)
class Judged:
    """A priority, and why it is that one: at least one reason, as sentences."""

    priority: Priority
    reasons: tuple[str, ...]


def judged(signs: Signs) -> Judged:
    """Say how urgent something is, by the rule of this module."""
    priority, reason = _row(signs)
    reasons = [reason]
    if signs.requests is None and signs.principals is None:
        reasons.append("How many requests or principals it hits could not be counted.")
    if signs.is_test_traffic and priority < Priority.P1:
        priority = priority.at_most(Priority.P1)
        reasons.append("Only test traffic met it, which is never above P1.")
    if signs.is_stale and priority < Priority.P3:
        priority = Priority.P3
        reasons.append("It is stale, which is never above P3.")
    return Judged(priority, tuple(reasons))


def _row(signs: Signs) -> tuple[Priority, str]:
    """Give the first row of the table that holds."""
    level, goes_on, begun = signs.severity.name, signs.goes_on, signs.began_with_revision
    critical = signs.severity >= Severity.CRITICAL
    error = signs.severity >= Severity.ERROR
    warning = signs.severity >= Severity.WARNING
    hits = f"hits {_share(signs)}"
    rows = (
        (signs.stops_start, Priority.P0, "It keeps a service from starting."),
        (
            critical and goes_on and signs.hits(TENTH),
            Priority.P0,
            f"It is {level}, goes on, and {hits}.",
        ),
        (
            error and goes_on and signs.hits(HALF),
            Priority.P0,
            f"It is {level}, goes on, and {hits}.",
        ),
        (critical, Priority.P1, f"It is {level}."),
        (error and goes_on and begun, Priority.P1, "It is ERROR, goes on, began with a revision."),
        (error and signs.hits(TENTH), Priority.P1, f"It is ERROR, and {hits}."),
        (error, Priority.P2, "It is ERROR, and nothing makes it more urgent."),
        (
            warning and goes_on and begun,
            Priority.P2,
            "It is WARNING, goes on, began with a revision.",
        ),
        (
            warning and goes_on and signs.hits(TENTH),
            Priority.P2,
            f"It is WARNING, goes on, and {hits}.",
        ),
    )
    otherwise = (Priority.P3, f"It is {level}, and nothing makes it more urgent.")
    return next(((priority, why) for holds, priority, why in rows if holds), otherwise)


def _share(signs: Signs) -> str:
    if (signs.requests or 0.0) >= (signs.principals or 0.0):
        return f"{100 * (signs.requests or 0.0):.0f} % of requests"
    return f"{100 * (signs.principals or 0.0):.0f} % of principals"
