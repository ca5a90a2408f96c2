"""Every error that leaves a room on purpose: its code, HTTP status, close code and public text.

What does not live here: how an error is written to a wire (`netra.wire.problem`) or to a log
(`netra.telemetry`).

    NetraError
    ├── ConfigurationInvalid            a process must not start
    ├── RequestError                    the caller can mend it
    │   ├── RequestInvalid              400  4400
    │   ├── CredentialError             401  4401   who you are is not established
    │   │   ├── CredentialMissing
    │   │   ├── CredentialRejected
    │   │   └── AuthenticationStale
    │   ├── PermissionDenied            403  4403   known, but not allowed
    │   │   └── OriginRefused
    │   ├── NotFound                    404  4400
    │   ├── RequestTimedOut             408  4408
    │   ├── Conflict                    409  4400
    │   ├── ContentTooLarge             413  4400
    │   ├── AddressTooLong              414  4400
    │   ├── ContentInvalid              422  4400
    │   ├── UpgradeRequired             426  4400
    │   ├── HeadersTooLarge             431  4400
    │   └── TooManyRequests             429  4429
    ├── CouldNotDecide                  503  1013   a dependency is down: neither yes nor no
    │   ├── AuthServiceUnreachable
    │   ├── OwnCredentialUnproven
    │   ├── DatabaseUnavailable
    │   │   └── DatabaseBusy
    │   └── TooManyConnections
    └── InternalError                   500  1011

`public_text` is all a caller is told about the kind; `reason` is for the log only.
"""

from typing import ClassVar


class NetraError(Exception):
    """The root: an error with a stable code, an HTTP status, a close code and a public text.

    Attributes:
        code: Stable machine-readable name, also the last part of the problem type.
        status: HTTP status (RFC 9110).
        close_code: WebSocket close code (RFC 6455 section 7.4).
        public_text: What anybody may read.
        reason: What only the log may read; never a secret.
        detail: Public addition to `public_text` for this occurrence, or None.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    close_code: ClassVar[int] = 1011
    public_text: ClassVar[str] = "Something went wrong on our side."

    def __init__(self, reason: str = "", *, detail: str | None = None) -> None:
        self.reason = reason or self.public_text
        self.detail = detail
        super().__init__(self.reason)


class ConfigurationInvalid(NetraError):
    """A process has no valid configuration and must not start."""

    code = "configuration_invalid"
    public_text = "The service is not configured."


class RequestError(NetraError):
    """The caller can mend it."""

    code = "request_error"
    status = 400
    close_code = 4400
    public_text = "The request cannot be served."


class RequestInvalid(RequestError):
    """The request is malformed."""

    code = "request_invalid"
    public_text = "The request is malformed."


class CredentialError(RequestError):
    """The caller's identity is not established."""

    code = "not_authenticated"
    status = 401
    close_code = 4401
    public_text = "Authentication is required."


class CredentialMissing(CredentialError):
    """The request carried no credential at all (RFC 6750 section 3.1: no error code)."""

    code = "credential_missing"


class CredentialRejected(CredentialError):
    """The credential was looked at and refused; why is for the log only."""

    code = "invalid_token"
    public_text = "The credential was refused."


class AuthenticationStale(CredentialError):
    """The credential is good, and its person logged in too long ago for this (RFC 9470).

    `max_age` is how long ago, in seconds, a login may be.
    """

    code = "insufficient_user_authentication"
    public_text = "Log in again: this needs a login made just now."

    def __init__(self, reason: str = "", *, max_age: int = 900, detail: str | None = None) -> None:
        super().__init__(reason, detail=detail)
        self.max_age = max_age


class PermissionDenied(RequestError):
    """The caller is known and may not do this."""

    code = "insufficient_scope"
    status = 403
    close_code = 4403
    public_text = "You are not allowed to do this."


class OriginRefused(PermissionDenied):
    """A browser asked from a page that is not on the list of allowed origins."""

    code = "origin_refused"
    public_text = "This origin is not allowed."


class NotFound(RequestError):
    """There is no such thing, or it belongs to someone else: the answer is the same."""

    code = "not_found"
    status = 404
    public_text = "There is no such thing here."


class RequestTimedOut(RequestError):
    """The client took longer to send its request than any honest one does."""

    code = "request_timed_out"
    status = 408
    close_code = 4408
    public_text = "The request did not arrive in time."


class Conflict(RequestError):
    """The request contradicts what is stored."""

    code = "conflict"
    status = 409
    public_text = "The request conflicts with what is stored."


class ContentTooLarge(RequestError):
    """The body is larger than the route takes."""

    code = "content_too_large"
    status = 413
    public_text = "The body is too large."


class AddressTooLong(RequestError):
    """The address that is asked for is longer than any there is."""

    code = "address_too_long"
    status = 414
    public_text = "The address is too long."


class ContentInvalid(RequestError):
    """The body or a parameter does not have the declared shape."""

    code = "content_invalid"
    status = 422
    public_text = "The request does not have the expected shape."


class UpgradeRequired(RequestError):
    """The handshake is for a version of WebSocket not spoken here (RFC 6455 section 4.4)."""

    code = "upgrade_required"
    status = 426
    public_text = "Sockets are served in WebSocket version 13."


class HeadersTooLarge(RequestError):
    """The header fields together are larger than any honest client's."""

    code = "headers_too_large"
    status = 431
    public_text = "The request's headers are too large."


class TooManyRequests(RequestError):
    """The caller must slow down; `retry_after` is in seconds."""

    code = "too_many_requests"
    status = 429
    close_code = 4429
    public_text = "Too many requests."

    def __init__(self, reason: str = "", *, retry_after: int, detail: str | None = None) -> None:
        super().__init__(reason, detail=detail)
        self.retry_after = retry_after


class CouldNotDecide(NetraError):
    """A dependency is down, so the answer is neither yes nor no; `retry_after` is in seconds."""

    code = "could_not_decide"
    status = 503
    close_code = 1013
    public_text = "A service this request depends on is unavailable. Try again shortly."

    def __init__(
        self, reason: str = "", *, retry_after: int = 2, detail: str | None = None
    ) -> None:
        super().__init__(reason, detail=detail)
        self.retry_after = retry_after


class AuthServiceUnreachable(CouldNotDecide):
    """The auth service did not answer, or the breaker in front of it is open."""

    code = "auth_service_unreachable"


class OwnCredentialUnproven(CouldNotDecide):
    """This service cannot prove its own identity, so it cannot do work in its own name."""

    code = "own_credential_unproven"
    public_text = "This service cannot prove its own identity at the moment. Try again shortly."


class DatabaseUnavailable(CouldNotDecide):
    """The database did not give a session."""

    code = "database_unavailable"


class DatabaseBusy(DatabaseUnavailable):
    """The database is there, and others kept all of what was to be had of it for too long."""

    code = "database_busy"
    public_text = "Too much waits for the database. Try again shortly."


class TooManyConnections(CouldNotDecide):
    """As many connections are being served as this process can bear."""

    code = "too_many_connections"
    public_text = "Too many connections are open here. Try again shortly."


class InternalError(NetraError):
    """A fault of ours."""
