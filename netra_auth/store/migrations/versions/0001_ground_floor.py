"""Users, sessions, services, codes, refresh tokens, signing keys, revocations, audit.

Revision: 0001, after none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.String(64)
_SHA256 = sa.String(64)
_SCOPES = sa.String(1024)


def upgrade() -> None:
    _people()
    _services()
    _grants()
    _keys_and_revocations()
    _audit()


def downgrade() -> None:
    _audit_accepts_changes()
    for name in (
        "audit",
        "counters",
        "revocations",
        "signing_keys",
        "refresh_tokens",
        "authorization_codes",
        "service_secrets",
        "services",
        "login_sessions",
        "users",
    ):
        op.drop_table(name)


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("password_hash", sa.String(256), nullable=False),
        sa.Column("roles", sa.String(256), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("disabled_at", sa.Double),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_table(
        "login_sessions",
        sa.Column("session_id", _ID, nullable=False),
        sa.Column("cookie_hash", _SHA256, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("last_seen_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_login_sessions"),
        sa.UniqueConstraint("cookie_hash", name="uq_login_sessions_cookie_hash"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name="fk_login_sessions_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_login_sessions_user_id", "login_sessions", ["user_id"])


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("service_id", _ID, nullable=False),
        sa.Column("scopes", _SCOPES, nullable=False),
        sa.Column("audiences", _SCOPES, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("disabled_at", sa.Double),
        sa.PrimaryKeyConstraint("service_id", name="pk_services"),
    )
    op.create_table(
        "service_secrets",
        sa.Column("secret_id", _ID, nullable=False),
        sa.Column("service_id", _ID, nullable=False),
        sa.Column("secret_sha256", _SHA256, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("valid_until", sa.Double),
        sa.PrimaryKeyConstraint("secret_id", name="pk_service_secrets"),
        sa.UniqueConstraint(
            "service_id", "secret_sha256", name="uq_service_secrets_service_id_secret_sha256"
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["services.service_id"],
            name="fk_service_secrets_service_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_service_secrets_service_id", "service_secrets", ["service_id"])


def _grants() -> None:
    op.create_table(
        "authorization_codes",
        sa.Column("code_hash", _SHA256, nullable=False),
        sa.Column("session_id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("redirect_uri", sa.String(2048), nullable=False),
        sa.Column("code_challenge", sa.String(64), nullable=False),
        sa.Column("scope", _SCOPES, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("claimed_at", sa.Double),
        sa.PrimaryKeyConstraint("code_hash", name="pk_authorization_codes"),
        _session_key("authorization_codes"),
    )
    op.create_index("ix_authorization_codes_session_id", "authorization_codes", ["session_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("token_hash", _SHA256, nullable=False),
        sa.Column("family_id", _ID, nullable=False),
        sa.Column("session_id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("scope", _SCOPES, nullable=False),
        sa.Column("issued_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("spent_at", sa.Double),
        sa.PrimaryKeyConstraint("token_hash", name="pk_refresh_tokens"),
        _session_key("refresh_tokens"),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    op.create_index("ix_refresh_tokens_family_id", "refresh_tokens", ["family_id"])


def _session_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["session_id"],
        ["login_sessions.session_id"],
        name=f"fk_{table}_session_id",
        ondelete="CASCADE",
    )


def _keys_and_revocations() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(128), nullable=False),
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("public_jwk", sa.Text, nullable=False),
        sa.Column("sealed_private_jwk", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("active_slot", sa.Integer),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
        sa.UniqueConstraint("active_slot", name="uq_signing_keys_active_slot"),
    )
    op.create_table(
        "revocations",
        sa.Column("seq", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("identifier", _ID, nullable=False),
        sa.Column("revoked_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_revocations"),
    )
    op.create_index("ix_revocations_kind_identifier", "revocations", ["kind", "identifier"])
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.bulk_insert(counters, [{"name": "revocations", "value": 0}])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", _ID, nullable=False),
        sa.Column("recorded_at", sa.Double, nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("client_id", sa.String(128)),
        sa.Column("subject", sa.String(128)),
        sa.Column("token_hash", _SHA256),
        sa.Column("reason", sa.String(256)),
        sa.Column("request_id", sa.String(64)),
        sa.Column("address", sa.String(64)),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit"),
    )
    op.create_index("ix_audit_recorded_at", "audit", ["recorded_at"])
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def _audit_accepts_changes() -> None:
    # Dropping the table drops its triggers; PostgreSQL's function stays unless it is named.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only() CASCADE")


_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER audit_refuses_{change.lower()} BEFORE {change} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END"
        for change in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        (
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit record is append-only'; END $$"
        ),
        (
            "CREATE TRIGGER audit_refuses_changes BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
        ),
    ],
}
