"""Removing what has no more meaning, so that no table grows without end.

The audit record and its chain are kept, whatever their age.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from netra.clock import Clock
from netra.telemetry.log_events import event_logger
from netra_auth.store.engine import Database
from netra_auth.store.repositories import outlived

_log = event_logger("netra_auth.store")

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR

KEPT_SECONDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        # A second use of a code, or of a spent refresh token, ends the session for this long;
        # later it is merely refused, as an unknown one is.
        "authorization_codes": _DAY,
        "spent_refresh_tokens": 7 * _DAY,
        "refresh_tokens": _DAY,
        # Access tokens of relying parties, noted so that their family can end them.
        "family_tokens": 5 * _MINUTE,
        "login_sessions": _DAY,
        "pending_logins": _MINUTE,
        # A mail that could not be sent in its time is told by the sender before it is forgotten.
        "mail_requests": _HOUR,
        "unconfirmed_second_factors": _DAY,
        "known_devices": 366 * _DAY,
        # A verifier's clock may be behind ours.
        "used_assertions": 5 * _MINUTE,
        "rate_limits": _MINUTE,
        # An entry outlives every token it concerns already; a follower that was away for longer
        # than this holds no token that an entry it missed could have ended.
        "revocations": _HOUR,
        # "Who used the old secret last" can be asked for a quarter of a year.
        "service_secrets": 90 * _DAY,
        "signing_keys": 400 * _DAY,
    }
)
"""How long rows of each kind are kept after they ended, in seconds."""

BATCH: Final = 500
_BATCHES: Final = 200


async def sweep(database: Database, clock: Clock) -> Mapping[str, int]:
    """Remove what has no more meaning, in short transactions; give how many rows of each kind.

    What a very large store has too much of is left to the next sweep. Any number of instances may
    sweep one store.

    Raises:
        DatabaseUnavailable: The store cannot be reached; what was removed before stays removed.
    """
    now = clock.timestamp()
    counts = {
        kind: await _sweep_kind(database, kind, now - kept) for kind, kept in KEPT_SECONDS.items()
    }
    removed = {kind: count for kind, count in counts.items() if count}
    if removed:
        _log.info("store_swept", rows=sum(removed.values()), removed=removed)
    return counts


async def _sweep_kind(database: Database, kind: str, before: float) -> int:
    removed = 0
    for _ in range(_BATCHES):
        # Looking takes the longest and needs no lock.
        async with database.reading() as connection:
            keys = await outlived.find(connection, kind, before, BATCH)
        if not keys:
            break
        async with database.transaction() as transaction:
            count = await outlived.remove(transaction.connection, kind, before, keys)
        removed += count
        if len(keys) < BATCH or not count:
            break
    return removed
