"""Beside its version the store names the oldest version whose code still runs on it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Code of before looks for its own version and nothing else.
OLDEST_CODE = "0006"


def upgrade() -> None:
    op.add_column("alembic_version", sa.Column("oldest_code", sa.String(32)))


def downgrade() -> None:
    op.drop_column("alembic_version", "oldest_code")
