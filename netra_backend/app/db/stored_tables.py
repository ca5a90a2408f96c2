"""The tables that hold every principal's rows, made of the declared classes, and their names.

Migrations make them, and what stands beneath the isolation of rows speaks of them; nothing else
does. The plain names are those of the views through which sessions see their own rows.
"""

from typing import Final, cast

from sqlalchemy import (
    CheckConstraint,
    Column,
    Constraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
)

from netra_backend.app.db.tables import Base

_PHYSICAL_PREFIX: Final = "t_"

STORED: Final = MetaData(naming_convention=Base.metadata.naming_convention)


def physical(table: str) -> str:
    """Give the name under which the database stores a table, such as `t_threads`."""
    return _PHYSICAL_PREFIX + table


def stored_table(entity: type[Base]) -> Table:
    """Give the table in which the rows of a class are stored."""
    return STORED.tables[physical(cast("Table", entity.__table__).name)]


def _stored(mapped: Table) -> None:
    columns = [
        Column(
            column.name,
            column.type,
            primary_key=column.primary_key,
            nullable=column.nullable,
            autoincrement=column.autoincrement,
            server_default=column.server_default,
        )
        for column in mapped.columns
    ]
    Table(physical(mapped.name), STORED, *columns, *map(_constraint, _declared(mapped)))
    for index in mapped.indexes:
        table = STORED.tables[physical(mapped.name)]
        Index(None, *(table.c[column.name] for column in index.columns))


def _declared(mapped: Table) -> list[Constraint]:
    kinds = ForeignKeyConstraint | UniqueConstraint | CheckConstraint
    return [constraint for constraint in mapped.constraints if isinstance(constraint, kinds)]


def _constraint(declared: Constraint) -> Constraint:
    match declared:
        case ForeignKeyConstraint():
            targets = [element.column for element in declared.elements]
            return ForeignKeyConstraint(
                declared.column_keys,
                [f"{physical(target.table.name)}.{target.name}" for target in targets],
                ondelete=declared.ondelete,
            )
        case UniqueConstraint():
            return UniqueConstraint(*(column.name for column in declared.columns))
        case CheckConstraint():
            own_name = str(declared.name).removeprefix(f"ck_{declared.table.name}_")
            return CheckConstraint(str(declared.sqltext), name=own_name)
    raise TypeError(f"{type(declared).__name__} is no constraint that is stored")


for _mapped in Base.metadata.sorted_tables:
    _stored(_mapped)
