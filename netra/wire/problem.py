"""How an error is written to an HTTP answer: RFC 9457 documents and their headers.

Pure: gives status, headers and bytes; a service's `error_handlers` moves them.
"""

from dataclasses import dataclass
from typing import Final

import msgspec

from netra.errors import (
    AuthenticationStale,
    CouldNotDecide,
    CredentialError,
    CredentialRejected,
    NetraError,
    PermissionDenied,
    TooManyRequests,
    UpgradeRequired,
)

MEDIA_TYPE: Final = "application/problem+json"
_TYPE_PREFIX: Final = "https://netra.invalid/problems/"
_REALM: Final = 'Bearer realm="netra"'


@dataclass(frozen=True, slots=True)
class ProblemResponse:
    """An HTTP answer for one error; `headers` holds no content type."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def problem_response(
    error: NetraError,
    request_id: str | None,
    *,
    status: int | None = None,
    fields: tuple[dict[str, str], ...] = (),
) -> ProblemResponse:
    """Write an error as a problem document (RFC 9457 section 3.1).

    Args:
        error: What went wrong; only its public parts are written.
        request_id: Ties the answer to the log, if there is a request.
        status: Overrides the error's own status (405 has no error class of its own).
        fields: For invalid content: where (`at`) and what (`problem`), never the value.
    """
    code = status or error.status
    document: dict[str, object] = {
        "type": _TYPE_PREFIX + error.code,
        "title": error.public_text,
        "status": code,
        "code": error.code,
    }
    if error.detail:
        document["detail"] = error.detail
    if request_id:
        document["request_id"] = request_id
    if fields:
        document["errors"] = list(fields)
    return ProblemResponse(code, _headers(error), msgspec.json.encode(document))


def challenge(error: NetraError) -> str | None:
    """Give the `WWW-Authenticate` value for an error, if it has one (RFC 6750 section 3)."""
    if isinstance(error, AuthenticationStale):
        return f'{_REALM}, error="{error.code}", max_age={error.max_age}'
    if isinstance(error, CredentialRejected):
        return f'{_REALM}, error="invalid_token"'
    if isinstance(error, CredentialError):
        return _REALM
    if isinstance(error, PermissionDenied):
        return f'{_REALM}, error="insufficient_scope"'
    return None


def _headers(error: NetraError) -> tuple[tuple[str, str], ...]:
    headers = [("Cache-Control", "no-store")]
    if value := challenge(error):
        headers.append(("WWW-Authenticate", value))
    if isinstance(error, CouldNotDecide | TooManyRequests):
        headers.append(("Retry-After", str(error.retry_after)))
    if isinstance(error, UpgradeRequired):
        headers += [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    return tuple(headers)
