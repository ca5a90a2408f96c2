"""Beside its version the store names the oldest version whose code still runs on it.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Code of before looks for its own version and nothing else.
OLDEST_CODE = "0004"


def upgrade() -> None:
    op.add_column("alembic_version", sa.Column("oldest_code", sa.String(32)))


def downgrade() -> None:
    op.drop_column("alembic_version", "oldest_code")
