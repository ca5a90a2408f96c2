"""Whether a run that waits for its person was called for."""

import sqlalchemy as sa
from alembic import op

from netra_backend.app.db.stored_tables import physical

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LEASES = physical("run_leases")


def upgrade() -> None:
    op.add_column(
        _LEASES, sa.Column("called", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column(_LEASES, "called")
