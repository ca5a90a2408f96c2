"""All phrases, and which meaning of a line makes which other one say nothing more."""

from types import MappingProxyType
from typing import Final

from netra_ops.diagnosis.signs.lexicon import (
    calls,
    credentials,
    databases,
    identity,
    platform,
    programs,
    sockets,
    tokens,
)
from netra_ops.diagnosis.signs.lexicon.configuration import claims, forms, values, variables
from netra_ops.diagnosis.signs.sign import Sign

PHRASES: Final = (
    *tokens.PHRASES,
    *credentials.PHRASES,
    *identity.PHRASES,
    *variables.PHRASES,
    *values.PHRASES,
    *forms.PHRASES,
    *claims.PHRASES,
    *calls.PHRASES,
    *databases.PHRASES,
    *sockets.PHRASES,
    *platform.PHRASES,
    *programs.PHRASES,
)

_OF_TOKENS: Final = frozenset(
    {
        Sign.SIGNATURE_REFUSED,
        Sign.TOKEN_EXPIRED,
        Sign.TOKEN_TOO_EARLY,
        Sign.ISSUER_REFUSED,
        Sign.AUDIENCE_REFUSED,
        Sign.KEY_ID_UNKNOWN,
        Sign.CLAIM_TYPE_REFUSED,
        Sign.TOKEN_REVOKED,
        Sign.REFRESH_REUSED,
    }
)
_OF_CALLS: Final = frozenset(
    {
        Sign.CONNECTION_REFUSED,
        Sign.HOST_UNKNOWN,
        Sign.TIMED_OUT,
        Sign.NOT_JSON,
        Sign.BREAKER_OPEN,
        Sign.CERTIFICATE_EXPIRED,
        Sign.CERTIFICATE_REFUSED,
    }
)
_OF_DATABASES: Final = frozenset(
    {Sign.POOL_EXHAUSTED, Sign.POOL_WAITED, Sign.DATABASE_PASSWORD, Sign.DATABASE_SILENT}
)
_OF_VALUES: Final = frozenset(
    {
        Sign.NOT_CONFIGURED,
        Sign.VALUE_EMPTY,
        Sign.VALUE_MALFORMED,
        Sign.DEFAULT_KEY,
        Sign.REFERENCE_TEXT,
    }
)
_OF_PLATFORM: Final = frozenset(
    {Sign.PLATFORM_REFUSED, Sign.SECRET_PERMISSION, Sign.SECRET_VERSION}
)
_REFUSALS: Final = (
    _OF_TOKENS
    | _OF_PLATFORM
    | {
        Sign.CREDENTIAL_MISSING,
        Sign.CLIENT_REFUSED,
        Sign.PASSWORD_WRONG,
        Sign.WORKLOAD_KEY_REFUSED,
        Sign.DATABASE_PASSWORD,
        Sign.ORIGIN_REFUSED,
        Sign.SUBPROTOCOL,
        Sign.UPGRADE_MISSING,
    }
)
_SPECIFIC: Final = (
    _REFUSALS
    | _OF_CALLS
    | _OF_DATABASES
    | _OF_VALUES
    | {Sign.KEY_UNREADABLE, Sign.HEADER_ILLEGAL, Sign.SESSION_MIDDLEWARE, Sign.MODULE_MISSING}
    | {Sign.TOKEN_MALFORMED, Sign.DEPENDENCY_FAILED, Sign.OUT_OF_MEMORY, Sign.NOT_READY}
)
SILENCED_BY: Final = MappingProxyType(
    {
        Sign.NOT_AUTHENTICATED: _SPECIFIC | {Sign.CHECK_PASSED_OVER},
        Sign.NOT_PERMITTED: _REFUSALS | {Sign.FALLBACK_FILE, Sign.VALUE_EMPTY},
        Sign.FALLBACK_FILE: frozenset({Sign.DEFAULT_KEY}),
        Sign.VALUE_MALFORMED: frozenset({Sign.VALUE_WITH_BLANKS, Sign.VALUE_IN_QUOTES}),
        Sign.KEY_ROTATED: frozenset({Sign.KEY_GENERATED}),
        Sign.CODE_ERROR: _SPECIFIC | {Sign.START_FAILED},
        Sign.TOKEN_MALFORMED: _OF_TOKENS | {Sign.CREDENTIAL_MISSING, Sign.VALUE_EMPTY},
        Sign.TOKEN_EXPIRED: frozenset(
            {Sign.CERTIFICATE_EXPIRED, Sign.REFRESH_REUSED, Sign.CLOCK_DIFFERS}
        ),
        Sign.TOKEN_TOO_EARLY: frozenset({Sign.CERTIFICATE_EXPIRED, Sign.CERTIFICATE_REFUSED}),
        Sign.SIGNATURE_REFUSED: frozenset(
            {Sign.WORKLOAD_KEY_REFUSED, Sign.CERTIFICATE_REFUSED, Sign.KEY_UNREADABLE}
        ),
        Sign.KEY_ID_UNKNOWN: frozenset({Sign.NOT_CONFIGURED, Sign.WORKLOAD_KEY_REFUSED}),
        Sign.KEY_UNREADABLE: frozenset({Sign.VALUE_EMPTY}),
        Sign.CREDENTIAL_MISSING: frozenset(
            {Sign.NOT_CONFIGURED, Sign.PLATFORM_REFUSED, Sign.WORKLOAD_KEY_REFUSED}
        )
        | {Sign.AUDIENCE_REFUSED, Sign.ISSUER_REFUSED},
        Sign.CLIENT_REFUSED: frozenset(
            {Sign.WORKLOAD_KEY_REFUSED, Sign.CLIENT_UNKNOWN, Sign.CLIENT_SECRET_WRONG}
        ),
        Sign.PASSWORD_WRONG: frozenset({Sign.DATABASE_PASSWORD}),
        Sign.CERTIFICATE_REFUSED: frozenset({Sign.CERTIFICATE_EXPIRED}),
        Sign.BREAKER_CLOSED: frozenset({Sign.BREAKER_OPEN}),
        Sign.NOT_CONFIGURED: frozenset({Sign.SESSION_MIDDLEWARE}),
        Sign.START_FAILED: frozenset({Sign.NOT_READY, Sign.SECRET_PERMISSION, Sign.SECRET_VERSION}),
        Sign.VALUE_EMPTY: frozenset({Sign.NOT_CONFIGURED}),
        Sign.REFERENCE_TEXT: frozenset({Sign.NOT_CONFIGURED}),
        Sign.CONFIGURED: _OF_VALUES | {Sign.FALLBACK_FILE},
        Sign.DEPENDENCY_FAILED: _OF_CALLS
        | _OF_DATABASES
        | {Sign.KEY_ID_UNKNOWN, Sign.WORKLOAD_KEY_REFUSED, Sign.CLIENT_REFUSED},
        Sign.CONNECTION_REFUSED: _OF_DATABASES | {Sign.HOST_UNKNOWN, Sign.NOT_READY},
        Sign.HOST_UNKNOWN: _OF_DATABASES | {Sign.REFERENCE_TEXT, Sign.MODULE_MISSING},
        Sign.TIMED_OUT: _OF_DATABASES
        | {Sign.NOT_READY, Sign.CONNECTION_REFUSED, Sign.FALLBACK_FILE, Sign.HOST_UNKNOWN}
        | {Sign.SOCKET_CLOSED},
        Sign.POOL_WAITED: frozenset({Sign.POOL_EXHAUSTED, Sign.DATABASE_PASSWORD}),
        Sign.DATABASE_SILENT: frozenset(
            {Sign.POOL_EXHAUSTED, Sign.POOL_WAITED, Sign.DATABASE_PASSWORD}
        ),
        Sign.REDIRECTED: _OF_CALLS,
        Sign.AUTHENTICATED: _SPECIFIC | {Sign.NOT_AUTHENTICATED, Sign.CHECK_PASSED_OVER},
        Sign.SESSION_CREATED: _SPECIFIC | {Sign.NOT_AUTHENTICATED},
        Sign.TOKEN_ISSUED: _SPECIFIC | {Sign.NOT_AUTHENTICATED, Sign.CHECK_PASSED_OVER},
        Sign.LOGGED_IN: _SPECIFIC | {Sign.NOT_AUTHENTICATED},
        Sign.STARTING: frozenset({Sign.START_FAILED, Sign.NOT_READY, Sign.MODULE_MISSING}),
        Sign.STARTED: frozenset({Sign.START_FAILED, Sign.NOT_READY}),
        Sign.SOCKET_OPENED: frozenset({Sign.SOCKET_CLOSED, Sign.NOT_AUTHENTICATED}),
    }
)
"""The general beside the particular: a line that gives a reason says with `not authenticated` no
second thing."""
