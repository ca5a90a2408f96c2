"""Runs with their steps and leases, the journal of events, and what models cost."""

import sqlalchemy as sa
from alembic import op

from netra_backend.app.db.stored_tables import physical

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_THREADS = physical("threads")
_RUNS = physical("runs")
_STEPS = physical("run_steps")
_LEASES = physical("run_leases")
_HEADS = physical("journal_heads")
_EVENTS = physical("events")
_USAGE = physical("model_usage")


def upgrade() -> None:
    _create_runs()
    _create_run_steps()
    _create_run_leases()
    _create_journal()
    op.create_table(
        _USAGE,
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("owner_id", sa.String(128), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micros", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_USAGE}"),
    )
    op.create_index(f"ix_{_USAGE}_owner_id_created_at", _USAGE, ["owner_id", "created_at"])


def _create_runs() -> None:
    op.create_table(
        _RUNS,
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("owner_id", sa.String(128), nullable=False),
        sa.Column("thread_id", sa.String(40), nullable=False),
        sa.Column("message_id", sa.String(40), nullable=False),
        sa.Column("client_id", sa.String(64), nullable=False),
        sa.Column("agent_name", sa.String(64), nullable=False),
        sa.Column("principal", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('accepted', 'completed', 'failed')", name=op.f(f"ck_{_RUNS}_state")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id", "thread_id"],
            [f"{_THREADS}.owner_id", f"{_THREADS}.id"],
            name=f"fk_{_RUNS}_{_THREADS}",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{_RUNS}"),
        sa.UniqueConstraint("owner_id", "id", name=f"uq_{_RUNS}_owner_id_id"),
        sa.UniqueConstraint("owner_id", "client_id", name=f"uq_{_RUNS}_owner_id_client_id"),
    )
    op.create_index(f"ix_{_RUNS}_owner_id_thread_id", _RUNS, ["owner_id", "thread_id"])


def _create_run_steps() -> None:
    op.create_table(
        _STEPS,
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("owner_id", sa.String(128), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id", "run_id"],
            [f"{_RUNS}.owner_id", f"{_RUNS}.id"],
            name=f"fk_{_STEPS}_{_RUNS}",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "key", name=f"pk_{_STEPS}"),
    )


def _create_run_leases() -> None:
    op.create_table(
        _LEASES,
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("owner_id", sa.String(128), nullable=False),
        sa.Column("thread_id", sa.String(40), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("holder", sa.String(64), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id", "run_id"],
            [f"{_RUNS}.owner_id", f"{_RUNS}.id"],
            name=f"fk_{_LEASES}_{_RUNS}",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", name=f"pk_{_LEASES}"),
        sa.UniqueConstraint("owner_id", "slot", name=f"uq_{_LEASES}_owner_id_slot"),
    )
    op.create_index(f"ix_{_LEASES}_thread_id", _LEASES, ["thread_id"])
    op.create_index(f"ix_{_LEASES}_holder", _LEASES, ["holder"])


def _create_journal() -> None:
    op.create_table(
        _HEADS,
        sa.Column("owner_id", sa.String(128), nullable=False),
        sa.Column("head", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name=f"pk_{_HEADS}"),
    )
    op.create_table(
        _EVENTS,
        sa.Column("owner_id", sa.String(128), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("run_id", sa.String(40), nullable=False),
        sa.Column("thread_id", sa.String(40), nullable=False),
        sa.Column("agent_name", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("timestamp", sa.String(32), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "seq", name=f"pk_{_EVENTS}"),
        sa.UniqueConstraint("owner_id", "key", name=f"uq_{_EVENTS}_owner_id_key"),
    )
    op.create_index(f"ix_{_EVENTS}_owner_id_run_id", _EVENTS, ["owner_id", "run_id"])
    op.create_index(f"ix_{_EVENTS}_owner_id_thread_id", _EVENTS, ["owner_id", "thread_id"])


def downgrade() -> None:
    for table in (_USAGE, _EVENTS, _HEADS, _LEASES, _STEPS, _RUNS):
        op.drop_table(table)
