"""How a migration puts a table of PostgreSQL under isolation: policies, and a view by its name.

On SQLite every connection makes its own views (`isolation.sqlite_rooms`), so there is nothing to
migrate.
"""

from collections.abc import Sequence
from typing import Final

from alembic import op

from netra_backend.app.db.stored_tables import physical

_OLDEST: Final = 15
_IS_OWNERS: Final = "owner_id = (SELECT current_setting('netra.principal', true))"
_IS_MAINTENANCE: Final = "(SELECT current_setting('netra.duty', true)) = 'maintenance'"
_IS_OF_RUNS: Final = "(SELECT current_setting('netra.duty', true)) = 'runs'"


def isolate(table: str, columns: Sequence[str]) -> None:
    """Show each principal its own rows of a table; the view has the plain name."""
    _put_under_policies(table)
    _policy(table, "principal", "ALL", f"{_IS_OWNERS} OR {_IS_MAINTENANCE}")
    show(table, columns)


def isolate_leases(table: str, columns: Sequence[str], *, changeable: Sequence[str]) -> None:
    """Let sessions add to a table, hold their own rows, and change some columns of them.

    The other columns, and whether a row is there, are the duty of runs' business.
    """
    _put_under_policies(table)
    own = f"{_IS_OWNERS} OR {_IS_MAINTENANCE}"
    for name, command in (("sees", "SELECT"), ("adds", "INSERT"), ("changes", "UPDATE")):
        _policy(table, f"principal_{name}", command, own)
    show(table, columns)
    if not _is_postgres():
        return
    kept = [name for name in columns if name not in changeable]
    old, new = (", ".join(f"{row}.{name}" for name in kept) for row in ("OLD", "NEW"))
    op.execute(
        f"CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {_IS_OF_RUNS} OR ({old}) IS NOT DISTINCT FROM ({new}) THEN RETURN NEW; END IF;"
        " RAISE EXCEPTION 'who works on a run is no session''s business'"
        " USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {physical(table)}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
    )


def open_to_runs(table: str, command: str = "ALL") -> None:
    """Open a table to the duty of runs, for a command."""
    if _is_postgres():
        _policy(table, f"runs_{command.lower()}", command, _IS_OF_RUNS)


def show(table: str, columns: Sequence[str]) -> None:
    """Make the view, or add columns to it at its end; who asks must be let through the policies."""
    if _is_postgres():
        op.execute(
            f"CREATE OR REPLACE VIEW {table} WITH (security_invoker = true) AS"
            f" SELECT {', '.join(columns)} FROM {physical(table)}"
        )


def open_all(table: str) -> None:
    """Take the isolation of a table away."""
    if not _is_postgres():
        return
    op.execute(f"DROP VIEW {table}")
    names = op.get_bind().exec_driver_sql(
        "SELECT policyname FROM pg_policies"
        f" WHERE schemaname = current_schema() AND tablename = '{physical(table)}'"
    )
    for name in names.scalars().all():
        op.execute(f"DROP POLICY {name} ON {physical(table)}")
    op.execute(f"DROP TRIGGER IF EXISTS {table}_kept ON {physical(table)}")
    op.execute(f"DROP FUNCTION IF EXISTS {table}_kept()")
    op.execute(f"ALTER TABLE {physical(table)} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {physical(table)} DISABLE ROW LEVEL SECURITY")


def _put_under_policies(table: str) -> None:
    if not _is_postgres():
        return
    if int((op.get_bind().dialect.server_version_info or (0,))[0]) < _OLDEST:
        raise RuntimeError("PostgreSQL 15 or newer is needed: views that ask for their caller.")
    op.execute(f"ALTER TABLE {physical(table)} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {physical(table)} FORCE ROW LEVEL SECURITY")


def _policy(table: str, name: str, command: str, condition: str) -> None:
    if not _is_postgres():
        return
    using = "" if command == "INSERT" else f" USING ({condition})"
    writes = command not in {"SELECT", "DELETE"}
    check = f" WITH CHECK ({condition})" if writes else ""
    op.execute(f"CREATE POLICY {name} ON {physical(table)} FOR {command}{using}{check}")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
