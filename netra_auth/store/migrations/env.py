"""What Alembic runs: the migrations on the connection it was handed, in its transaction.

Each version the store is brought to says, in that transaction, which code still works with it.
"""

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo

from netra.schema_fit import declared
from netra_auth.store.schema_version import SAYS_OLDEST_SINCE, say_oldest
from netra_auth.store.tables import metadata


def say_who_still_runs(
    ctx: MigrationContext,
    step: MigrationInfo,  # noqa: ARG001 - the library's signature
    heads: Collection[str],
    run_args: Mapping[str, Any],  # noqa: ARG001 - as above
) -> None:
    """Write what the migration declares that the store was just brought to.

    Raises:
        ValueError: It declares nothing that can be, so the migration does not take place.
    """
    for version in heads:
        module = context.script.get_revision(version).module
        oldest = declared(version, vars(module), since=SAYS_OLDEST_SINCE)
        if oldest is not None and ctx.connection is not None:
            say_oldest(ctx.connection, oldest)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    on_version_apply=say_who_still_runs,
)
context.run_migrations()
