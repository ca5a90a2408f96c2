"""The tables of the auth service's store.

Times are seconds since the epoch. Secrets are never stored as they are: passwords as argon2id,
everything of 256 random bits as SHA-256, private signing keys sealed. The migrations create these
tables; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(64)
_EMAIL = String(320)
_SHA256 = String(64)
_SCOPES = String(1024)

users = Table(
    "users",
    metadata,
    Column("user_id", _ID, primary_key=True),
    Column("email", _EMAIL, nullable=False, unique=True),
    Column("password_hash", String(256), nullable=False),
    Column("roles", String(256), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
)

login_sessions = Table(
    "login_sessions",
    metadata,
    Column("session_id", _ID, primary_key=True),
    Column("cookie_hash", _SHA256, nullable=False, unique=True),
    Column(
        "user_id", _ID, ForeignKey("users.user_id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("created_at", Double, nullable=False),
    Column("last_seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
)


def _session_of() -> ForeignKey:
    return ForeignKey("login_sessions.session_id", ondelete="CASCADE")


services = Table(
    "services",
    metadata,
    Column("service_id", _ID, primary_key=True),
    Column("scopes", _SCOPES, nullable=False),
    Column("audiences", _SCOPES, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("disabled_at", Double),
)

# A table of its own, so that a service can hold two secrets while one replaces the other.
service_secrets = Table(
    "service_secrets",
    metadata,
    Column("secret_id", _ID, primary_key=True),
    Column(
        "service_id",
        _ID,
        ForeignKey("services.service_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("secret_sha256", _SHA256, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("valid_until", Double),
    UniqueConstraint("service_id", "secret_sha256"),
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("code_hash", _SHA256, primary_key=True),
    Column("session_id", _ID, _session_of(), nullable=False, index=True),
    Column("client_id", _ID, nullable=False),
    Column("redirect_uri", String(2048), nullable=False),
    Column("code_challenge", String(64), nullable=False),
    Column("scope", _SCOPES, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("claimed_at", Double),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", _SHA256, primary_key=True),
    Column("family_id", _ID, nullable=False, index=True),
    Column("session_id", _ID, _session_of(), nullable=False, index=True),
    Column("client_id", _ID, nullable=False),
    Column("scope", _SCOPES, nullable=False),
    Column("issued_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("spent_at", Double),
)

# `active_slot` is 1 for the key that signs and NULL for every other: its uniqueness is what lets
# exactly one of several starting processes make the first key.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(128), primary_key=True),
    Column("algorithm", String(16), nullable=False),
    Column("public_jwk", Text, nullable=False),
    Column("sealed_private_jwk", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("active_slot", Integer, unique=True),
    Column("created_at", Double, nullable=False),
)

revocations = Table(
    "revocations",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("identifier", _ID, nullable=False),
    Column("revoked_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index(None, "kind", "identifier"),
)

# One row per counter. Its row lock is held until commit, so numbers appear in the order in which
# they become visible: a reader that has seen n will never meet a smaller one later.
counters = Table(
    "counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("audit_id", _ID, primary_key=True),
    Column("recorded_at", Double, nullable=False, index=True),
    Column("event", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("client_id", String(128)),
    Column("subject", String(128)),
    Column("token_hash", _SHA256),
    Column("reason", String(256)),
    Column("request_id", String(64)),
    Column("address", String(64)),
)
