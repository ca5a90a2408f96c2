"""What crosses between the auth service and whoever administers it or their own account.

Paths and shapes only. A secret is in exactly one answer, the one that made it, and never again.
Times are seconds since the epoch.
"""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from netra.principal import Role
from netra.wire.auth_api import NewPassword, WireModel

ADMIN_USER_PATH: Final = "/admin/users/{user_id}"
"""GET one, DELETE to erase."""
ADMIN_USER_DISABLE_PATH: Final = "/admin/users/{user_id}/disable"
ADMIN_USER_ENABLE_PATH: Final = "/admin/users/{user_id}/enable"
ADMIN_USER_EXPORT_PATH: Final = "/admin/users/{user_id}/export"
ADMIN_USER_SECOND_FACTOR_PATH: Final = "/admin/users/{user_id}/second-factor"
"""DELETE: a person lost their second factor and all recovery codes."""
ADMIN_USER_SESSIONS_PATH: Final = "/admin/users/{user_id}/sessions"
"""GET to list, DELETE to end all."""
ADMIN_SESSION_PATH: Final = "/admin/sessions/{session_id}"
"""DELETE: end one."""
ADMIN_SERVICES_PATH: Final = "/admin/services"
"""GET to list, POST to register."""
ADMIN_SERVICE_PATH: Final = "/admin/services/{service_id}"
"""GET one with its secrets' use, PATCH to change what it may ask for."""
ADMIN_SERVICE_DISABLE_PATH: Final = "/admin/services/{service_id}/disable"
ADMIN_SERVICE_ENABLE_PATH: Final = "/admin/services/{service_id}/enable"
ADMIN_SERVICE_SECRETS_PATH: Final = "/admin/services/{service_id}/secrets"
"""POST: a new secret, beside the present ones until their stated end."""
ADMIN_SERVICE_SECRET_PATH: Final = "/admin/services/{service_id}/secrets/{secret_id}"  # noqa: S105 - a path
"""DELETE: end one secret at once."""
ADMIN_KEYS_PATH: Final = "/admin/keys"
ADMIN_KEYS_ROTATE_PATH: Final = "/admin/keys/rotate"
ADMIN_KEY_PATH: Final = "/admin/keys/{kid}"
"""DELETE: the key is compromised; it is gone at once, with every token it signed."""
ADMIN_AUDIT_PATH: Final = "/admin/audit"
ADMIN_AUDIT_CHAIN_PATH: Final = "/admin/audit/chain"
METRICS_PATH: Final = "/metrics"

OWN_SESSIONS_PATH: Final = "/users/me/sessions"
"""GET to list, DELETE to end all others."""
OWN_SESSION_BY_ID_PATH: Final = "/users/me/sessions/{session_id}"
OWN_PASSWORD_PATH: Final = "/users/me/password"  # noqa: S105 - a path
OWN_EXPORT_PATH: Final = "/users/me/export"
USERINFO_PATH: Final = "/userinfo"
OPENID_METADATA_PATH: Final = "/.well-known/openid-configuration"
CONSENT_PATH: Final = "/consent"
SECOND_FACTOR_PATH: Final = "/login/second-factor"
ACCOUNT_PATH: Final = "/account"
"""The page of one's own: sessions, password, second factor."""

MAX_PAGE: Final = 500
MAX_OVERLAP_SECONDS: Final = 90 * 24 * 3600


class UserRecord(WireModel):
    """A person as an administrator sees them."""

    user_id: str
    email: str
    roles: tuple[Role, ...]
    created_at: float
    disabled_at: float | None
    has_second_factor: bool


class UserPage(WireModel):
    """A part of the people, by id; `next_after` is None at the end."""

    items: tuple[UserRecord, ...]
    next_after: str | None


class SessionRecord(WireModel):
    """One login session; `is_current` where the request came from it."""

    session_id: str
    user_id: str
    created_at: float
    last_seen_at: float
    expires_at: float
    address: str
    user_agent: str
    methods: tuple[str, ...]
    is_current: bool = False


class SessionList(WireModel):
    """A person's login sessions, the latest used first."""

    items: tuple[SessionRecord, ...]


class Ended(WireModel):
    """How many were ended."""

    ended: int


class PasswordChange(WireModel):
    """A new password of one's own; it ends every other session."""

    current_password: Annotated[str, Field(min_length=1, max_length=1024, repr=False)]
    new_password: NewPassword


class ConsentRecord(WireModel):
    """What a person allowed a client."""

    client_id: str
    scope: str
    granted_at: float


class AccountExport(WireModel):
    """Everything the auth service holds of one person, secrets left out."""

    user: UserRecord
    sessions: tuple[SessionRecord, ...]
    consents: tuple[ConsentRecord, ...]
    audit: tuple["AuditRecord", ...]


class ServiceGrant(StrEnum):
    """What a service may be registered for; the values are OAuth's grant types."""

    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant


ServiceName = Annotated[str, Field(max_length=128, description="What people call it.")]
ServiceIdText = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=63)]
Listed = Annotated[str, Field(min_length=1, max_length=128)]
RedirectUri = Annotated[str, Field(min_length=8, max_length=1024)]


class NewService(WireModel):
    """A service to register.

    With redirect URIs and the grant `authorization_code` it may also log people in. With
    `public_jwks` it proves itself by signed assertions, and `with_secret=false` then leaves it
    without a secret.
    """

    service_id: ServiceIdText
    name: ServiceName = ""
    scopes: Annotated[tuple[Listed, ...], Field(max_length=64)] = ()
    audiences: Annotated[tuple[Listed, ...], Field(max_length=16)] = ()
    grants: Annotated[tuple[ServiceGrant, ...], Field(min_length=1, max_length=3)] = (
        ServiceGrant.CLIENT_CREDENTIALS,
    )
    redirect_uris: Annotated[tuple[RedirectUri, ...], Field(max_length=16)] = ()
    public_jwks: dict[str, Any] | None = None
    with_secret: bool = True


class ServiceChange(WireModel):
    """What of a service is to be changed; what is left out stays."""

    name: ServiceName | None = None
    scopes: Annotated[tuple[Listed, ...], Field(max_length=64)] | None = None
    audiences: Annotated[tuple[Listed, ...], Field(max_length=16)] | None = None
    grants: Annotated[tuple[ServiceGrant, ...], Field(min_length=1, max_length=3)] | None = None
    redirect_uris: Annotated[tuple[RedirectUri, ...], Field(max_length=16)] | None = None
    public_jwks: dict[str, Any] | None = None


class SecretRecord(WireModel):
    """One of a service's secrets, and whether anybody still uses it.

    `valid_until` is None for one without an end; `last_used_at` is None for one never used.
    """

    secret_id: str
    created_at: float
    valid_until: float | None
    last_used_at: float | None
    uses: int


class ServiceRecord(WireModel):
    """A service as an administrator sees it."""

    service_id: str
    name: str
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]
    grants: tuple[ServiceGrant, ...]
    redirect_uris: tuple[str, ...]
    key_ids: tuple[str, ...]
    """The `kid` of each public key it signs assertions with."""
    created_at: float
    disabled_at: float | None
    secrets: tuple[SecretRecord, ...]


class ServiceList(WireModel):
    """Every service, by id."""

    items: tuple[ServiceRecord, ...]


class RegisteredService(WireModel):
    """A service just registered; `secret` is shown here and nowhere else."""

    service: ServiceRecord
    secret: str | None = Field(default=None, repr=False)


class SecretRotation(WireModel):
    """A new secret is wanted; the present ones end after the overlap."""

    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS)] = 24 * 3600


class RotatedSecret(WireModel):
    """A secret just made; it is shown here and nowhere else."""

    secret_id: str
    secret: str = Field(repr=False)
    others_valid_until: float | None


class KeyState(StrEnum):
    """The life of a signing key."""

    CREATED = "created"
    """Made, and not yet known to anybody."""
    PUBLISHED = "published"
    """In the key set, and not yet signing: verifiers learn of it first."""
    ACTIVE = "active"
    """Signs."""
    RETIRING = "retiring"
    """Signs no more; stays in the key set while tokens it signed may live."""
    GONE = "gone"
    """In the key set no more; its private half is destroyed."""


class KeyRecord(WireModel):
    """A signing key, and when it entered each state; the next change is due at `next_at`."""

    kid: str
    algorithm: str
    state: KeyState
    created_at: float | None
    published_at: float | None
    activated_at: float | None
    retired_at: float | None
    gone_at: float | None
    next_at: float | None


class KeyList(WireModel):
    """The signing keys, the newest first, in the trust mode that is configured."""

    trust_mode: str
    items: tuple[KeyRecord, ...]


class AuditOutcome(StrEnum):
    """How a recorded act ended."""

    SUCCESS = "success"
    REFUSED = "refused"


class AuditRecord(WireModel):
    """One act, as the audit record has it; the members of a line of `audit.ndjson`.

    `chain_hash` is SHA-256 over the hash of the row before and this row's other members; it and
    `seq` are None in rows older than the chain.
    """

    seq: int | None
    audit_id: str
    time: str
    """UTC, RFC 3339."""
    event: str
    outcome: str
    actor: str
    client_id: str | None
    subject: str | None
    token_hash: str | None
    reason: str | None
    request_id: str | None
    address: str | None
    recorded_at: float
    """The same time, exactly as it is in the chain."""
    chain_hash: str | None


class AuditPage(WireModel):
    """A part of the record, in order; `next_after` is the `seq` to go on from, None at the end."""

    items: tuple[AuditRecord, ...]
    next_after: int | None


class ChainReport(WireModel):
    """Whether the record is whole: every link holds from its beginning to its head."""

    is_whole: bool
    rows: int
    head_seq: int
    head_hash: str
    broken_at: int | None = None
    """The first `seq` whose link does not hold."""
    unchained_rows: int = 0
    """Rows outside the chain."""
    says: str


AccountExport.model_rebuild()
