"""Who and what was hit, as far as it can be counted. Pure."""

from collections.abc import Iterable
from typing import Final

import msgspec

from netra_ops.gardener.facts.columns import UNDATED, Columns
from netra_ops.gardener.facts.deploys.revisions import minute_of

_ANSWER_CLASS: Final = 100
_SERVER: Final = 5
_REFUSED: Final = frozenset({401, 403})


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted; of money, reputation and the like nothing is known.

    Attributes:
        entries: How many entries of errors there are.
        principals: How many principals they name.
        requests: How many requests they name.
        minutes: In how many minutes there was at least one.
        covered_minutes: How many minutes the log covers.
        answers: How many answers of HTTP requests the log has.
        failed: How many of these were 5xx.
        refused: How many were 401 or 403.
    """

    entries: int = 0
    principals: int = 0
    requests: int = 0
    minutes: int = 0
    covered_minutes: int = 0
    answers: int = 0
    failed: int = 0
    refused: int = 0


def impact_of(columns: Columns, rows: Iterable[int], span: tuple[int, int] | None) -> Impact:
    """Count what was hit.

    Args:
        columns: All entries.
        rows: The entries of errors that are people's and not a test's.
        span: The covered interval, nanoseconds.
    """
    entries = 0
    principals: set[int] = set()
    requests: set[int] = set()
    minutes: set[int] = set()
    for row in rows:
        entries += 1
        principals.add(columns.principal[row])
        requests.add(columns.request[row])
        if columns.time[row] != UNDATED:
            minutes.add(minute_of(columns.time[row]))
    answers = [status for status in columns.status if status]
    return Impact(
        entries=entries,
        principals=len(principals - {0}),
        requests=len(requests - {0}),
        minutes=len(minutes),
        covered_minutes=minute_of(span[1]) - minute_of(span[0]) + 1 if span else 0,
        answers=len(answers),
        failed=sum(status // _ANSWER_CLASS == _SERVER for status in answers),
        refused=sum(status in _REFUSED for status in answers),
    )
