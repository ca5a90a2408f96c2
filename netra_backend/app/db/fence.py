"""The owner fence: every statement and every flush of a session stays within its principal's rows.

A fence in the ORM is the second line; what it cannot judge it refuses. Opening sessions is
`session`'s business.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    TextClause,
    event,
    false,
)
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.attributes import get_history
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import ColumnClause

from netra.errors import InternalError
from netra_backend.app.db.tables import Owned

_FENCE: Final = "netra_fence"
_OWNER: Final = "owner_id"
_EVERYTHING: Final = "*"


@dataclass(frozen=True, slots=True)
class Fence:
    """Whose rows a session reaches: one owner's, or every owner's, or (neither) nobody's."""

    owner: str | None
    every_owner: bool = False


class FenceCrossed(InternalError):
    """Code asked a session for what its principal's fence does not admit or cannot judge."""


class FencedSession(Session):
    """A session that does nothing before it was given a fence."""

    def put_up(self, fence: Fence) -> None:
        """Give the session its fence, once.

        Raises:
            FenceCrossed: The session has one already.
        """
        if _FENCE in self.info:
            raise FenceCrossed("a session keeps the fence it was given")
        self.info[_FENCE] = fence

    @property
    def fence(self) -> Fence:
        """The session's fence.

        Raises:
            FenceCrossed: The session has none.
        """
        fence = self.info.get(_FENCE)
        if not isinstance(fence, Fence):
            raise FenceCrossed("the session has no fence, so it may not be used")
        return fence


@event.listens_for(FencedSession, "do_orm_execute")
def _fence_statement(state: ORMExecuteState) -> None:
    fence = _fence_of(state.session)
    _refuse_what_cannot_be_fenced(state)
    if fence.every_owner:
        return
    owner = fence.owner
    if state.is_column_load and isinstance(state.statement, Select):
        # Reading an object again ignores options: there the criterion is written out besides.
        entity: type[Owned] = state.all_mappers[0].class_
        state.statement = state.statement.where(
            false() if owner is None else entity.owner_id == owner
        )

    def criterion(entity: type[Owned]) -> ColumnElement[bool]:
        return entity.owner_id == owner

    def nothing(_entity: type[Owned]) -> ColumnElement[bool]:
        return false()

    state.statement = state.statement.options(
        with_loader_criteria(Owned, nothing if owner is None else criterion, include_aliases=True)
    )


@event.listens_for(FencedSession, "before_flush")
def _fence_flush(session: Session, _context: Any, _instances: Any) -> None:
    fence = _fence_of(session)
    _check_owners(session.new, fence)
    _check_owners(session.dirty, fence)
    _check_owners(session.deleted, fence)


def _check_owners(objects: Iterable[object], fence: Fence) -> None:
    for item in objects:
        if not isinstance(item, Owned):
            raise FenceCrossed(f"{type(item).__name__} has no owner")
        history = get_history(item, _OWNER)
        owners = {*(history.added or ()), *(history.unchanged or ()), *(history.deleted or ())}
        if len(owners) != 1 or None in owners:
            raise FenceCrossed("a row has exactly one owner and keeps it")
        if not fence.every_owner and owners != {fence.owner}:
            raise FenceCrossed("the row belongs to another principal")


def _refuse_what_cannot_be_fenced(state: ORMExecuteState) -> None:
    if not state.is_orm_statement:
        raise FenceCrossed("only a statement over mapped classes can be fenced")
    if state.is_insert:
        raise FenceCrossed("rows are added one object at a time, so that each owner is checked")
    if "dml_strategy" in state.execution_options:
        raise FenceCrossed("a statement may not choose how it is executed")
    if state.is_update or state.is_delete:
        _refuse_parameters(state)
    elif not state.is_select:
        raise FenceCrossed("a statement of this kind cannot be fenced")
    for mapper in state.all_mappers:
        if not issubclass(mapper.class_, Owned):
            raise FenceCrossed(f"{mapper.class_.__name__} has no owner")
    # A relationship's load is written by the ORM, with bare columns of aliases besides.
    tables = frozenset(mapper.local_table for mapper in state.all_mappers)
    _refuse_unmapped(state.statement, None if state.is_relationship_load else tables)


def _refuse_parameters(state: ORMExecuteState) -> None:
    # Separate parameters turn an update into one by primary key, which no criterion reaches.
    if state.parameters:
        raise FenceCrossed("an update or delete carries its values in the statement")
    named = getattr(state.statement, "_values", None) or {}
    ordered = getattr(state.statement, "_ordered_values", None) or ()
    for column in (*named, *(pair[0] for pair in ordered)):
        if getattr(column, "key", column) == _OWNER:
            raise FenceCrossed("a row keeps its owner")


def _refuse_unmapped(statement: Any, mapped: frozenset[FromClause] | None) -> None:
    """Refuse what would read past the mapped classes: text, bare columns, bare selects."""
    selects = 0
    bare: set[FromClause | None] = set()
    for element in visitors.iterate(statement):
        if isinstance(element, TextClause | CompoundSelect):
            raise FenceCrossed("SQL text and compound selects cannot be fenced")
        if isinstance(element, Select):
            selects += 1
            if element._propagate_attrs.get("compile_state_plugin") != "orm":  # noqa: SLF001 - the ORM marks what it mapped only there
                raise FenceCrossed("a select outside the mapped classes cannot be fenced")
        if isinstance(element, ColumnClause):
            if element.is_literal and element.name != _EVERYTHING:
                raise FenceCrossed("a literal column cannot be fenced")
            if isinstance(element, Column) and "parententity" not in element._annotations:  # noqa: SLF001 - as above
                bare.add(element.table)
    # The ORM itself looks a row up by its table's bare key columns, in a statement of one select.
    if bare and mapped is not None and (selects > 1 or not bare <= mapped):
        raise FenceCrossed("a column outside the mapped classes cannot be fenced")


def _fence_of(session: Session) -> Fence:
    if not isinstance(session, FencedSession):
        raise FenceCrossed("not a fenced session")
    return session.fence
