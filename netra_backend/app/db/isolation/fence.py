"""The owner fence: every statement and every flush of a session stays within its principal's rows.

What it cannot judge it refuses (`statement_rules`). It stands in the ORM, so it holds for code that
goes through a session, careless or not; it is no wall against code that goes round it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, event, false
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.attributes import get_history

from netra_backend.app.db.isolation.constants import (
    OWNER_PARAMETER,
    Constant,
    Reach,
    fenced,
    insertion,
)
from netra_backend.app.db.isolation.statement_rules import (
    OWNER,
    FenceCrossed,
    fenced_class,
)
from netra_backend.app.db.tables import Owned

_FENCE: Final = "netra_fence"


@dataclass(frozen=True, slots=True)
class Fence:
    """Whose rows a session reaches: one owner's, or every owner's, or (neither) nobody's.

    Attributes:
        owner: Whose, or None.
        every_owner: Whether everybody's.
        writes: Whether it may change anything.
    """

    owner: str | None
    every_owner: bool = False
    writes: bool = True

    def refuse_writing(self) -> None:
        """Let a session go on to write.

        Raises:
            FenceCrossed: It was opened for reading.
        """
        if not self.writes:
            raise FenceCrossed("a session that was opened for reading writes nothing")


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


def run_constant(
    session: Session, statement: Constant, parameters: Mapping[str, Any]
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Run a statement that is made once within a session's fence; give its rows if it has any.

    What pends is flushed before. Objects that were loaded do not learn of a change.

    Raises:
        FenceCrossed: It cannot be fenced, or other parameters are given than it names.
    """
    fence = _fence_of(session)
    if not isinstance(statement, Select):
        fence.refuse_writing()
    reach = Reach.NOBODY if fence.owner is None else Reach.ONE_OWNER
    if fence.every_owner:
        reach = Reach.EVERY_OWNER
    given = dict(parameters)
    within = fenced(session, statement, given.keys(), reach)
    if reach is Reach.ONE_OWNER:
        given[OWNER_PARAMETER] = fence.owner
    session.flush()
    result = session.connection().execute(within, given)
    return result.all() if result.returns_rows else ()


def put_in(session: Session, entity: type[Owned], values: Mapping[str, Any]) -> None:
    """Write one new row of the owner of a session's fence; what pends is flushed before.

    Raises:
        FenceCrossed: The fence has no owner, an owner is named, or a column is missing.
        IntegrityError: A constraint of the database refuses it.
    """
    fence = _fence_of(session)
    fence.refuse_writing()
    owner = fence.owner
    if owner is None:
        raise FenceCrossed("nobody's row cannot be written")
    statement = insertion(entity, values.keys())
    session.flush()
    session.connection().execute(statement, {**values, OWNER: owner})


@event.listens_for(FencedSession, "do_orm_execute")
def _fence_statement(state: ORMExecuteState) -> None:
    fence = _fence_of(state.session)
    if not state.is_select:
        fence.refuse_writing()
    only = fenced_class(state)
    if fence.every_owner:
        return
    owner = fence.owner
    if only is not None and isinstance(state.statement, Select):
        state.statement = state.statement.where(
            false() if owner is None else only.owner_id == owner
        )
        return
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
    if session.new or session.deleted or session.dirty:
        fence.refuse_writing()
    _check_owners(session.new, fence)
    _check_owners(session.dirty, fence)
    _check_owners(session.deleted, fence)


def _check_owners(objects: Iterable[object], fence: Fence) -> None:
    for item in objects:
        if not isinstance(item, Owned):
            raise FenceCrossed(f"{type(item).__name__} has no owner")
        history = get_history(item, OWNER)
        owners = {*(history.added or ()), *(history.unchanged or ()), *(history.deleted or ())}
        if len(owners) != 1 or None in owners:
            raise FenceCrossed("a row has exactly one owner and keeps it")
        if not fence.every_owner and owners != {fence.owner}:
            raise FenceCrossed("the row belongs to another principal")


def _fence_of(session: Session) -> Fence:
    if not isinstance(session, FencedSession):
        raise FenceCrossed("not a fenced session")
    return session.fence
