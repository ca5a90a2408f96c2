"""Statements that are made once: judged once, and kept with the owner's criterion in them.

The criterion names a parameter that only the fence fills in. What may pass at all is decided in
`statement_rules`, and under whose name in `fence`.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Insert,
    Select,
    String,
    Update,
    bindparam,
    false,
    insert,
)
from sqlalchemy.orm import Session, with_loader_criteria
from sqlalchemy.sql import visitors

from netra_backend.app.db.isolation.statement_rules import (
    OWNER,
    FenceCrossed,
    refuse_what_cannot_be_fenced,
    stated,
    table_of,
)
from netra_backend.app.db.tables import OWNER_LENGTH, Owned

OWNER_PARAMETER: Final = "netra_fence_owner"
_OWNERS_ID: Final = bindparam(OWNER_PARAMETER, type_=String(OWNER_LENGTH))

Constant: TypeAlias = Select[*tuple[Any, ...]] | Update | Delete


class Reach(Enum):
    """Whose rows a statement is to reach."""

    ONE_OWNER = auto()
    NOBODY = auto()
    EVERY_OWNER = auto()


@dataclass(frozen=True, slots=True)
class _Fenced:
    """A statement that passed; without one of its own, it is run as it was made."""

    statement: Constant | None
    named: frozenset[str]


# By the object itself: statements have no equality of their own. What is kept of one holds no
# reference to it, so that it goes when the statement goes.
_FENCED: Final[Mapping[Reach, WeakKeyDictionary[Constant, _Fenced]]] = {
    reach: WeakKeyDictionary() for reach in Reach
}
_INSERTS: Final[dict[type[Owned], Insert]] = {}


def fenced(
    session: Session, statement: Constant, names: AbstractSet[str], reach: Reach
) -> Constant:
    """Give a statement with the criterion of a reach in it; the owner's value is not.

    Args:
        session: Whose it will be.
        statement: One that is made once and used again.
        names: Which parameters are given: exactly those that it names.
        reach: Which criterion.

    Raises:
        FenceCrossed: It cannot be fenced, or other parameters are given than it names.
    """
    kept = _FENCED[reach].get(statement)
    if kept is None:
        kept = _FENCED[reach][statement] = _judged(session, statement, reach)
    if kept.named != names:
        raise FenceCrossed("a statement is given the parameters it names and no others")
    return statement if kept.statement is None else kept.statement


def insertion(entity: type[Owned], names: AbstractSet[str]) -> Insert:
    """Give the statement that writes one new row; its owner is still to be given.

    Raises:
        FenceCrossed: It is no mapped class, or not exactly the columns but the owner are given.
    """
    statement = _INSERTS.get(entity)
    if statement is None:
        statement = _INSERTS[entity] = insert(table_of(entity))
    if OWNER in names:
        raise FenceCrossed("the owner of a row is given by the fence alone")
    if {OWNER, *names} != set(statement.table.c.keys()):
        raise FenceCrossed("a row is written whole")
    return statement


def _judged(session: Session, statement: Constant, reach: Reach) -> _Fenced:
    if not isinstance(statement, Select | Update | Delete):
        raise FenceCrossed("a statement of this kind cannot be kept")
    refuse_what_cannot_be_fenced(stated(session, statement))
    named = frozenset(
        part.key
        for part in visitors.iterate(statement)
        if isinstance(part, BindParameter) and not part.unique
    )
    if OWNER_PARAMETER in named:
        raise FenceCrossed("the owner's parameter is the fence's own")
    if statement._with_options:  # noqa: SLF001 - there is no other way to see them
        raise FenceCrossed("a statement that is kept has no options of its own")
    if isinstance(statement, Select):
        return _Fenced(_select_within(statement, reach), named)
    if named & set(statement.table.c.keys()):
        raise FenceCrossed("a parameter named as a column would be written into it")
    return _Fenced(_change_within(session, statement, reach), named)


def _select_within(
    statement: Select[*tuple[Any, ...]], reach: Reach
) -> Select[*tuple[Any, ...]] | None:
    if reach is Reach.EVERY_OWNER:
        return None
    criterion = _is_owners if reach is Reach.ONE_OWNER else _is_nobodys
    return statement.options(with_loader_criteria(Owned, criterion, include_aliases=True))


def _change_within(
    session: Session, statement: Update | Delete, reach: Reach
) -> Update | Delete | None:
    # It concerns one class alone, with no select in it: one criterion bounds all it can reach.
    if reach is Reach.EVERY_OWNER:
        return None
    [mapper] = stated(session, statement).all_mappers
    entity: type[Owned] = mapper.class_
    return statement.where(_is_owners(entity) if reach is Reach.ONE_OWNER else _is_nobodys(entity))


def _is_owners(entity: type[Owned]) -> ColumnElement[bool]:
    return entity.owner_id == _OWNERS_ID


def _is_nobodys(_entity: type[Owned]) -> ColumnElement[bool]:
    return false()
