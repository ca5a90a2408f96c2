"""What each of many owners has in a store, as a test expects it, and how it is compared."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy.orm import InstrumentedAttribute

from netra_backend.app.db.tables import Event, Message, ModelUsage, Owned, Thread


class Row(NamedTuple):
    """One row: by its table and id, with its owner, what it hangs on, and its text."""

    table: str
    id: str
    owner: str
    parent: str
    text: str


Key: TypeAlias = tuple[str, str]
Rows: TypeAlias = dict[Key, Row]

ENTITIES: Final[Mapping[str, type[Owned]]] = {
    "threads": Thread,
    "messages": Message,
    "model_usage": ModelUsage,
    "events": Event,
}
COLUMNS: Final[Mapping[str, tuple[InstrumentedAttribute[str], ...]]] = {
    "threads": (Thread.id, Thread.owner_id, Thread.id, Thread.title),
    "messages": (Message.id, Message.owner_id, Message.thread_id, Message.text),
    "model_usage": (ModelUsage.id, ModelUsage.owner_id, ModelUsage.run_id, ModelUsage.model),
    "events": (Event.key, Event.owner_id, Event.thread_id, Event.payload),
}
NAMES: Final = {table: tuple(c.key for c in columns) for table, columns in COLUMNS.items()}
CHANGEABLE: Final = ("threads", "messages", "model_usage")
"""Tables that sessions add to and change at will; each has its id as `id`."""


class Leak(AssertionError):
    """Somebody saw, changed or removed what is not theirs."""


class Loss(AssertionError):
    """Somebody lacks what is theirs."""


def text_of(table: str) -> str:
    """Name the column that holds a row's text."""
    return NAMES[table][3]


def values_of(row: Row) -> dict[str, Any]:
    """Give every column of a row of a changeable table but its owner's."""
    values: dict[str, Any] = {"id": row.id, "created_at": 1, text_of(row.table): row.text}
    if row.table == "threads":
        return {**values, "updated_at": 1}
    if row.table == "messages":
        return {**values, "thread_id": row.parent, "author": "user"}
    return {**values, "run_id": row.parent, "input_tokens": 1, "output_tokens": 1, "cost_micros": 1}


def object_of(row: Row) -> Owned:
    """Make an object of a row of a changeable table."""
    values = {**values_of(row), "owner_id": row.owner}
    return ENTITIES[row.table](**values)


def as_row(table: str, found: Iterable[Any]) -> Row:
    """Make a row of the columns that `COLUMNS` names."""
    return Row(table, *found)


def of_object(item: Owned) -> Row:
    """Make a row of an object that was loaded."""
    table = next(name for name, entity in ENTITIES.items() if type(item) is entity)
    return as_row(table, (getattr(item, name) for name in NAMES[table]))


def remove(rows: Rows, key: Key) -> None:
    """Take a row away, and with a thread its messages."""
    del rows[key]
    if key[0] == "threads":
        hanging = [k for k, row in rows.items() if k[0] == "messages" and row.parent == key[1]]
        for child in hanging:
            del rows[child]


def compare(found: Iterable[Any], expected: Iterable[Any], what: str) -> None:
    """Compare what was found with what is there, each as often as it is there.

    Raises:
        Leak: There is more.
        Loss: There is less.
    """
    there, awaited = Counter(found), Counter(expected)
    if more := there - awaited:
        raise Leak(f"{what}: {sorted(more.elements(), key=str)} is not to be seen")
    if less := awaited - there:
        raise Loss(f"{what}: {sorted(less.elements(), key=str)} is missing")
