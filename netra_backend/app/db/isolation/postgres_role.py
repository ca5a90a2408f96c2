"""Whom PostgreSQL lets in: the role of sessions gets what it needs, and must be able to no more.

Row-level security holds everybody but superusers, roles that bypass it, and owners, who could take
it away.
"""

from typing import Final

from sqlalchemy import Connection, text

from netra.errors import ConfigurationInvalid
from netra_backend.app.db.schema_version import VERSION_TABLE
from netra_backend.app.db.stored_tables import STORED
from netra_backend.app.db.tables import Base

_ROLE: Final = text("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
_TABLES: Final = text(
    "SELECT relname, relrowsecurity AND relforcerowsecurity AS is_isolated,"
    " pg_has_role(current_user, relowner, 'MEMBER') AS is_owned"
    " FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
    " AND relkind = 'r' AND relname = ANY(:names) ORDER BY relname"
)
_EXISTS: Final = text("SELECT 1 FROM pg_roles WHERE rolname = :name")


def let_in(connection: Connection, role: str) -> None:
    """Give a role what sessions need, as the owner of the tables.

    Raises:
        ConfigurationInvalid: There is no such role.
    """
    if connection.execute(_EXISTS, {"name": role}).first() is None:
        raise ConfigurationInvalid(
            "DATABASE_URL names a role that the database does not have: create it, as"
            " docs/runbooks/set_up_postgresql.md says."
        )
    quoted = connection.dialect.identifier_preparer.quote_identifier(role)
    relations = ", ".join(sorted((*STORED.tables, *Base.metadata.tables)))
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    for right in (
        f"USAGE ON SCHEMA {schema}",
        f"SELECT ON {VERSION_TABLE}",
        f"SELECT, INSERT, UPDATE, DELETE ON {relations}",
    ):
        connection.execute(text(f"GRANT {right} TO {quoted}"))


def flaw_of_isolation(connection: Connection) -> str | None:
    """Say why the database would not hold this connection's role to its principal's rows.

    Returns:
        What is wrong and what to do, or None if the role is held.
    """
    role = connection.execute(_ROLE).one()
    if role.rolsuper or role.rolbypassrls:
        return (
            "the role in DATABASE_URL is a superuser or bypasses row-level security: name one that"
            " does neither, as docs/runbooks/set_up_postgresql.md says."
        )
    found = connection.execute(_TABLES, {"names": sorted(STORED.tables)}).all()
    if owned := [row.relname for row in found if row.is_owned]:
        return (
            f"the role in DATABASE_URL owns {owned[0]}, or is a member of its owner: migrate with"
            " DATABASE_OWNER_URL, and name another role in DATABASE_URL."
        )
    isolated = {row.relname for row in found if row.is_isolated}
    if lacking := sorted(STORED.tables.keys() - isolated):
        return f"row-level security is not forced on {lacking[0]}: migrate the store anew."
    return None
