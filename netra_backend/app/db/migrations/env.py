"""Alembic's entry: runs the migrations on the connection it was handed, in its transaction."""

from alembic import context

from netra_backend.app.db.schema_version import VERSION_TABLE
from netra_backend.app.db.stored_tables import STORED


def run() -> None:
    """Run the migrations; the caller began the transaction and commits it."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=STORED,
        version_table=VERSION_TABLE,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
