"""What somebody does in a session, rightly or not, each compared with what must come of it.

Each action reads or writes through one session and changes `rows` as the store must have changed.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import bindparam, delete, exists, func, select, true, update
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm import Session, aliased

from fakes.owned_rows import (
    CHANGEABLE,
    COLUMNS,
    ENTITIES,
    NAMES,
    Leak,
    Loss,
    Row,
    Rows,
    as_row,
    compare,
    object_of,
    of_object,
    remove,
    text_of,
    values_of,
)
from netra.errors import Conflict
from netra_backend.app.db.isolation.statement_rules import FenceCrossed
from netra_backend.app.db.session import PrincipalSession
from netra_backend.app.db.tables import Message, Owned, Thread

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANY: Final = 12
"""How many rows one sees before adding another removes one."""

_ALL: Final = {table: select(*COLUMNS[table]) for table in ENTITIES}
_ONE: Final = {
    table: select(*COLUMNS[table]).where(COLUMNS[table][0] == bindparam("which"))
    for table in CHANGEABLE
}
_CHANGE: Final = {
    table: update(ENTITIES[table])
    .where(COLUMNS[table][0] == bindparam("which"))
    .values({text_of(table): bindparam("said")})
    for table in CHANGEABLE
}
_REMOVE: Final = {
    table: delete(ENTITIES[table]).where(COLUMNS[table][0] == bindparam("which"))
    for table in CHANGEABLE
}


class Spoiled(Exception):
    """What was refused as it must be, and whose transaction is lost by it."""


@dataclass
class Place:
    """A session and what is known of it.

    Attributes:
        session: Where it acts.
        owner: Whose rows it makes, or None for a service.
        maintains: Whether it sees every owner's rows.
        writes: Whether it was opened to write.
        is_postgres: What it runs on.
        rows: What it sees; changed by what it does.
        others: What is stored and it must not see; nobody is changing it.
        pick: Which of the ways to act, and on what.
        number: Makes ids and texts that were never there.
        users: Everybody who owns rows.
        is_stale: Whether objects that were loaded may not be as what is stored.
        loaded: Objects that it loaded.
        stolen: An object that another principal loaded, or None.
    """

    session: PrincipalSession
    owner: str | None
    maintains: bool
    writes: bool
    is_postgres: bool
    rows: Rows
    others: Rows
    pick: int
    number: int
    users: tuple[str, ...]
    is_stale: bool = False
    loaded: list[Owned] = field(default_factory=list)
    stolen: Owned | None = None

    @property
    def table(self) -> str:
        """The table that is picked."""
        return CHANGEABLE[self.pick % len(CHANGEABLE)]

    @property
    def said(self) -> str:
        """A text that was never there."""
        return f"said {self.number}"

    def of(self, table: str) -> list[Row]:
        """Give what it sees of a table."""
        return [row for row in self.rows.values() if row.table == table]

    def aim(self, table: str) -> str:
        """Give an id of its own, of another's, or of nothing."""
        own = self.of(table)
        others = [row for row in self.others.values() if row.table == table]
        aims = [rows[self.pick % len(rows)].id for rows in (others, own) if rows]
        return [*aims, "thr_nothing"][self.pick % (len(aims) + 1)]

    async def done(self, work: Callable[[Session], Any]) -> Any:
        """Call a function with the ORM's own session, past the public methods."""
        return await self.session._open.run_sync(work)

    async def raw(self, sql: str) -> Any:
        """Run SQL on the session's connection, beneath the fence."""
        return await self.done(lambda s: s.connection().exec_driver_sql(sql))


@contextmanager
def refused(*kinds: type[Exception], spoils: bool = True) -> "Iterator[None]":
    """Demand that what stands within is refused.

    Raises:
        Leak: It is not.
        Spoiled: It is, and the transaction is lost.
    """
    try:
        yield
    except kinds as error:
        if spoils:
            raise Spoiled from error
        return
    raise Leak("what had to be refused was done")


async def _list(place: Place) -> None:
    """Select all columns of all rows of a table."""
    table = list(ENTITIES)[place.pick % len(ENTITIES)]
    found = await place.done(lambda s: s.execute(_ALL[table]).all())
    compare((as_row(table, row) for row in found), place.of(table), "selected")


async def _load(place: Place) -> None:
    """Load every object of a class; the identity map holds nothing but its own afterwards."""
    table = place.table
    statement = select(ENTITIES[table]).execution_options(populate_existing=True)
    found = (await place.session.scalars(statement)).all()
    compare(map(of_object, found), place.of(table), "loaded")
    place.loaded = list(found)[:2]
    known = await place.done(lambda s: [i for i in s.identity_map.values() if isinstance(i, Owned)])
    if not place.maintains and {item.owner_id for item in known} - {place.owner}:
        raise Leak("the identity map holds another's object")


async def _count(place: Place) -> None:
    """Count and aggregate, in every class."""
    table = place.table
    ids, texts = COLUMNS[table][0], COLUMNS[table][3]
    found = await place.done(
        lambda s: s.execute(select(func.count(ids), func.max(texts), func.min(ids))).all()
    )
    own = place.of(table)
    last, first = max((r.text for r in own), default=None), min((r.id for r in own), default=None)
    compare(map(tuple, found), [(len(own), last, first)], "counted")


async def _join(place: Place) -> None:
    """Join messages with threads, in a condition or in none, or ask whether another's exist."""
    threads, messages = place.of("threads"), place.of("messages")
    way = place.pick % 4
    statement: Any = select(Message.id, Thread.title).join(Thread, Thread.id == Message.thread_id)
    expected: list[Any] = [(m.id, t.text) for m in messages for t in threads if m.parent == t.id]
    if way == 1:
        other = aliased(Thread)
        statement = select(Thread.id, other.owner_id).join(other, true())
        expected = [(one.id, two.owner) for one in threads for two in threads]
    elif way == 2:
        aim = place.aim("messages")
        statement = select(Thread.id).where(exists(select(Message.id).where(Message.id == aim)))
        is_seen = any(m.id == aim for m in messages)
        expected = [(t.id,) for t in threads] if is_seen else []
    elif way == 3:
        said = select(Message.thread_id).where(Message.text.is_not(None))
        statement = select(Thread.id, Thread.owner_id).where(Thread.id.in_(said))
        parents = {m.parent for m in messages}
        expected = [(t.id, t.owner) for t in threads if t.id in parents]
    found = await place.done(lambda s: s.execute(statement).all())
    compare(map(tuple, found), expected, "joined")


async def _get(place: Place) -> None:
    """Get a row by its own id, another's or an unknown one."""
    table = place.table
    aim = place.aim(table)
    item = await place.session.get(ENTITIES[table], aim)
    expected = place.rows.get((table, aim))
    if item is None:
        compare((), () if expected is None else (expected,), "gotten")
        return
    if not place.maintains and item.owner_id != place.owner:
        raise Leak(f"got {aim}, which is another's")
    if not place.is_stale:
        compare((of_object(item),), () if expected is None else (expected,), "gotten")
        place.loaded = [item]


async def _constant(place: Place) -> None:
    """Run a select that is made once, of one row or of all."""
    table = place.table
    if place.pick % 2:
        found = await place.session.run_constant(_ALL[table], {})
        expected = place.of(table)
    else:
        aim = place.aim(table)
        found = await place.session.run_constant(_ONE[table], {"which": aim})
        expected = [row for row in place.of(table) if row.id == aim]
    compare((as_row(table, row) for row in found), expected, "selected by a constant")


async def _raw_read(place: Place) -> None:
    """Read by SQL text beneath the fence, by the plain names and by the stored ones."""
    table = place.table
    columns = ", ".join(NAMES[table])
    aim = place.aim(table)
    ways: list[tuple[str, bool]] = [
        (f"SELECT {columns} FROM {table}", False),  # noqa: S608 - names of ours
        (f"SELECT {columns} FROM t_{table}", True),  # noqa: S608 - names of ours
        (f"SELECT {columns} FROM {table} WHERE id = '{aim}' OR 1 = 1", False),  # noqa: S608 - names of ours
        (
            f"WITH {table} AS (SELECT * FROM t_{table}) SELECT {columns} FROM {table}",  # noqa: S608 - names of ours
            True,
        ),
        (f"SELECT {columns} FROM {table} UNION SELECT {columns} FROM {table}", False),  # noqa: S608 - names of ours
        (f"SELECT {columns} FROM {table} WHERE id = '{aim}'", False),  # noqa: S608 - names of ours
    ]
    sql, is_stored = ways[place.pick // 2 % len(ways)]
    if is_stored and not place.is_postgres:
        with refused(DBAPIError, FenceCrossed, spoils=False):
            await place.raw(sql)
        return
    found = (await place.raw(sql)).all()
    narrow = place.pick // 2 % len(ways) == len(ways) - 1
    expected = [row for row in place.of(table) if not narrow or row.id == aim]
    compare((as_row(table, row) for row in found), expected, "read by SQL text")


def _new(place: Place) -> Row:
    owner = place.owner or place.users[place.pick % len(place.users)]
    table = place.table
    threads = [row for row in place.of("threads") if row.owner == owner]
    if table == "messages" and not threads:
        table = "threads"
    new = f"{table[:3]}_{place.number}"
    parent = {"threads": new, "model_usage": f"run_{place.number}"}.get(table)
    return Row(table, new, owner, parent or threads[place.pick % len(threads)].id, place.said)


def _insertion(row: Row) -> str:
    values = {**values_of(row), "owner_id": row.owner}
    given = ", ".join(str(v) if isinstance(v, int) else f"'{v}'" for v in values.values())
    return f"INSERT INTO {row.table} ({', '.join(values)}) VALUES ({given})"  # noqa: S608 - names of ours


async def _add(place: Place) -> None:
    """Add a row, in one of three ways; when there are many, remove one instead."""
    row = _new(place)
    if place.writes and len([r for r in place.rows.values() if r.owner == row.owner]) >= _MANY:
        await _delete(place)
        return
    way = place.pick // 3 % 3
    may = place.writes and (place.owner is not None or place.maintains)
    if way == 0 or not place.writes:
        if not may or place.owner is None:
            with refused(FenceCrossed, spoils=False):
                await place.session.put_in(ENTITIES[row.table], values_of(row))
            return
        await place.session.put_in(ENTITIES[row.table], values_of(row))
    elif way == 1:
        place.session.add(object_of(row))
        if not may:
            with refused(FenceCrossed):
                await place.session.flush()
        await place.session.flush()
    else:
        if not may:
            with refused(DBAPIError):
                await place.raw(_insertion(row))
        await place.raw(_insertion(row))
    place.rows[row.table, row.id] = row


async def _change(place: Place) -> None:
    """Change one row or all, by the ORM, a constant, an object or SQL text."""
    table, said, way = place.table, place.said, place.pick // 3 % 5
    aim = place.aim(table)
    if not place.writes:
        with refused(FenceCrossed, spoils=False):
            await place.session.execute(update(ENTITIES[table]).values({text_of(table): said}))
        return
    changed = [row for row in place.of(table) if row.id == aim or way in {0, 4}]
    if way == 0:
        await place.session.execute(update(ENTITIES[table]).values({text_of(table): said}))
    elif way == 1:
        one = update(ENTITIES[table]).where(COLUMNS[table][0] == aim)
        await place.session.execute(one.values({text_of(table): said}))
    elif way == 2:
        await place.session.run_constant(_CHANGE[table], {"which": aim, "said": said})
        place.is_stale = True
    elif way == 3:
        if not changed:
            await _get(place)
            return
        item = await place.session.get(ENTITIES[table], aim)
        if item is None:
            raise Loss(f"{aim} is not there to be changed")
        setattr(item, text_of(table), said)
        await place.session.flush()
    else:
        result = await place.raw(
            f"UPDATE {table} SET {text_of(table)} = '{said}' WHERE id = '{aim}' OR 1 = 1"  # noqa: S608 - names of ours
        )
        if place.is_postgres and result.rowcount != len(changed):
            raise Leak(f"{result.rowcount} rows were changed instead of {len(changed)}")
        place.is_stale = True
    for row in changed:
        place.rows[row.table, row.id] = row._replace(text=said)


async def _change_blindly(place: Place) -> None:
    """Change or remove everything by SQL text that reads no column, by either name."""
    table, said = place.table, place.said
    if not place.writes:
        await _raw_read(place)
        return
    name = table if place.pick % 2 else f"t_{table}"
    is_removal = place.pick % 8 == 7
    sql = f"DELETE FROM {name}" if is_removal else f"UPDATE {name} SET {text_of(table)} = '{said}'"  # noqa: S608 - names of ours
    if name != table and not place.is_postgres:
        with refused(DBAPIError, spoils=False):
            await place.raw(sql)
        return
    await place.raw(sql)
    place.is_stale = True
    for row in place.of(table):
        if is_removal:
            remove(place.rows, (table, row.id))
        else:
            place.rows[table, row.id] = row._replace(text=said)


async def _delete(place: Place) -> None:
    """Remove one row, its own or another's, by the ORM, a constant, an object or SQL text."""
    table, way = place.table, place.pick // 3 % 4
    aim = place.aim(table)
    one = delete(ENTITIES[table]).where(COLUMNS[table][0] == aim)
    if not place.writes:
        with refused(FenceCrossed, spoils=False):
            await place.session.execute(one)
        return
    if way == 0:
        await place.session.execute(one)
    elif way == 1:
        await place.session.run_constant(_REMOVE[table], {"which": aim})
    elif way == 2:
        await place.raw(f"DELETE FROM {table} WHERE id = '{aim}'")  # noqa: S608 - names of ours
    else:
        item = await place.session.get(ENTITIES[table], aim)
        if item is not None and (table, aim) in place.rows:
            await place.done(lambda s: s.delete(item))
            await place.session.flush()
    place.is_stale = True
    if (table, aim) in place.rows:
        remove(place.rows, (table, aim))


async def _forge(place: Place) -> None:
    """Make, take or give away a row in another's name; it is refused, whoever asks."""
    if place.maintains or place.owner is None or not place.writes:
        with refused(FenceCrossed, spoils=False):
            await place.session.execute(update(Thread).values(owner_id=place.users[0]))
        return
    victim = next(user for user in place.users if user != place.owner)
    row, way = _new(place)._replace(owner=victim), place.pick % 7
    foreign = [r for r in place.others.values() if r.table == "threads"]
    if way == 0:
        place.session.add(object_of(row))
        with refused(FenceCrossed):
            await place.session.flush()
    elif way == 1:
        with refused(DBAPIError):
            await place.raw(_insertion(row))
    elif way == 2:
        with refused(FenceCrossed, spoils=False):
            await place.session.put_in(Thread, {**values_of(row), "owner_id": victim})
    elif way == 3 and foreign:
        # That an id is taken can be told. Ids are drawn at random, so none is found by trying.
        with refused(Conflict):
            await place.session.put_in(
                Thread, {**values_of(row._replace(table="threads")), "id": foreign[0].id}
            )
    elif way == 4 and foreign:
        hung = Row("messages", f"mes_{place.number}", place.owner, foreign[0].id, place.said)
        with refused(Conflict):
            await place.session.put_in(Message, values_of(hung))
    elif way == 5 and (own := place.of(place.table)):
        with refused(DBAPIError):
            await place.raw(
                f"UPDATE {place.table} SET owner_id = '{victim}' WHERE id = '{own[0].id}'"  # noqa: S608 - names of ours
            )
    else:
        with refused(FenceCrossed, spoils=False):
            await place.session.execute(update(Thread).values(owner_id=place.owner))


async def _steal(place: Place) -> None:
    """Put another's object into the session, to read it again, to change it or to remove it."""
    stolen = place.stolen
    if stolen is None or place.maintains:
        await _get(place)
        return

    def attach(session: Session) -> None:
        session.add(stolen)
        if place.pick % 3 == 0 or not place.writes:
            try:
                session.refresh(stolen)
            finally:
                session.expunge(stolen)
        elif place.pick % 3 == 1:
            setattr(stolen, text_of(of_object(stolen).table), place.said)
        else:
            session.delete(stolen)
        session.flush()

    with refused(FenceCrossed, InvalidRequestError):
        await place.done(attach)


Action: TypeAlias = Callable[[Place], Awaitable[None]]

READING: Final[Mapping[str, Action]] = {
    "list": _list,
    "load": _load,
    "count": _count,
    "join": _join,
    "get": _get,
    "constant": _constant,
    "raw read": _raw_read,
    "steal": _steal,
}
WRITING: Final[Mapping[str, Action]] = {
    "add": _add,
    "change": _change,
    "change blindly": _change_blindly,
    "delete": _delete,
    "forge": _forge,
}
