"""Describing the schema of a real store. What follows from it is `compared`'s business."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection

from fakes.schemas.described import (
    Column,
    Constraint,
    Policy,
    Privilege,
    Relation,
    Schema,
    View,
)

VERSION_TABLE: Final = "alembic_version"
_LET_GO: Final = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
_CHECK: Final = re.compile(r"\bCHECK\s*(?=\()", re.IGNORECASE)
_NAMED_INDEX: Final = re.compile(r"\bINDEX (?:IF NOT EXISTS )?\S+ ON\b", re.IGNORECASE)
_FROM: Final = re.compile(r"\n\s+FROM ")


def schema_of(connection: Connection) -> Schema:
    """Describe the store a connection is to; the table of versions is no part of it."""
    if connection.dialect.name == "sqlite":
        return Schema(dict(_of_sqlite(connection)))
    return _of_postgres(connection)


def _of_sqlite(connection: Connection) -> Iterator[tuple[str, Relation]]:
    def rows(sql: str, *values: str) -> list[Any]:
        return list(connection.exec_driver_sql(sql, values).mappings())

    triggers = defaultdict(set)
    for row in rows("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"):
        triggers[row["tbl_name"]].add(row["sql"])
    for row in rows(
        "SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    ):
        name, sql = row["name"], row["sql"]
        if name == VERSION_TABLE:
            continue
        found = rows("SELECT * FROM pragma_table_xinfo(?)", name)
        key = sorted((c["pk"], c["name"]) for c in found if c["pk"])
        constraints = {
            Constraint(f"PRIMARY KEY ({', '.join(column for _, column in key)})"),
            *(Constraint(f"CHECK {text}") for text in _checks(sql)),
            *_sqlite_uniques(rows, name),
            *_sqlite_links(rows, name),
        }
        is_view = row["type"] == "view"
        yield (
            name,
            Relation(
                {c["name"]: _sqlite_column(c, sql) for c in found},
                frozenset() if is_view else frozenset(constraints),
                frozenset(triggers[name]),
                view=View(sql) if is_view else None,
            ),
        )


def _sqlite_column(found: Any, sql: str) -> Column:
    return Column(
        found["type"].upper(),
        # A primary key's columns are never null here, whatever SQLite would allow.
        nullable=not found["notnull"] and not found["pk"],
        default=found["dflt_value"],
        generated=_expression(found["name"], sql) if found["hidden"] else None,
    )


def _expression(column: str, sql: str) -> str:
    """Find what a column is made of, in the text its table was made with."""
    found = re.search(rf"\b{re.escape(column)}\b[^,]*?\bAS\s*(?=\()", sql, re.IGNORECASE)
    return _in_parentheses(sql, found.end()) if found else sql


def _checks(sql: str) -> Iterator[str]:
    """Find the conditions a table was made with."""
    for found in _CHECK.finditer(sql):
        yield _in_parentheses(sql, found.end())


def _in_parentheses(sql: str, start: int) -> str:
    depth = 0
    for at in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[at], 0)
        if depth == 0:
            return sql[start : at + 1]
    return sql[start:]


def _sqlite_uniques(rows: Any, table: str) -> Iterator[Constraint]:
    for index in rows(
        "SELECT * FROM pragma_index_list(?) WHERE \"unique\" AND origin != 'pk'", table
    ):
        texts = rows("SELECT sql FROM sqlite_master WHERE name = ?", index["name"])
        written = next((row["sql"] for row in texts if row["sql"]), None)
        columns = rows(
            "SELECT name FROM pragma_index_info(?) ORDER BY seqno",
            index["name"],
        )
        names = ", ".join(str(column["name"]) for column in columns)
        # One that was made by itself may have expressions, and a condition.
        text = _NAMED_INDEX.sub("INDEX ON", written) if written else f"UNIQUE ({names})"
        yield Constraint(text)


def _sqlite_links(rows: Any, table: str) -> Iterator[Constraint]:
    links = defaultdict(list)
    for part in rows("SELECT * FROM pragma_foreign_key_list(?) ORDER BY id, seq", table):
        links[part["id"]].append(part)
    for parts in links.values():
        target, deletion = parts[0]["table"], parts[0]["on_delete"]
        pairs = ", ".join(f"{part['from']} = {part['to']}" for part in parts)
        text = f"FOREIGN KEY ({pairs}) REFERENCES {target} ON DELETE {deletion}"
        text += f" ON UPDATE {parts[0]['on_update']}"
        yield Constraint(text, target, deletion in _LET_GO)


_RELATIONS: Final = """
    SELECT oid::regclass::text AS name, relkind::text AS kind, relrowsecurity, relforcerowsecurity,
           coalesce(reloptions, ARRAY[]::text[]) AS options,
           CASE WHEN relkind = 'v' THEN pg_get_viewdef(oid) END AS query
    FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')"""
_COLUMNS: Final = """
    SELECT attrelid::regclass::text AS name, attname,
           upper(format_type(atttypid, atttypmod)) AS type, attnotnull,
           attgenerated::text || attidentity::text AS made,
           pg_get_expr(adbin, adrelid) AS expression,
           coalesce(nullif(attcollation, 0)::regcollation::text, '') AS collation
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
    AND attnum > 0 AND NOT attisdropped
    ORDER BY attrelid, attnum"""
_CONSTRAINTS: Final = """
    SELECT conrelid::regclass::text AS name, pg_get_constraintdef(oid) AS text,
           CASE WHEN contype = 'f' THEN confrelid::regclass::text END AS target,
           confdeltype::text AS deletion
    FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace AND contype IN ('c', 'f', 'p', 'u', 'x')"""
_INDEXES: Final = """
    SELECT indrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS text
    FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = current_schema()::regnamespace AND indisunique
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"""
_TRIGGERS: Final = """
    SELECT tgrelid::regclass::text AS name,
           pg_get_triggerdef(pg_trigger.oid) || tgenabled::text AS text
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal"""
_POLICIES: Final = """
    SELECT quote_ident(tablename) AS name, policyname, permissive,
           concat_ws(' | ', permissive, roles::text, cmd, qual, with_check) AS text
    FROM pg_policies WHERE schemaname = current_schema()"""
_FUNCTIONS: Final = """
    SELECT oid::regprocedure::text AS name, pg_get_functiondef(oid) AS text
    FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND prokind IN ('f', 'p')"""
_PRIVILEGES: Final = """
    SELECT object, privilege_type, coalesce(rolname, 'public') AS role FROM (
        SELECT pg_class.oid::regclass::text AS object, acl.* FROM pg_class,
            aclexplode(coalesce(relacl, acldefault('r', relowner))) AS acl
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
        UNION ALL SELECT attrelid::regclass::text || '.' || attname, acl.*
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid, aclexplode(attacl) AS acl
            WHERE relnamespace = current_schema()::regnamespace AND NOT attisdropped
        UNION ALL SELECT pg_proc.oid::regprocedure::text, acl.* FROM pg_proc,
            aclexplode(coalesce(proacl, acldefault('f', proowner))) AS acl
            WHERE pronamespace = current_schema()::regnamespace
        UNION ALL SELECT 'schema ' || nspname, acl.* FROM pg_namespace,
            aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS acl
            WHERE pg_namespace.oid = current_schema()::regnamespace
    ) AS held LEFT JOIN pg_roles ON pg_roles.oid = held.grantee"""


def _of_postgres(connection: Connection) -> Schema:
    def rows(sql: str) -> list[Any]:
        return list(connection.exec_driver_sql(sql))

    columns: dict[str, dict[str, Column]] = defaultdict(dict)
    for row in rows(_COLUMNS):
        columns[row.name][row.attname] = _postgres_column(row)
    constraints = defaultdict(set)
    for row in rows(_CONSTRAINTS):
        lets_go = row.deletion in {"c", "n", "d"}
        constraints[row.name].add(Constraint(row.text, row.target, lets_go))
    for row in rows(_INDEXES):
        constraints[row.name].add(Constraint(_NAMED_INDEX.sub("INDEX ON", row.text)))
    triggers = defaultdict(set)
    for row in rows(_TRIGGERS):
        triggers[row.name].add(row.text)
    policies: dict[str, dict[str, Policy]] = defaultdict(dict)
    for row in rows(_POLICIES):
        is_restrictive = row.permissive == "RESTRICTIVE"
        policies[row.name][row.policyname] = Policy(row.text, is_restrictive)
    relations = {
        row.name: Relation(
            columns[row.name],
            frozenset(constraints[row.name]),
            frozenset(triggers[row.name]),
            policies[row.name],
            (row.relrowsecurity, row.relforcerowsecurity),
            None if row.query is None else _view(row.query, row.options),
        )
        for row in rows(_RELATIONS)
        if row.name != VERSION_TABLE
    }
    return Schema(
        relations,
        {row.name: row.text for row in rows(_FUNCTIONS)},
        frozenset(Privilege(row.role, row.privilege_type, row.object) for row in rows(_PRIVILEGES)),
    )


def _postgres_column(row: Any) -> Column:
    is_stored = row.made.startswith("s")
    collated = "" if row.collation in {"", '"default"'} else f" COLLATE {row.collation}"
    return Column(
        row.type + collated,
        nullable=not row.attnotnull,
        # An identity gives who does not know of the column a value, as a default does.
        default=None if is_stored else row.expression or row.made or None,
        generated=row.expression if is_stored else None,
    )


def _view(query: str, options: list[str]) -> View:
    found = _FROM.search(query)
    if found is None:
        return View(query, options=frozenset(options))
    return View(query[: found.start()], query[found.end() :], frozenset(options))
