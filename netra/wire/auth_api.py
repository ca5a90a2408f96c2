"""What crosses between the auth service and everybody else: paths, forms' answers, feed entries.

Behaviour lives in the services; these are shapes only. OAuth names follow RFC 6749, 7662, 8414.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from netra.principal import Role

AUTHORIZE_PATH: Final = "/authorize"
TOKEN_PATH: Final = "/token"  # noqa: S105 - a path
INTROSPECT_PATH: Final = "/introspect"
REVOKE_PATH: Final = "/revoke"
JWKS_PATH: Final = "/.well-known/jwks.json"
METADATA_PATH: Final = "/.well-known/oauth-authorization-server"
REVOCATIONS_PATH: Final = "/revocations"
SUBJECTS_PATH: Final = "/subjects"
OWN_SESSION_PATH: Final = "/sessions/current"
USERS_PATH: Final = "/users"
OWN_USER_PATH: Final = "/users/me"
ADMIN_USERS_PATH: Final = "/admin/users"
LOGIN_PATH: Final = "/login"
LOGOUT_PATH: Final = "/logout"
REGISTER_PATH: Final = "/register"
FORGOTTEN_PASSWORD_PATH: Final = "/forgotten-password"  # noqa: S105 - a path
MAILED_LINK_PATH: Final = "/mailed-link"

CHAT_CLIENT_ID: Final = "netra-chat"
"""The public client that the chat page is."""

CHAT_PATH: Final = "/chat"
"""Where on its own origin the chat page is."""

CHAT_CALLBACK_PATH: Final = "/chat/callback"
"""Where on its own origin the chat page takes the answer to an authorization request."""

AUTH_AUDIENCE: Final = "netra-auth"
"""The audience of tokens meant for the auth service's own API."""

USERINFO_AUDIENCE: Final = "netra-auth:userinfo"
"""The audience of the tokens relying parties hold for people: it opens `/userinfo` alone."""

MAX_ACCESS_TOKEN_SECONDS: Final = 300
"""No access token lives longer: the bound on a revoked token's life while the feed is down."""

JWKS_MAX_AGE_SECONDS: Final = 300
"""How long a fetched key set may be kept: a new key is published so long before it signs."""

MAX_FEED_WAIT_SECONDS: Final = 20
"""The longest a reader of the revocation feed may ask the auth service to hold its request."""


class WireModel(BaseModel):
    """A frozen message that refuses members it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TokenResponse(WireModel):
    """A successful answer of the token endpoint (RFC 6749 section 5.1)."""

    access_token: str = Field(repr=False)
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int
    scope: str
    refresh_token: str | None = Field(default=None, repr=False)
    id_token: str | None = Field(default=None, repr=False)
    """Where `openid` was granted (OpenID Connect Core section 3.1.3.3)."""


class UserInfo(WireModel):
    """What a relying party may know of a person (OpenID Connect Core section 5.3.2)."""

    sub: str
    email: str | None = None
    email_verified: bool | None = None
    updated_at: int | None = None


class OAuthErrorResponse(WireModel):
    """A refusal of an OAuth endpoint (RFC 6749 section 5.2)."""

    error: str
    error_description: str


class IntrospectionResponse(WireModel):
    """What the auth service knows of a token (RFC 7662 section 2.2); inactive says nothing more."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    token_type: str | None = None
    exp: int | None = None
    iat: int | None = None
    sub: str | None = None
    aud: tuple[str, ...] | None = None
    iss: str | None = None
    jti: str | None = None
    sid: str | None = None
    principal_kind: Literal["user", "service"] | None = None


class RevocationKind(StrEnum):
    """What a feed entry ends."""

    TOKEN = "token"  # noqa: S105 - a kind of entry
    """One access token, by `jti`."""
    SESSION = "session"
    """Every token of one login session, by `sid`."""
    SUBJECT = "subject"
    """Every token of one subject (a disabled or deleted user or service), by `sub`."""


class Revocation(WireModel):
    """One entry of the revocation feed.

    `expires_at` is when every token it could concern has expired of itself (seconds since epoch).
    """

    seq: int
    kind: RevocationKind
    identifier: str
    revoked_at: float
    expires_at: float


class RevocationPage(WireModel):
    """A part of the feed after the reader's cursor; `next_after` is the next cursor."""

    items: tuple[Revocation, ...]
    next_after: int


class SubjectStanding(StrEnum):
    """What has become of a person since their token was verified."""

    ACTIVE = "active"
    DISABLED = "disabled"
    """The account is there and opens nothing; that may change again."""
    GONE = "gone"
    """There is no such person. Ids are never given twice, so that does not change."""


class SubjectReport(WireModel):
    """How a person stands, as of the latest commit."""

    user_id: str
    standing: SubjectStanding


EmailText = Annotated[
    str, Field(min_length=3, max_length=254, json_schema_extra={"format": "email"})
]
NewPassword = Annotated[
    str,
    Field(
        min_length=8,
        max_length=1024,
        repr=False,
        description="Any characters; not one of the passwords that everybody tries first.",
        # What a reader of the document can know of that list: no short text over and over.
        json_schema_extra={"not": {"pattern": r"^([\s\S]{1,4})\1+[\s\S]{0,3}$"}},
    ),
]


class NewUser(WireModel):
    """A registration."""

    email: EmailText
    password: NewPassword


class NewUserByAdmin(NewUser):
    """A registration by an operator or by the operations toolkit, with a role if wanted."""

    role: Role | None = None


class PasswordReset(WireModel):
    """A new password, set by an administrator; it ends the person's sessions."""

    email: EmailText
    password: NewPassword


class UserView(WireModel):
    """What an answer says of a user."""

    user_id: str
    email: str
    roles: tuple[Role, ...]
    created_at: float
