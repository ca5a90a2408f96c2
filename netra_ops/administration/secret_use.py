"""Whether a service's old secret can be deleted: judged by who used which. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from netra.wire.auth_admin import SecretRecord
from netra_ops.findings import Verdict


@dataclass(frozen=True, slots=True)
class OldSecret:
    """A judgement on a secret that a newer one stands beside.

    PASS: nobody will miss it. FAIL: it was used since the newer one was made. UNKNOWN: neither
    was used since, so whoever uses the service may have either.

    Attributes:
        secret: What is judged.
        newest: What was made last.
        has_ended: Whether its time is over: it opens nothing, whoever has it.
        verdict: The judgement.
    """

    secret: SecretRecord
    newest: SecretRecord
    has_ended: bool
    verdict: Verdict


def newest_of(secrets: Iterable[SecretRecord]) -> SecretRecord | None:
    """Give the secret that was made last."""
    return max(secrets, key=lambda secret: (secret.created_at, secret.secret_id), default=None)


def old_secrets(secrets: tuple[SecretRecord, ...], now: float) -> tuple[OldSecret, ...]:
    """Judge every secret that a newer one stands beside, the oldest first."""
    newest = newest_of(secrets)
    if newest is None:
        return ()
    older = sorted(
        (secret for secret in secrets if secret is not newest), key=lambda old: old.created_at
    )
    return tuple(_judged(old, newest, now) for old in older)


def _judged(old: SecretRecord, newest: SecretRecord, now: float) -> OldSecret:
    has_ended = old.valid_until is not None and old.valid_until <= now
    return OldSecret(old, newest, has_ended, Verdict.PASS if has_ended else _verdict(old, newest))


def _verdict(old: SecretRecord, newest: SecretRecord) -> Verdict:
    if old.last_used_at is not None and old.last_used_at >= newest.created_at:
        return Verdict.FAIL
    # Silence alone proves nothing: the service may just not have asked since.
    return Verdict.PASS if newest.last_used_at is not None else Verdict.UNKNOWN
