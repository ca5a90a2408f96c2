"""Alembic's entry: runs the migrations on the connection it was handed, in its transaction."""

from alembic import context

from netra_backend.app.db.schema_version import VERSION_TABLE
from netra_backend.app.db.tables import Base


def run() -> None:
    """Run the migrations; the caller began the transaction and commits it."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
