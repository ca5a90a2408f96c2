"""What Alembic runs: the migrations on the connection it was handed."""

from alembic import context

from netra_auth.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
