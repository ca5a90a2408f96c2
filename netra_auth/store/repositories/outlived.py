"""SQL that finds and removes what has no more meaning, a bounded number of rows at a time.

How long each kind is kept is decided in `netra_auth.store.janitor`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from netra_auth.store.tables import (
    authorization_codes,
    family_tokens,
    known_devices,
    login_sessions,
    mail_requests,
    pending_logins,
    rate_limits,
    refresh_tokens,
    revocations,
    second_factors,
    service_secrets,
    signing_keys,
    used_assertions,
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """Rows that lose their meaning some time after the moment in a column."""

    key: Column[Any]
    moment: Column[Any]
    besides: ColumnElement[bool] | None = None

    def before(self, at: float) -> ColumnElement[bool]:
        """Select the rows whose moment lies before another."""
        past = self.moment < at
        return past if self.besides is None else and_(past, self.besides)


KINDS: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        "authorization_codes": _Kind(
            authorization_codes.c.code_hash, authorization_codes.c.expires_at
        ),
        "spent_refresh_tokens": _Kind(refresh_tokens.c.token_hash, refresh_tokens.c.spent_at),
        "refresh_tokens": _Kind(refresh_tokens.c.token_hash, refresh_tokens.c.expires_at),
        "family_tokens": _Kind(family_tokens.c.token_id, family_tokens.c.expires_at),
        "login_sessions": _Kind(login_sessions.c.session_id, login_sessions.c.expires_at),
        "pending_logins": _Kind(pending_logins.c.pending_hash, pending_logins.c.expires_at),
        "mail_requests": _Kind(mail_requests.c.mail_id, mail_requests.c.expires_at),
        "unconfirmed_second_factors": _Kind(
            second_factors.c.user_id,
            second_factors.c.created_at,
            second_factors.c.confirmed_at.is_(None),
        ),
        "known_devices": _Kind(known_devices.c.device_hash, known_devices.c.last_seen_at),
        "used_assertions": _Kind(used_assertions.c.assertion_hash, used_assertions.c.expires_at),
        "rate_limits": _Kind(rate_limits.c.limit_key, rate_limits.c.window_ends_at),
        "revocations": _Kind(revocations.c.seq, revocations.c.expires_at),
        "service_secrets": _Kind(service_secrets.c.secret_id, service_secrets.c.valid_until),
        "signing_keys": _Kind(
            signing_keys.c.kid, signing_keys.c.gone_at, signing_keys.c.active_slot.is_(None)
        ),
    }
)


async def find(
    connection: AsyncConnection, kind: str, before: float, limit: int
) -> Sequence[str | int]:
    """Find the keys of at most `limit` rows of a kind whose moment lies before another."""
    wanted = KINDS[kind]
    statement = select(wanted.key).where(wanted.before(before)).limit(limit)
    return (await connection.execute(statement)).scalars().all()


async def remove(
    connection: AsyncConnection, kind: str, before: float, keys: Sequence[str | int]
) -> int:
    """Remove those of several rows that still fit; what somebody else is at work on is left."""
    wanted = KINDS[kind]
    still = (
        select(wanted.key)
        .where(wanted.key.in_(keys), wanted.before(before))
        .with_for_update(skip_locked=True)
    )
    free = (await connection.execute(still)).scalars().all()
    if not free:
        return 0
    removed = await connection.execute(
        delete(wanted.key.table).where(wanted.key.in_(free), wanted.before(before))
    )
    return removed.rowcount
