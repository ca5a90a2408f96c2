"""Which statements the owner fence can judge: those made of mapped classes and nothing else.

What is added to a statement that passes is in `fence`.
"""

from typing import Any, Final

from sqlalchemy import (
    CTE,
    Alias,
    Column,
    CompoundSelect,
    FromClause,
    Select,
    Table,
    TableClause,
    TextClause,
    inspect,
)
from sqlalchemy.orm import Mapper, ORMExecuteState, Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.base import CompileState, Executable
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import custom_op

from netra.errors import InternalError
from netra_backend.app.db.tables import Owned

OWNER: Final = "owner_id"
_EVERYTHING: Final = "*"
_FUNCTIONS: Final = frozenset(
    {"count", "length", "lower", "max", "min", "replace", "sum", "byte_length"}
)
"""A database has functions that read files, change settings or run SQL; these do not."""

_JUDGED_AT_MOST: Final = 1000
_JUDGED: Final[dict[Any, type[Owned] | None]] = {}
_RAW_TEXT: Final = ("_prefixes", "_suffixes", "_hints", "_statement_hints")


class FenceCrossed(InternalError):
    """Code asked a session for what its principal's fence does not admit or cannot judge."""


def stated(session: Session, statement: Executable) -> ORMExecuteState:
    """Give what the ORM tells of a statement that is executed, without executing it."""
    marks = statement._propagate_attrs  # noqa: SLF001 - the ORM marks what it made only there
    compiles = None
    if marks.get("compile_state_plugin") == "orm":
        compiles = CompileState._get_plugin_class_for_plugin(statement, "orm")  # noqa: SLF001 - as the session does
    subject = marks.get("plugin_subject")
    binds = {"mapper": subject.mapper} if subject is not None else {}
    return ORMExecuteState(session, statement, None, {}, binds, compiles, ())  # type: ignore[arg-type]  # as the session makes it


def table_of(entity: type[Owned]) -> Table:
    """Give the table a mapped class with an owner stands for.

    Raises:
        FenceCrossed: It is none.
    """
    mapper = inspect(entity, raiseerr=False)
    table = mapper.local_table if isinstance(mapper, Mapper) else None
    if not isinstance(table, Table) or OWNER not in table.c:
        raise FenceCrossed("it is no mapped class with an owner")
    return table


def fenced_class(state: ORMExecuteState) -> type[Owned] | None:
    """Let a statement pass as `refuse_what_cannot_be_fenced` does, and say what it is about.

    Statements of one structure are judged once: values decide nothing.

    Returns:
        The one class whose rows the statement reaches, if a criterion on it bounds them all.

    Raises:
        FenceCrossed: It is, or contains, something that cannot be fenced.
    """
    statement: Any = state.statement
    is_plain = isinstance(statement, Select) and not state.is_relationship_load
    structure = statement._generate_cache_key() if is_plain else None  # noqa: SLF001 - the ORM keeps what it made of a statement under it
    if structure is None or state.is_column_load or "dml_strategy" in state.execution_options:
        refuse_what_cannot_be_fenced(state)
        return None
    if structure.key in _JUDGED:
        return _JUDGED[structure.key]
    refuse_what_cannot_be_fenced(state)
    if len(_JUDGED) >= _JUDGED_AT_MOST:
        _JUDGED.clear()
    _JUDGED[structure.key] = found = _only_class(state)
    return found


def refuse_what_cannot_be_fenced(state: ORMExecuteState) -> None:
    """Let a statement pass only if criteria on its mapped classes bound all it can reach.

    Raises:
        FenceCrossed: It is, or contains, something else.
    """
    if not state.is_orm_statement or state.is_from_statement:
        raise FenceCrossed("only a statement over mapped classes can be fenced")
    if state.is_insert:
        raise FenceCrossed("rows are added one object at a time, so that each owner is checked")
    if "dml_strategy" in state.execution_options:
        raise FenceCrossed("a statement may not choose how it is executed")
    for mapper in state.all_mappers:
        if not issubclass(mapper.class_, Owned):
            raise FenceCrossed(f"{mapper.class_.__name__} has no owner")
    statement: Any = state.statement
    parts = list(visitors.iterate(statement))
    for part in parts:
        _refuse_text(part)
    if state.is_update or state.is_delete:
        _refuse_reach_of_change(state, parts)
    elif not state.is_select:
        raise FenceCrossed("a statement of this kind cannot be fenced")
    # A relationship's load is written by the ORM, with bare columns of aliases of its own.
    if not state.is_relationship_load:
        _refuse_bare_parts(parts, frozenset(m.local_table for m in state.all_mappers))


def _only_class(state: ORMExecuteState) -> type[Owned] | None:
    statement: Any = state.statement
    parts = list(visitors.iterate(statement))
    is_simple = sum(isinstance(part, Select | Alias | CTE) for part in parts) == 1
    mappers = set(state.all_mappers)
    return mappers.pop().class_ if is_simple and len(mappers) == 1 else None


def _refuse_text(part: Any) -> None:
    """Refuse what is written in SQL rather than made of classes, wherever it stands."""
    if isinstance(part, TextClause | CompoundSelect):
        raise FenceCrossed("SQL text and compound selects cannot be fenced")
    if isinstance(part, TableClause) and not isinstance(part, Table):
        raise FenceCrossed("a table by its name alone cannot be fenced")
    if isinstance(part, ColumnClause) and part.is_literal and part.name != _EVERYTHING:
        raise FenceCrossed("a literal column cannot be fenced")
    if isinstance(part, FunctionElement) and getattr(part, "name", "") not in _FUNCTIONS:
        raise FenceCrossed("a function that is not known to reach nothing else cannot be fenced")
    if isinstance(getattr(part, "operator", None), custom_op):
        raise FenceCrossed("an operator written in SQL cannot be fenced")
    if any(getattr(part, name, None) for name in _RAW_TEXT):
        raise FenceCrossed("a prefix, suffix or hint cannot be fenced")
    if isinstance(part, Select) and part._propagate_attrs.get("compile_state_plugin") != "orm":  # noqa: SLF001 - the ORM marks what it made only there
        raise FenceCrossed("a select outside the mapped classes cannot be fenced")


def _refuse_reach_of_change(state: ORMExecuteState, parts: list[Any]) -> None:
    """Refuse an update or delete that concerns more than its own class, or changes an owner."""
    # Separate parameters turn an update into one by primary key, which no criterion reaches.
    if state.parameters:
        raise FenceCrossed("an update or delete carries its values in the statement")
    named = getattr(state.statement, "_values", None) or {}
    ordered = getattr(state.statement, "_ordered_values", None) or ()
    for column in (*named, *(pair[0] for pair in ordered)):
        if getattr(column, "key", column) == OWNER:
            raise FenceCrossed("a row keeps its owner")
    for part in parts:
        mapper = _mapper_of(part)
        if isinstance(part, Select) or (mapper is not None and mapper not in state.all_mappers):
            raise FenceCrossed("an update or delete concerns one class alone")


def _refuse_bare_parts(parts: list[Any], mapped: frozenset[FromClause]) -> None:
    """Refuse tables, aliases and columns that no mapped class of the statement stands for.

    The ORM itself looks a row up by its table's bare key columns, in a statement of one select.
    """
    is_nested = sum(isinstance(part, Select) for part in parts) > 1
    by_class = set(mapped)
    for part in parts:
        if (mapper := _mapper_of(part)) is not None:
            by_class |= {mapper.local_table, _entity_of(part).selectable}
    for part in parts:
        if _mapper_of(part) is not None:
            continue
        if isinstance(part, Table | Alias):
            is_bare = part not in by_class and isinstance(getattr(part, "element", part), Table)
        else:
            is_bare = isinstance(part, Column) and (is_nested or part.table not in mapped)
        if is_bare:
            raise FenceCrossed("a table or column outside the mapped classes cannot be fenced")


def _mapper_of(part: Any) -> Mapper[Any] | None:
    mapper = getattr(_entity_of(part), "mapper", None)
    return mapper if isinstance(mapper, Mapper) else None


def _entity_of(part: Any) -> Any:
    """Give the mapped class, or the alias of one, that the ORM marked a part with."""
    return getattr(part, "_annotations", {}).get("parententity")
