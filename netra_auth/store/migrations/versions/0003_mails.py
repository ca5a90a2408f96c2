"""Mails that were asked for.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_requests",
        sa.Column("mail_id", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_attempt_at", sa.Double),
        sa.Column("token_hash", sa.String(64)),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("mail_id", name="pk_mail_requests"),
        sa.UniqueConstraint("token_hash", name="uq_mail_requests_token_hash"),
    )
    for column in ("address", "next_attempt_at", "expires_at"):
        op.create_index(f"ix_mail_requests_{column}", "mail_requests", [column])


def downgrade() -> None:
    op.drop_table("mail_requests")
