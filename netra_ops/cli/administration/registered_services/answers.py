"""How services are shown, and the answer to "can I delete the old secret?"."""

from collections.abc import Iterable
from typing import Any, Final

from netra.clock import SystemClock
from netra.wire.auth_admin import SecretRecord, ServiceRecord
from netra_ops.administration.secret_use import OldSecret, newest_of, old_secrets
from netra_ops.cli.administration.showing import document, moment, show_fields, show_table
from netra_ops.cli.administration.times import long_in
from netra_ops.cli.console import tell
from netra_ops.findings import Verdict, printable

_ANSWERS: Final = {Verdict.PASS: "yes", Verdict.FAIL: "no", Verdict.UNKNOWN: "unknown"}


def show_services(services: Iterable[ServiceRecord]) -> None:
    """Show a line for each service."""
    rows = (
        (
            service.service_id,
            service.name,
            _standing(service),
            service.grants,
            len(service.secrets),
            len(service.key_ids),
            service.scopes,
        )
        for service in services
    )
    heads = ("service", "name", "standing", "grants", "secrets", "keys", "scopes")
    show_table(heads, rows, "There are no services.")


def show_service(service: ServiceRecord) -> None:
    """Show everything of one service."""
    show_fields(
        (
            ("service", service.service_id),
            ("name", service.name),
            ("standing", _standing(service)),
            ("since", moment(service.created_at)),
            ("grants", service.grants),
            ("scopes", service.scopes),
            ("audiences", service.audiences),
            ("redirect URIs", service.redirect_uris),
            ("keys", service.key_ids),
        )
    )
    now = SystemClock().timestamp()
    rows = (
        (
            secret.secret_id,
            moment(secret.created_at),
            _end(secret, now),
            _use(secret, now),
            secret.uses,
        )
        for secret in service.secrets
    )
    show_table(("secret", "made", "good until", "last used", "uses"), rows, "It has no secret.")
    for old in old_secrets(service.secrets, now):
        tell(printable(f"Can {old.secret.secret_id} be deleted? {_says(old, now)}"))


def record_document(service: ServiceRecord) -> dict[str, Any]:
    """Give a service as it came, and the answer for each of its old secrets."""
    now = SystemClock().timestamp()
    answers = [
        {
            "secret_id": old.secret.secret_id,
            "can_be_deleted": _ANSWERS[old.verdict],
            "says": _says(old, now),
        }
        for old in old_secrets(service.secrets, now)
    ]
    return {**document(service), "old_secrets": answers}


def may_be_deleted(service: ServiceRecord, secret_id: str) -> str:
    """Say what is known before a secret is deleted."""
    now = SystemClock().timestamp()
    for old in old_secrets(service.secrets, now):
        if old.secret.secret_id == secret_id:
            return printable(f"Can {secret_id} be deleted? {_says(old, now)}")
    newest = newest_of(service.secrets)
    if newest is None or newest.secret_id != secret_id:
        return printable(f"{service.service_id} has no secret {secret_id}.")
    left = "the newest one" if len(service.secrets) > 1 else "the only one"
    return printable(f"{secret_id} is {left}: whoever has it cannot prove to be the service then.")


def _says(old: OldSecret, now: float) -> str:
    newest, last = old.newest, old.secret.last_used_at
    if old.has_ended and old.secret.valid_until is not None:
        return f"Yes: its time was over {long_in(now - old.secret.valid_until)} ago."
    if old.verdict is Verdict.FAIL and last is not None:
        return (
            f"No: it was used {long_in(now - last)} ago, after {newest.secret_id} was made. "
            "Somebody still has it."
        )
    since = "it was never used" if last is None else f"it was last used {long_in(now - last)} ago"
    made = f"{newest.secret_id} was made {long_in(now - newest.created_at)} ago"
    if old.verdict is Verdict.UNKNOWN:
        return f"Not known yet: {since}, but nobody used the newer one either; {made}."
    return f"Yes: {since}, and not since {made}, which is in use."


def _standing(service: ServiceRecord) -> str:
    if service.disabled_at is None:
        return "active"
    return f"disabled since {moment(service.disabled_at)}"


def _end(secret: SecretRecord, now: float) -> str:
    if secret.valid_until is None:
        return "no end"
    over = " (over)" if secret.valid_until <= now else ""
    return moment(secret.valid_until) + over


def _use(secret: SecretRecord, now: float) -> str:
    if secret.last_used_at is None:
        return "never"
    return f"{moment(secret.last_used_at)} ({long_in(now - secret.last_used_at)} ago)"
