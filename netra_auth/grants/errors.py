"""What the OAuth endpoints answer when they refuse (RFC 6749 sections 4.1.2.1 and 5.2).

The answers are JSON with `error` and `error_description`, written by `error_handlers`.

netra.errors.RequestError
└── OAuthError                      400  a JSON body with `error` and `error_description`
    ├── InvalidClient               401  + WWW-Authenticate: Basic
    ├── CallerNotAllowed            403  authenticated, without the scope the endpoint needs
    └── ClientSlowedDown            429  + Retry-After
"""

from enum import StrEnum

from netra.errors import RequestError, TooManyRequests


class OAuthCode(StrEnum):
    """The codes the RFCs give; no other is ever sent."""

    INVALID_REQUEST = "invalid_request"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    INVALID_SCOPE = "invalid_scope"
    INVALID_TARGET = "invalid_target"
    """RFC 8707 section 2."""
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    UNSUPPORTED_TOKEN_TYPE = "unsupported_token_type"  # noqa: S105 - an error code, RFC 7009
    ACCESS_DENIED = "access_denied"
    LOGIN_REQUIRED = "login_required"
    """OpenID Connect Core 3.1.2.6, as the five that follow."""
    CONSENT_REQUIRED = "consent_required"
    ACCOUNT_SELECTION_REQUIRED = "account_selection_required"
    REQUEST_NOT_SUPPORTED = "request_not_supported"
    REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"
    REGISTRATION_NOT_SUPPORTED = "registration_not_supported"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"


class OAuthError(RequestError):
    """A refusal in OAuth's own words; `description` is public, ASCII, and quotes no input."""

    code = "oauth_error"

    def __init__(self, error: OAuthCode, description: str) -> None:
        super().__init__(f"{error.value}: {description}")
        self.error = error
        self.description = description


class InvalidClient(OAuthError):
    """Client authentication failed: one answer for every cause (checklist 28)."""

    code = "invalid_client"
    status = 401

    def __init__(self) -> None:
        super().__init__(OAuthCode.INVALID_CLIENT, "Client authentication failed.")


class CallerNotAllowed(OAuthError):
    """The client is who it says and may not use this endpoint."""

    code = "unauthorized_client"
    status = 403

    def __init__(self) -> None:
        super().__init__(OAuthCode.UNAUTHORIZED_CLIENT, "The client may not use this endpoint.")


class ClientSlowedDown(OAuthError):
    """Too many requests or failures (RFC 6585 section 4).

    No code is registered for it at these endpoints. `temporarily_unavailable` (RFC 6749 section
    4.1.2.1) says what a client must do, to come again later; `slow_down` (RFC 8628) would say that
    a device code is still pending.
    """

    code = "client_slowed_down"
    status = 429

    def __init__(self, limit: TooManyRequests) -> None:
        super().__init__(
            OAuthCode.TEMPORARILY_UNAVAILABLE,
            f"{limit.public_text} {limit.detail or ''}".strip(),
        )
        self.retry_after = limit.retry_after


def invalid_request(description: str) -> OAuthError:
    """Say that a request is malformed."""
    return OAuthError(OAuthCode.INVALID_REQUEST, description)


def invalid_grant(description: str) -> OAuthError:
    """Say that a code or refresh token is not good, or not for this client."""
    return OAuthError(OAuthCode.INVALID_GRANT, description)
