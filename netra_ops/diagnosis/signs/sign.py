"""The meanings a line can have. Pure."""

from enum import StrEnum, auto


class Sign(StrEnum):
    """What a line says, in whose words ever."""

    # Of tokens and credentials.
    SIGNATURE_REFUSED = auto()
    TOKEN_EXPIRED = auto()
    TOKEN_TOO_EARLY = auto()
    ISSUER_REFUSED = auto()
    AUDIENCE_REFUSED = auto()
    KEY_ID_UNKNOWN = auto()
    TOKEN_MALFORMED = auto()
    CLAIM_TYPE_REFUSED = auto()
    TOKEN_REVOKED = auto()
    REFRESH_REUSED = auto()
    CREDENTIAL_MISSING = auto()
    NOT_AUTHENTICATED = auto()
    """Refused, and the line does not say why: it decides nothing."""
    NOT_PERMITTED = auto()
    CLIENT_REFUSED = auto()
    CLIENT_UNKNOWN = auto()
    """A client was refused, and the line says that it is not known, or disabled."""
    CLIENT_SECRET_WRONG = auto()
    """A client was refused, and the line says that its secret was wrong."""
    PASSWORD_WRONG = auto()
    WORKLOAD_KEY_REFUSED = auto()
    KEY_UNREADABLE = auto()
    HEADER_ILLEGAL = auto()
    CHECK_PASSED_OVER = auto()
    """A failed check was swallowed, or nobody was served as somebody (`user_id` null)."""
    NOBODY_NAMED = auto()
    CAME_BARE = auto()
    """A line names nobody where it names a user (`user_id=None`), and says no more."""
    SESSION_CREATED = auto()
    AUTHENTICATED = auto()
    """Somebody was taken for who they are."""
    TOKEN_ISSUED = auto()
    LOGGED_IN = auto()
    TOKEN_TOLD = auto()
    """A line of a token that came, which says when or by which key it was signed, and no more."""
    # Of configuration.
    NOT_CONFIGURED = auto()
    VARIABLE_UNSET = auto()
    """A platform says that a variable or a secret was taken from a program."""
    CONFIGURED = auto()
    """A program says that a variable was loaded."""
    VALUE_EMPTY = auto()
    VALUE_MALFORMED = auto()
    VALUE_SHORT = auto()
    VALUE_WITH_BLANKS = auto()
    VALUE_IN_QUOTES = auto()
    DEFAULT_KEY = auto()
    KEY_GENERATED = auto()
    REFERENCE_TEXT = auto()
    FALLBACK_FILE = auto()
    SECRET_OUTDATED = auto()
    """A program says that it holds an older secret than is stored."""
    SESSION_MIDDLEWARE = auto()
    KEY_ROTATED = auto()
    KEY_TOLD = auto()
    """A process says by which key it signs; the subject is the key, or what stands for it."""
    # Of what was called; the subject is the host or the dependency.
    CONNECTION_REFUSED = auto()
    HOST_UNKNOWN = auto()
    TIMED_OUT = auto()
    DEPENDENCY_FAILED = auto()
    """It answered 5xx, or a line says that it is not to be had."""
    NOT_JSON = auto()
    REDIRECTED = auto()
    BREAKER_OPEN = auto()
    BREAKER_CLOSED = auto()
    CERTIFICATE_EXPIRED = auto()
    CERTIFICATE_REFUSED = auto()
    DATABASE_SILENT = auto()
    DATABASE_PASSWORD = auto()
    POOL_EXHAUSTED = auto()
    POOL_WAITED = auto()
    CLOCK_DIFFERS = auto()
    # Of sockets and browsers.
    UPGRADE_MISSING = auto()
    SUBPROTOCOL = auto()
    ORIGIN_REFUSED = auto()
    PREFLIGHT_BARE = auto()
    """It was refused, and its answer's headers tell a browser nothing."""
    SOCKET_OPENED = auto()
    SOCKET_CLOSED = auto()
    # Of the platform.
    PLATFORM_REFUSED = auto()
    SECRET_PERMISSION = auto()
    SECRET_VERSION = auto()
    NOT_READY = auto()
    KIND_CONFLICT = auto()
    """A deployment was refused, for a variable is plain and was to be a secret, or reversed."""
    INVOKER_CHANGED = auto()
    SECRET_CHANGED = auto()
    WORKLOAD_KEY_DELETED = auto()
    DEPLOYED = auto()
    TRAFFIC_CHANGED = auto()
    # Of programs.
    STARTING = auto()
    STARTED = auto()
    EXITED = auto()
    MODULE_MISSING = auto()
    START_FAILED = auto()
    CODE_ERROR = auto()
    """The subject is `file:function` of the innermost frame of the project."""
    OUT_OF_MEMORY = auto()
    OTHER_ERROR = auto()
    """An error line that none of these fits."""
