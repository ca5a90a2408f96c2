"""Threads and their messages, each row with its owner and an id made by the client."""

import sqlalchemy as sa
from alembic import op

from netra_backend.app.db.stored_tables import physical

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_THREADS = physical("threads")
_MESSAGES = physical("messages")


def upgrade() -> None:
    op.create_table(
        _THREADS,
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("owner_id", sa.String(128), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_THREADS}"),
        sa.UniqueConstraint("owner_id", "id", name=f"uq_{_THREADS}_owner_id_id"),
    )
    op.create_index(
        f"ix_{_THREADS}_owner_id_created_at_id", _THREADS, ["owner_id", "created_at", "id"]
    )
    op.create_table(
        _MESSAGES,
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("owner_id", sa.String(128), nullable=False),
        sa.Column("thread_id", sa.String(40), nullable=False),
        sa.Column("author", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("author IN ('user', 'agent')", name=op.f(f"ck_{_MESSAGES}_author")),
        sa.ForeignKeyConstraint(
            ["owner_id", "thread_id"],
            [f"{_THREADS}.owner_id", f"{_THREADS}.id"],
            name=f"fk_{_MESSAGES}_{_THREADS}",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_MESSAGES}"),
    )
    op.create_index(
        f"ix_{_MESSAGES}_owner_id_thread_id_created_at_id",
        _MESSAGES,
        ["owner_id", "thread_id", "created_at", "id"],
    )


def downgrade() -> None:
    op.drop_table(_MESSAGES)
    op.drop_table(_THREADS)
