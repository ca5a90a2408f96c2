"""Keys' lives, services as relying parties, consents, second factors, limits, a chained audit.

Revision: 0002, after 0001.

Columns that are added carry a default, so that the code before this version goes on working on
the new tables while it is being replaced.
"""

import json
from hashlib import sha256

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.String(64)
_SHA256 = sa.String(64)
_SCOPES = sa.String(1024)
_ADMINISTRATION = "users:admin"
_ADDED_SCOPES = "services:admin keys:admin sessions:admin audit:read metrics:read"


def upgrade() -> None:
    _keys()
    _services()
    _grants()
    _people()
    _limits()
    _chain_audit()


def downgrade() -> None:
    _unchain_audit()
    for name in (
        "rate_limits",
        "known_devices",
        "recovery_codes",
        "second_factors",
        "pending_logins",
        "family_tokens",
        "consents",
        "used_assertions",
    ):
        op.drop_table(name)
    for table, names in (
        ("login_sessions", ("address", "user_agent", "authenticated_at", "methods")),
        ("refresh_tokens", ("sealed_successor",)),
        ("authorization_codes", ("nonce", "family_id")),
        ("service_secrets", ("last_used_at", "uses")),
        ("services", ("name", "redirect_uris", "grants", "public_jwks")),
        ("signing_keys", ("published_at", "activated_at", "retired_at", "gone_at")),
    ):
        for name in names:
            op.drop_column(table, name)


def _keys() -> None:
    for name in ("published_at", "activated_at", "retired_at", "gone_at"):
        op.add_column("signing_keys", sa.Column(name, sa.Double))
    op.execute(
        "UPDATE signing_keys SET published_at = created_at, activated_at = created_at "
        "WHERE active_slot IS NOT NULL"
    )


def _services() -> None:
    op.add_column("services", _text("name", sa.String(128)))
    op.add_column("services", _text("redirect_uris", sa.Text))
    op.add_column(
        "services",
        sa.Column("grants", sa.String(256), nullable=False, server_default="client_credentials"),
    )
    op.add_column("services", sa.Column("public_jwks", sa.Text))
    op.add_column("service_secrets", sa.Column("last_used_at", sa.Double))
    op.add_column(
        "service_secrets", sa.Column("uses", sa.BigInteger, nullable=False, server_default="0")
    )
    # Whoever administers people administers the rest as well: there was nothing else before.
    op.execute(
        sa.text(
            "UPDATE services SET scopes = scopes || :added "
            "WHERE ' ' || scopes || ' ' LIKE :administers"
        ).bindparams(added=f" {_ADDED_SCOPES}", administers=f"% {_ADMINISTRATION} %")
    )
    op.create_table(
        "used_assertions",
        sa.Column("assertion_hash", _SHA256, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("assertion_hash", name="pk_used_assertions"),
    )
    op.create_index("ix_used_assertions_expires_at", "used_assertions", ["expires_at"])


def _grants() -> None:
    op.add_column("authorization_codes", sa.Column("nonce", sa.String(512)))
    op.add_column("authorization_codes", sa.Column("family_id", _ID))
    op.add_column("refresh_tokens", sa.Column("sealed_successor", sa.Text))
    op.create_table(
        "consents",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("scope", _SCOPES, nullable=False),
        sa.Column("granted_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "client_id", name="pk_consents"),
        _of_user("consents"),
    )
    op.create_table(
        "family_tokens",
        sa.Column("token_id", _ID, nullable=False),
        sa.Column("family_id", _ID, nullable=False),
        sa.Column("session_id", _ID, nullable=False),
        sa.Column("client_id", _ID, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("token_id", name="pk_family_tokens"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["login_sessions.session_id"],
            name="fk_family_tokens_session_id",
            ondelete="CASCADE",
        ),
    )
    for column in ("family_id", "session_id", "expires_at"):
        op.create_index(f"ix_family_tokens_{column}", "family_tokens", [column])


def _people() -> None:
    op.add_column("login_sessions", _text("address", sa.String(64)))
    op.add_column("login_sessions", _text("user_agent", sa.String(256)))
    op.add_column(
        "login_sessions",
        sa.Column("authenticated_at", sa.Double, nullable=False, server_default="0"),
    )
    op.add_column(
        "login_sessions",
        sa.Column("methods", sa.String(64), nullable=False, server_default="pwd"),
    )
    op.execute("UPDATE login_sessions SET authenticated_at = created_at")
    op.create_table(
        "pending_logins",
        sa.Column("pending_hash", _SHA256, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("password_hash", sa.String(256), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("pending_hash", name="pk_pending_logins"),
        _of_user("pending_logins"),
    )
    op.create_index("ix_pending_logins_user_id", "pending_logins", ["user_id"])
    op.create_index("ix_pending_logins_expires_at", "pending_logins", ["expires_at"])
    op.create_table(
        "second_factors",
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("sealed_secret", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("confirmed_at", sa.Double),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("blocked_until", sa.Double, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("user_id", name="pk_second_factors"),
        _of_user("second_factors"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", _SHA256, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("used_at", sa.Double),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_codes"),
        _of_user("recovery_codes"),
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])


def _limits() -> None:
    op.create_table(
        "known_devices",
        sa.Column("device_hash", _SHA256, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("logins", sa.Integer, nullable=False),
        sa.Column("last_seen_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("device_hash", "user_id", name="pk_known_devices"),
        _of_user("known_devices"),
    )
    op.create_index("ix_known_devices_user_id", "known_devices", ["user_id"])
    op.create_index("ix_known_devices_last_seen_at", "known_devices", ["last_seen_at"])
    op.create_table(
        "rate_limits",
        sa.Column("limit_key", sa.String(128), nullable=False),
        sa.Column("hits", sa.Integer, nullable=False),
        sa.Column("window_ends_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("limit_key", name="pk_rate_limits"),
    )
    op.create_index("ix_rate_limits_window_ends_at", "rate_limits", ["window_ends_at"])


def _of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["user_id"], ["users.user_id"], name=f"fk_{table}_user_id", ondelete="CASCADE"
    )


def _text(name: str, kind: type[sa.Text] | sa.String) -> sa.Column[str]:
    return sa.Column(name, kind, nullable=False, server_default="")


def _chain_audit() -> None:
    op.add_column("audit", sa.Column("seq", sa.BigInteger))
    op.add_column("audit", sa.Column("chain_hash", _SHA256))
    head = op.create_table(
        "audit_head",
        sa.Column("head_id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("chain_hash", _SHA256, nullable=False),
        sa.PrimaryKeyConstraint("head_id", name="pk_audit_head"),
    )
    _audit_accepts_changes()
    seq, chain_hash = _chain_what_is_there()
    op.bulk_insert(head, [{"head_id": 1, "seq": seq, "chain_hash": chain_hash}])
    op.create_index("ix_audit_seq", "audit", ["seq"], unique=True)
    _audit_refuses_changes()


def _unchain_audit() -> None:
    op.drop_index("ix_audit_seq", table_name="audit")
    op.drop_table("audit_head")
    op.drop_column("audit", "chain_hash")
    op.drop_column("audit", "seq")


_CONTENT = (
    "audit_id",
    "recorded_at",
    "event",
    "outcome",
    "actor",
    "client_id",
    "subject",
    "token_hash",
    "reason",
    "request_id",
    "address",
)


def _chain_what_is_there() -> tuple[int, str]:
    """Link the rows of the time before the chain, as `netra_auth.audit` links new ones."""
    connection = op.get_bind()
    audit = sa.table(
        "audit", *(sa.column(name) for name in _CONTENT), sa.column("seq"), sa.column("chain_hash")
    )
    rows = connection.execute(
        sa.select(*(audit.c[name] for name in _CONTENT)).order_by(
            audit.c.recorded_at, audit.c.audit_id
        )
    ).mappings()
    seq, chain_hash = 0, "0" * 64
    for row in rows.all():
        seq += 1
        content = {name: row[name] for name in _CONTENT} | {"seq": seq}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        chain_hash = sha256(f"{chain_hash}\n{text}".encode()).hexdigest()
        connection.execute(
            sa.update(audit)
            .where(audit.c.audit_id == row["audit_id"])
            .values(seq=seq, chain_hash=chain_hash)
        )
    return seq, chain_hash


def _audit_accepts_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_refuses_changes ON audit")
    else:
        op.execute("DROP TRIGGER audit_refuses_update")
        op.execute("DROP TRIGGER audit_refuses_delete")


def _audit_refuses_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER audit_refuses_changes BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_refuses_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit record is append-only'); END"
        )
