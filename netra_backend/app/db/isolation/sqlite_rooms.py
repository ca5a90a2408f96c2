"""Isolation of rows on SQLite: what a connection can see and do at all.

A connection for sessions has a view in place of each table, which shows the rows of whoever the
transaction is for. Triggers write through the views, keep owners and keys, and do what foreign keys
would. An authorizer refuses everything else, and every way round: SQLite asks it whenever a
statement is compiled.

The authorizer is told which view or trigger a stored table is reached through, by its name. A
common table expression can bear any name, so those of the views and triggers are drawn at random
for each connection; an explanation would give them away, and is no statement that is run.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Column, ForeignKeyConstraint, Table

from netra.ids import random_token
from netra_backend.app.db.isolation.admission import NOBODY, Admission, Duty
from netra_backend.app.db.isolation.statement_rules import FenceCrossed
from netra_backend.app.db.schema_version import VERSION_TABLE
from netra_backend.app.db.stored_tables import physical
from netra_backend.app.db.tables import Base, Run, RunLease

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]

_OWNER: Final = "owner_id"
_OWNER_FUNCTION: Final = "netra_owner"
_MAINTAINS_FUNCTION: Final = "netra_maintains"
_MAPPED: Final = tuple(Base.metadata.sorted_tables)
_CHANGEABLE: Final = {RunLease.__tablename__: frozenset({"called", "expires_at"})}
"""What a session may change of a row it cannot remove: the rest is `leases`' business."""

_RUN: Final = re.compile(r"\s*(SELECT|WITH|INSERT|REPLACE|UPDATE|DELETE|BEGIN)\b", re.IGNORECASE)
_HARMLESS: Final = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_TRANSACTION,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    }
)
_WRITES: Final = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_OF_RUNS: Final = frozenset(
    physical(name) for name in ("run_leases", "run_steps", "journal_heads", "events")
)
_SEEN_OF_RUNS: Final = frozenset({"id", _OWNER, "principal"})


@dataclass(slots=True)
class Occupant:
    """For whom the transaction on a connection is; set when it begins."""

    admission: Admission = NOBODY

    def owner(self) -> str | None:
        """Name whose rows are seen; a service's name is no owner's."""
        return self.admission.principal or None

    def maintains(self) -> bool:
        """Say whether every owner's rows are seen."""
        return self.admission.duty is Duty.MAINTENANCE


@dataclass(frozen=True)
class Room:
    """What makes a connection one for sessions: its statements, in order, and its authorizer."""

    secret: str = field(default_factory=random_token, repr=False)

    def statements(self) -> Iterator[str]:
        """Give what is to be executed before the authorizer is set."""
        # The triggers do it: within a cascade the authorizer would be told of no trigger.
        yield "PRAGMA foreign_keys=OFF"
        for table in _MAPPED:
            columns = ", ".join(table.c.keys())
            inner = f'"{self._inner(table)}"'
            yield (
                f"CREATE TEMP VIEW {inner} AS SELECT {columns} FROM {physical(table.name)}"
                f" WHERE {_OWNER} = (SELECT {_OWNER_FUNCTION}())"
                f" OR (SELECT {_MAINTAINS_FUNCTION}())"
            )
            yield f"CREATE TEMP VIEW {table.name} AS SELECT {columns} FROM {inner}"
            yield self._trigger(table, "INSERT", _insertion(table))
            yield self._trigger(table, "UPDATE", _change(table))
            if table.name not in _CHANGEABLE:
                yield self._trigger(table, "DELETE", _removal(table))

    def authorizer(self) -> Authorizer:
        """Give the function that SQLite asks."""
        views = frozenset(table.name for table in _MAPPED)
        inner = frozenset(self._inner(table) for table in _MAPPED)
        events = ("insert", "update", "delete")
        triggers = frozenset(f"{name}_{event}" for name in inner for event in events)
        stored = frozenset(physical(table.name) for table in _MAPPED)
        readable, leading = views | inner | {"", VERSION_TABLE}, inner | triggers

        def asked(
            action: int,
            what: str | None,
            _column: str | None,
            _database: str | None,
            through: str | None,
        ) -> int:
            if action == sqlite3.SQLITE_READ:
                allowed = what in readable or (what in stored and through in leading)
            elif action in _WRITES:
                allowed = what in views or (what in stored and through in triggers)
            else:
                allowed = action in _HARMLESS
            return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY

        return asked

    def _inner(self, table: Table) -> str:
        return f"{self.secret}_{table.name}"

    def _trigger(self, table: Table, event: str, body: list[str]) -> str:
        name = f"{self._inner(table)}_{event.lower()}"
        steps = "".join(f" {step};" for step in body)
        return f'CREATE TEMP TRIGGER "{name}" INSTEAD OF {event} ON {table.name} BEGIN{steps} END'


def refuse_explanations(sql: str) -> None:
    """Let a statement be run that does something.

    Raises:
        FenceCrossed: It explains another, or is of a kind that no session runs.
    """
    if _RUN.match(sql) is None:
        raise FenceCrossed("a statement of this kind is not run")


def authorize_duty(
    action: int,
    what: str | None,
    column: str | None,
    _database: str | None,
    _through: str | None,
) -> int:
    """Answer SQLite on a connection for the duty of runs: leases, journals, and ids of runs."""
    if action in _HARMLESS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ:
        of_runs = what == physical(Run.__tablename__) and column in _SEEN_OF_RUNS
        return sqlite3.SQLITE_OK if of_runs or what in _OF_RUNS or not what else sqlite3.SQLITE_DENY
    allowed = action in _WRITES and what in _OF_RUNS
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def functions(occupant: Occupant) -> dict[str, Callable[[], Any]]:
    """Give the functions that the views and triggers ask, by their names."""
    return {_OWNER_FUNCTION: occupant.owner, _MAINTAINS_FUNCTION: occupant.maintains}


def _insertion(table: Table) -> list[str]:
    # A row that is there would be replaced by one that says OR REPLACE, whosever it is.
    keys = _same(table.primary_key.columns, "NEW")
    given = ", ".join(map(_given, table.columns))
    return [
        _refuse(
            "the row belongs to another principal",
            f"NEW.{_OWNER} IS NOT {_OWNER_FUNCTION}() AND NOT {_MAINTAINS_FUNCTION}()",
        ),
        _refuse(
            "the row is there already",
            f"EXISTS (SELECT 1 FROM {physical(table.name)} WHERE {keys})",
        ),
        *(_refuse("what it belongs to is not there", _is_orphan(link)) for link in _links(table)),
        f"INSERT INTO {physical(table.name)} ({', '.join(table.c.keys())}) VALUES ({given})",
    ]


def _change(table: Table) -> list[str]:
    fixed = _fixed(table)
    columns = [column.name for column in table.columns]
    moved = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in fixed)
    values = ", ".join(f"{name} = NEW.{name}" for name in columns if name not in fixed)
    keys = _same(table.primary_key.columns, "OLD")
    return [
        _refuse("a row keeps its owner, its key and what it belongs to", moved),
        f"UPDATE {physical(table.name)} SET {values} WHERE {keys} AND {_OWNER} = OLD.{_OWNER}",
    ]


def _removal(table: Table) -> list[str]:
    keys = _same(table.primary_key.columns, "OLD")
    return [
        *_removals_below(table, {c.name: f"= OLD.{c.name}" for c in table.columns}),
        f"DELETE FROM {physical(table.name)} WHERE {keys} AND {_OWNER} = OLD.{_OWNER}",
    ]


def _removals_below(table: Table, chosen: dict[str, str]) -> Iterator[str]:
    """Delete what belongs to chosen rows, the lowest first, as a cascade would."""
    for child in _MAPPED:
        for link in _links(child):
            if link.referred_table is not table:
                continue
            where = {element.parent.name: chosen[element.column.name] for element in link.elements}
            conditions = " AND ".join(f"{name} {is_}" for name, is_ in where.items())
            below = {
                column.name: where.get(column.name)
                or f"IN (SELECT {column.name} FROM {physical(child.name)} WHERE {conditions})"
                for column in child.columns
            }
            yield from _removals_below(child, below)
            yield f"DELETE FROM {physical(child.name)} WHERE {conditions}"


def _is_orphan(link: ForeignKeyConstraint) -> str:
    pairs = " AND ".join(f"{e.column.name} = NEW.{e.parent.name}" for e in link.elements)
    return f"NOT EXISTS (SELECT 1 FROM {physical(link.referred_table.name)} WHERE {pairs})"


def _links(table: Table) -> list[ForeignKeyConstraint]:
    return sorted(table.foreign_key_constraints, key=lambda link: link.referred_table.name)


def _fixed(table: Table) -> list[str]:
    """Name what a change may not move: the owner, the key, and what other rows hang on."""
    changeable = _CHANGEABLE.get(table.name)
    if changeable is not None:
        return [column.name for column in table.columns if column.name not in changeable]
    linked = {name for link in _links(table) for name in link.column_keys}
    return [c.name for c in table.columns if c.primary_key or c.name == _OWNER or c.name in linked]


def _given(column: Column[Any]) -> str:
    default = getattr(column.server_default, "arg", None)
    return f"NEW.{column.name}" if default is None else f"coalesce(NEW.{column.name}, {default})"


def _same(columns: Any, row: str) -> str:
    return " AND ".join(f"{column.name} = {row}.{column.name}" for column in columns)


def _refuse(words: str, condition: str) -> str:
    return f"SELECT RAISE(ABORT, '{words}') WHERE {condition}"
