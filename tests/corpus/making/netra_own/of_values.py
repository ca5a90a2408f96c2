"""Incidents of Netra's own services about values that are lost or carry too much."""

from collections.abc import Callable
from datetime import UTC, datetime

from corpus.making.freezing import Expected
from corpus.making.netra_own.installed import AUTH, BACKEND
from corpus.making.netra_own.started import not_started


def secret_lost(begins: datetime, name: str) -> None:
    """The line of the secret is gone from the configuration."""
    not_started(
        begins,
        name,
        lambda _own: (BACKEND, "SERVICE_SECRET", None),
        Expected(
            "cause_found",
            "env_var_lost",
            "The first revision has SERVICE_SECRET and the later ones have not; each of their starts ends with a violation that says it is not set. The end of the processes is a consequence.",
            "process",
            must_not=("service_secret_mismatch", "service_unregistered", "missing_module"),
            pair="service_secret_mismatch",
        ),
    )


def issuer_lost(begins: datetime, name: str) -> None:
    """The auth service has lost the key that encrypts its store of keys."""
    not_started(
        begins,
        name,
        lambda _own: (AUTH, "KEYRING_ENCRYPTION_KEY", None),
        Expected(
            "cause_found",
            "env_var_lost",
            "netra-auth-00001 has KEYRING_ENCRYPTION_KEY, the revisions after it have not and say at their start that it is missing; the backend is not even started.",
            "process",
            must_not=("auth_service_unreachable", "key_rotated_without_overlap", "missing_module"),
        ),
    )


def white_space(begins: datetime, name: str) -> None:
    """A blank was appended to the secret."""
    not_started(
        begins,
        name,
        lambda own: (BACKEND, "SERVICE_SECRET", own.netra.env(BACKEND)["SERVICE_SECRET"] + " "),
        Expected(
            "cause_found",
            "whitespace_in_value",
            "The start is refused because SERVICE_SECRET carries white space, and in fingerprints.json its raw fingerprint is not its stripped one; the stripped one is what the first revision has.",
            "process",
            must_not=("service_secret_mismatch", "env_var_lost", "signing_key_mismatch"),
            pair="service_secret_mismatch",
        ),
    )


def quotes(begins: datetime, name: str) -> None:
    """The secret was written in quotation marks, which are taken literally."""
    not_started(
        begins,
        name,
        lambda own: (BACKEND, "SERVICE_SECRET", f'"{own.netra.env(BACKEND)["SERVICE_SECRET"]}"'),
        Expected(
            "cause_found",
            "quotes_in_value",
            "The start is refused because of quotation marks around SERVICE_SECRET; the unquoted fingerprint is the first revision's.",
            "process",
            must_not=("service_secret_mismatch", "env_var_lost", "whitespace_in_value"),
        ),
    )


def weak_number(begins: datetime, name: str) -> None:
    """A variable of the auth service is no number."""
    not_started(
        begins,
        name,
        lambda _own: (AUTH, "ACCESS_TOKEN_SECONDS", "5m"),
        Expected(
            "cause_found",
            "startup_failed",
            "netra-auth refuses to start because ACCESS_TOKEN_SECONDS is no whole number from 30 to 300; this is the first error after the start, and nothing was lost, quoted or unresolved.",
            "process",
            must_not=("env_var_lost", "auth_service_unreachable", "missing_module", "code_error"),
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: secret_lost(datetime(2026, 3, 9, 7, 45, tzinfo=UTC), "own-line-missing"),
    lambda: issuer_lost(datetime(2026, 3, 10, 11, 2, tzinfo=UTC), "own-keyring-key-missing"),
    lambda: white_space(datetime(2026, 3, 11, 13, 30, tzinfo=UTC), "own-blank-at-the-end"),
    lambda: quotes(datetime(2026, 3, 12, 17, 5, tzinfo=UTC), "own-quoted-secret"),
    lambda: weak_number(datetime(2026, 3, 13, 6, 10, tzinfo=UTC), "own-five-minutes"),
)
