"""Which reasons of refusals are counted by name. A reason may quote a caller; a label must not."""

from typing import Final

OTHER: Final = "other"

_BY_NAME: Final = {
    "unknown service": "unknown_service",
    "wrong secret": "wrong_secret",
    "the service is disabled": "disabled",
    "the service is unknown or disabled": "disabled",
    "the client or its secret is missing": "no_proof",
    "a public client has no secret": "no_proof",
    "the client has no such key": "unknown_key",
    "the token names a key that the issuer does not publish": "unknown_key",
    "the signature is not right": "wrong_signature",
    "the assertion is not meant for this issuer alone": "wrong_audience",
    "the assertion has expired": "expired",
    "the assertion is good for too long": "too_long",
    "the assertion was used before": "replayed",
    "the token has expired": "expired",
    "the token, its session or its subject was revoked": "revoked",
    "no such account": "no_such_account",
    "wrong password": "wrong_password",
    "the account is disabled": "disabled",
    "may not introspect": "not_allowed",
}
"""The words of the audit record to a label's value."""
_BY_BEGINNING: Final = {
    "no row grants ": "not_allowed",
    "the token is meant for ": "wrong_audience",
}


def counted_reason(reason: str | None) -> str:
    """Give the label for a reason in the words of the audit record."""
    if reason is None:
        return OTHER
    if reason in _BY_NAME:
        return _BY_NAME[reason]
    for beginning, label in _BY_BEGINNING.items():
        if reason.startswith(beginning):
            return label
    return OTHER
