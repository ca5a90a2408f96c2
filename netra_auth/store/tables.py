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


def _user_of() -> ForeignKey:
    return ForeignKey("users.user_id", ondelete="CASCADE")


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
    Column("user_id", _ID, _user_of(), nullable=False, index=True),
    Column("created_at", Double, nullable=False),
    Column("last_seen_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("address", String(64), nullable=False, server_default=""),
    Column("user_agent", String(256), nullable=False, server_default=""),
    Column("authenticated_at", Double, nullable=False, server_default="0"),
    Column("methods", String(64), nullable=False, server_default="pwd"),
)

# A login whose password was right and whose second factor is still asked for.
pending_logins = Table(
    "pending_logins",
    metadata,
    Column("pending_hash", _SHA256, primary_key=True),
    Column("user_id", _ID, _user_of(), nullable=False, index=True),
    Column("password_hash", String(256), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
)

# `last_step` is the time step of the newest code taken: no code works twice (RFC 6238 section 5.2).
# `failures` counts the wrong codes since the last right one; none is looked at while blocked.
second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", _ID, _user_of(), primary_key=True),
    Column("sealed_secret", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("confirmed_at", Double),
    Column("last_step", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("blocked_until", Double, nullable=False, server_default="0"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code_hash", _SHA256, primary_key=True),
    Column("user_id", _ID, _user_of(), nullable=False, index=True),
    Column("used_at", Double),
)

# Mails that were asked for, also those that are not to be sent: whoever asks is not told which.
# `attempts` counts the claims for sending and so names the present one. `next_attempt_at` is when
# the next may be made, NULL once the mail was sent. `token_hash` is of the link in the mail, which
# is made when it is sent: no row ever held a secret.
mail_requests = Table(
    "mail_requests",
    metadata,
    Column("mail_id", _ID, primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("address", _EMAIL, nullable=False, index=True),
    Column("created_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Double, index=True),
    Column("token_hash", _SHA256, unique=True),
    Column("expires_at", Double, nullable=False, index=True),
)

# Browsers that a person logged in with before: nobody else's failures keep them out. One browser
# may be several people's, so the two columns together are the key.
known_devices = Table(
    "known_devices",
    metadata,
    Column("device_hash", _SHA256, primary_key=True),
    Column("user_id", _ID, _user_of(), primary_key=True, index=True),
    Column("logins", Integer, nullable=False),
    Column("last_seen_at", Double, nullable=False, index=True),
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
    Column("name", String(128), nullable=False, server_default=""),
    Column("redirect_uris", Text, nullable=False, server_default=""),
    Column("grants", String(256), nullable=False, server_default="client_credentials"),
    Column("public_jwks", Text),
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
    Column("last_used_at", Double),
    Column("uses", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("service_id", "secret_sha256"),
)

# One-time ids of client assertions (RFC 7523), as SHA-256 of client and `jti`.
used_assertions = Table(
    "used_assertions",
    metadata,
    Column("assertion_hash", _SHA256, primary_key=True),
    Column("expires_at", Double, nullable=False, index=True),
)

consents = Table(
    "consents",
    metadata,
    Column("user_id", _ID, _user_of(), primary_key=True),
    Column("client_id", _ID, primary_key=True),
    Column("scope", _SCOPES, nullable=False),
    Column("granted_at", Double, nullable=False),
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
    Column("nonce", String(512)),
    Column("family_id", _ID),
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
    Column("sealed_successor", Text),
)

# The access tokens of relying parties while they may live: what ends a family must name each.
family_tokens = Table(
    "family_tokens",
    metadata,
    Column("token_id", _ID, primary_key=True),
    Column("family_id", _ID, nullable=False, index=True),
    Column("session_id", _ID, _session_of(), nullable=False, index=True),
    Column("client_id", _ID, nullable=False),
    Column("expires_at", Double, nullable=False, index=True),
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
    Column("published_at", Double),
    Column("activated_at", Double),
    Column("retired_at", Double),
    Column("gone_at", Double),
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

# Failures and requests counted within a window; `hits` counts up to its end.
rate_limits = Table(
    "rate_limits",
    metadata,
    Column("limit_key", String(128), primary_key=True),
    Column("hits", Integer, nullable=False),
    Column("window_ends_at", Double, nullable=False, index=True),
)

# `chain_hash` is SHA-256 over the hash before it and the row's content: a row cannot be changed,
# left out or put in without changing every hash after it. Both are NULL in a row that code older
# than the chain wrote while it was being replaced.
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
    Column("seq", BigInteger),
    Column("chain_hash", _SHA256),
    Index(None, "seq", unique=True),
)

# One row: the end of the chain. Its row lock is what orders the writers.
audit_head = Table(
    "audit_head",
    metadata,
    Column("head_id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("chain_hash", _SHA256, nullable=False),
)
