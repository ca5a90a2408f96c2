"""PostgreSQL holds every transaction to the rows of whoever it was begun for."""

from netra_backend.app.db.migrations.rooms import (
    isolate,
    isolate_leases,
    open_all,
    open_to_runs,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LEASES = (
    *("run_id", "owner_id", "thread_id", "slot", "holder", "epoch", "expires_at"),
    "called",
)
_COLUMNS = {
    "threads": ("id", "owner_id", "title", "created_at", "updated_at"),
    "messages": ("id", "owner_id", "thread_id", "author", "text", "created_at"),
    "runs": (
        *("id", "owner_id", "thread_id", "message_id", "client_id", "agent_name"),
        *("principal", "state", "cancelled", "created_at", "ended_at"),
    ),
    "run_steps": ("run_id", "key", "owner_id", "result", "epoch", "created_at"),
    "journal_heads": ("owner_id", "head", "erased_through"),
    "events": (
        *("owner_id", "seq", "key", "run_id", "thread_id", "agent_name"),
        *("name", "timestamp", "payload"),
    ),
    "model_usage": (
        *("id", "owner_id", "run_id", "model", "input_tokens", "output_tokens"),
        *("cost_micros", "created_at"),
    ),
}


def upgrade() -> None:
    for table, columns in _COLUMNS.items():
        isolate(table, columns)
    isolate_leases("run_leases", _LEASES, changeable=("expires_at", "called"))
    for table in ("run_leases", "run_steps", "journal_heads", "events"):
        open_to_runs(table)
    open_to_runs("runs", "SELECT")


def downgrade() -> None:
    for table in ("run_leases", *_COLUMNS):
        open_all(table)
