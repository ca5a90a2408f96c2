"""When a signing key goes from one state to the next: from the keys, the time and the pace. Pure.

created → published → active → retiring → gone. A verifier may keep a key set it has fetched for
`JWKS_MAX_AGE_SECONDS`, so a key is published that long before it signs; a token may be in use for
its life and a verifier's leeway, so a key stays published that long after it signed last. Nobody
can set these times: a setting could only make them wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from netra.tokens import MAX_LEEWAY_SECONDS
from netra.wire.auth_admin import KeyState
from netra.wire.auth_api import JWKS_MAX_AGE_SECONDS, MAX_ACCESS_TOKEN_SECONDS

SPREAD_SECONDS: Final = 30
"""What one process has changed, every other one goes by after this time at the latest.

Half of it is the oldest view of the keys a process may sign with or publish, half is for the
difference of the processes' clocks.
"""

LATEST_VIEW_SECONDS: Final = SPREAD_SECONDS / 2
"""From a view of the keys older than this nothing is signed or published."""

_DAY: Final = 24 * 3600
_WAITING: Final = frozenset({KeyState.CREATED, KeyState.PUBLISHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLife:
    """One key's state, and when it entered each."""

    kid: str
    state: KeyState
    created_at: float
    published_at: float | None = None
    activated_at: float | None = None
    retired_at: float | None = None
    gone_at: float | None = None

    @property
    def has_signed_since(self) -> float:
        """When it began to sign; for a row older than this column, when it was made."""
        return self.created_at if self.activated_at is None else self.activated_at

    @property
    def is_waiting(self) -> bool:
        """Tell whether it is to sign one day and does not yet."""
        return self.state in _WAITING


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a key stays in a state at least.

    Attributes:
        published_seconds: In the key set before it signs.
        retiring_seconds: In the key set after it signed last.
        active_seconds: Signing, before the schedule puts another in its place; None for ever.
    """

    published_seconds: float
    retiring_seconds: float
    active_seconds: float | None

    @classmethod
    def of(cls, rotation_days: int) -> "Pace":
        """Derive the pace; only how often to rotate is a choice, 0 for never by schedule."""
        return cls(
            published_seconds=JWKS_MAX_AGE_SECONDS + SPREAD_SECONDS,
            retiring_seconds=MAX_ACCESS_TOKEN_SECONDS + MAX_LEEWAY_SECONDS + SPREAD_SECONDS,
            active_seconds=rotation_days * _DAY if rotation_days else None,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """A key enters a state."""

    kid: str
    state: KeyState


def due_changes(lives: Sequence[KeyLife], now: float, pace: Pace) -> tuple[Change, ...]:
    """List the changes that are due, in the order in which they are to be made.

    A key stops signing in the same step in which its successor begins: at no moment is there no
    active key, nor are there two.
    """
    return (
        *(Change(life.kid, KeyState.PUBLISHED) for life in lives if _is(life, KeyState.CREATED)),
        *_succession(lives, now, pace),
        *(
            Change(life.kid, KeyState.GONE)
            for life in lives
            if _is(life, KeyState.RETIRING)
            and _is_past(life.retired_at, pace.retiring_seconds, now)
        ),
    )


def is_rotation_due(lives: Sequence[KeyLife], now: float, pace: Pace) -> bool:
    """Tell whether the schedule wants a new key: none is waiting, and the active one is old."""
    if pace.active_seconds is None or waiting(lives) is not None:
        return False
    return any(
        _is_past(life.has_signed_since, pace.active_seconds, now)
        for life in lives
        if _is(life, KeyState.ACTIVE)
    )


def waiting(lives: Sequence[KeyLife]) -> KeyLife | None:
    """Give the key of a rotation that is under way, if there is one."""
    return next((life for life in lives if life.is_waiting), None)


def entered(life: KeyLife, state: KeyState, now: float) -> KeyLife:
    """Give a key as it is once it has entered a state."""
    match state:
        case KeyState.CREATED:
            return replace(life, state=state, created_at=now)
        case KeyState.PUBLISHED:
            return replace(life, state=state, published_at=now)
        case KeyState.ACTIVE:
            return replace(life, state=state, activated_at=now)
        case KeyState.RETIRING:
            return replace(life, state=state, retired_at=now)
        case KeyState.GONE:
            return replace(life, state=state, gone_at=now)


def next_change_at(life: KeyLife, lives: Sequence[KeyLife], pace: Pace) -> float | None:
    """Say when a key's next change is due; None if nothing is planned for it."""
    match life.state:
        case KeyState.CREATED:
            return life.created_at
        case KeyState.PUBLISHED:
            return _after(life.published_at, pace.published_seconds)
        case KeyState.ACTIVE:
            successor = waiting(lives)
            if successor is not None:
                since = successor.published_at or successor.created_at
                return since + pace.published_seconds
            return _after(life.has_signed_since, pace.active_seconds)
        case KeyState.RETIRING:
            return _after(life.retired_at, pace.retiring_seconds)
        case KeyState.GONE:
            return None


def _succession(lives: Sequence[KeyLife], now: float, pace: Pace) -> tuple[Change, ...]:
    ready = [
        life
        for life in lives
        if _is(life, KeyState.PUBLISHED)
        and _is_past(life.published_at, pace.published_seconds, now)
    ]
    if not ready:
        return ()
    successor = min(ready, key=lambda life: (life.published_at or 0, life.kid))
    return (
        *(Change(life.kid, KeyState.RETIRING) for life in lives if _is(life, KeyState.ACTIVE)),
        Change(successor.kid, KeyState.ACTIVE),
    )


def _is(life: KeyLife, state: KeyState) -> bool:
    return life.state is state


def _is_past(since: float | None, seconds: float, now: float) -> bool:
    return since is not None and now >= since + seconds


def _after(since: float | None, seconds: float | None) -> float | None:
    return None if since is None or seconds is None else since + seconds
