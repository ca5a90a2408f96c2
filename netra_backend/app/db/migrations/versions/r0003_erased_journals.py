"""How far a journal was erased, so that nobody takes what follows for what went on before."""

import sqlalchemy as sa
from alembic import op

from netra_backend.app.db.stored_tables import physical

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_HEADS = physical("journal_heads")


def upgrade() -> None:
    op.add_column(
        _HEADS, sa.Column("erased_through", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column(_HEADS, "erased_through")
