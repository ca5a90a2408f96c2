"""Small writes that share a transaction: none lost, none failed by another, all in order."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from fakes.running_auth import auth_settings, provide_store
from netra.errors import DatabaseUnavailable
from netra_auth.store.engine import Database, StoreContended, Transaction
from netra_auth.store.group_commit import GroupCommit
from netra_auth.store.group_read import GroupRead
from netra_auth.store.tables import rate_limits

_REQUEST: ContextVar[str] = ContextVar("_REQUEST")


@pytest.fixture
async def database(tmp_path: Path, store: str) -> AsyncIterator[Database]:
    """Open a migrated store."""
    assert store
    settings = auth_settings(tmp_path, 8001)
    await provide_store(settings)
    opened = Database(settings.database_url)
    yield opened
    await opened.close()


class Counted:
    """Opens a database's transactions and counts them; while `hold` is clear, none begins."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.opened = 0
        self.hold = asyncio.Event()
        self.hold.set()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction."""
        await self.hold.wait()
        self.opened += 1
        async with self._database.transaction() as transaction:
            yield transaction


def row(name: str) -> dict[str, object]:
    """Write a row that is easy to insert."""
    return {"limit_key": name, "hits": 1, "window_ends_at": 0.0}


async def add(transaction: Transaction, name: str) -> None:
    """Insert a row; a second one of the same name is refused by the store."""
    await transaction.connection.execute(insert(rate_limits), row(name))


async def names(database: Database) -> list[str]:
    """List what is stored."""
    async with database.reading() as connection:
        found = await connection.execute(select(rate_limits.c.limit_key))
        return sorted(found.scalars())


async def test_writes_at_once_share_transactions(database: Database) -> None:
    """A hundred writes that come together are all stored, by a few transactions."""
    counted = Counted(database)
    group = GroupCommit(counted.transaction)

    async def write(number: int) -> int:
        async def work(transaction: Transaction) -> int:
            await add(transaction, f"{number:03}")
            return number

        return await group.commit(work)

    given = await asyncio.gather(*(write(number) for number in range(100)))

    assert given == list(range(100))
    assert await names(database) == [f"{number:03}" for number in range(100)]
    assert counted.opened <= 3


async def test_the_fault_of_one_fails_nobody_else(database: Database) -> None:
    """Of several writes the one that breaks a rule is told so, and every other is stored."""
    group = GroupCommit(database.transaction)

    async def write(name: str) -> None:
        await group.commit(lambda transaction: add(transaction, name))

    outcomes = await asyncio.gather(
        *(write(name) for name in ("a", "b", "a", "c")), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes] == [
        *(type(None), type(None)),
        *(IntegrityError, type(None)),
    ]
    assert await names(database) == ["a", "b", "c"]


async def test_what_follows_the_commit_happens_in_order_and_in_its_own_context(
    database: Database,
) -> None:
    """Each is told after the commit, in the order handed over, where it was handed over."""
    group = GroupCommit(database.transaction)
    told: list[tuple[str, str]] = []

    async def write(name: str) -> None:
        _REQUEST.set(f"request {name}")

        async def work(transaction: Transaction) -> None:
            await add(transaction, name)
            transaction.after_commit(lambda: told.append((name, _REQUEST.get())))

        await group.commit(work)

    expected = [f"{number:02}" for number in range(20)]
    await asyncio.gather(*(asyncio.create_task(write(name)) for name in expected))

    assert told == [(name, f"request {name}") for name in expected]


async def test_nothing_is_told_of_a_write_that_failed(database: Database) -> None:
    """What was to follow a commit that never came does not happen."""
    group = GroupCommit(database.transaction)
    told: list[str] = []

    async def work(transaction: Transaction) -> None:
        transaction.after_commit(lambda: told.append("written"))
        raise LookupError

    with pytest.raises(LookupError):
        await group.commit(work)
    assert told == []


async def test_whoever_stops_waiting_stops_nobody(database: Database) -> None:
    """A cancelled caller's write is stored all the same, and so are its neighbours'."""
    counted = Counted(database)
    counted.hold.clear()
    group = GroupCommit(counted.transaction)
    several = [
        asyncio.create_task(group.commit(lambda transaction, name=name: add(transaction, name)))  # type: ignore[misc]  # mypy knows no type for a default in a lambda
        for name in "abc"
    ]
    await asyncio.sleep(0)

    several[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await several[1]
    counted.hold.set()
    await asyncio.gather(several[0], several[2])
    await group.close()

    assert await names(database) == ["a", "b", "c"]


async def test_closing_waits_for_what_was_handed_over(database: Database) -> None:
    """What waits when the store is closed is written first."""
    waiting = [
        asyncio.create_task(
            database.commit_together(lambda transaction, n=n: add(transaction, f"{n:02}"))  # type: ignore[misc]  # as above
        )
        for n in range(30)
    ]
    await asyncio.sleep(0)

    await database.close()

    await asyncio.gather(*waiting)
    assert len(await names(database)) == 30


async def test_too_much_waiting_is_an_outage(database: Database) -> None:
    """When too much waits, the next caller is told that the store cannot be reached, in time."""
    counted = Counted(database)
    counted.hold.clear()
    group = GroupCommit(counted.transaction, max_waiting=2, room_seconds=0.05)
    waiting = [
        asyncio.create_task(group.commit(lambda transaction, name=name: add(transaction, name)))  # type: ignore[misc]  # as above
        for name in "ab"
    ]
    await asyncio.sleep(0)

    with pytest.raises(DatabaseUnavailable):
        await group.commit(lambda transaction: add(transaction, "c"))
    counted.hold.set()
    await asyncio.gather(*waiting)

    assert await names(database) == ["a", "b"]


async def test_a_lost_store_is_told_to_all_that_wait(tmp_path: Path) -> None:
    """Without a store every writer gets the outage, and none waits for ever."""
    database = Database(auth_settings(tmp_path / "missing", 8001).database_url)

    outcomes = await asyncio.gather(
        *(database.commit_together(lambda transaction: add(transaction, "a")) for _ in range(9)),
        return_exceptions=True,
    )

    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    await database.close()


async def test_a_transaction_given_up_for_another_is_done_again(database: Database) -> None:
    """Work that the store gave up for the sake of other work is done once more by itself."""
    group = GroupCommit(database.transaction)
    tries: list[str] = []

    async def work(transaction: Transaction) -> None:
        tries.append("once")
        if len(tries) == 1:
            raise StoreContended("the store gave the transaction up")
        await add(transaction, "a")

    await group.commit(work)

    assert len(tries) == 2
    assert await names(database) == ["a"]


async def test_where_all_wait_for_the_same_few_are_done_again(database: Database) -> None:
    """One that waits in vain fails alone; after three the others are told without waiting too."""
    group, tries = GroupCommit(database.transaction), Counter[int]()

    def piece(number: int, in_vain: int) -> Callable[[Transaction], Awaitable[None]]:
        async def work(transaction: Transaction) -> None:
            tries[number] += 1
            if number < in_vain:
                raise StoreContended("a lock did not become free")
            await add(transaction, str(number))

        return work

    one = await asyncio.gather(
        *(group.commit(piece(n, 1)) for n in range(9)), return_exceptions=True
    )
    seen = await names(database)
    tries.clear()
    all_of_them = await asyncio.gather(
        *(group.commit(piece(n, 9)) for n in range(9)), return_exceptions=True
    )

    assert [type(outcome) for outcome in one] == [StoreContended] + [type(None)] * 8
    assert len(seen) == 8
    assert {type(outcome) for outcome in all_of_them} == {StoreContended}
    assert tries.total() == 1 + 3


async def test_look_ups_at_once_share_readings() -> None:
    """Many look-ups that come together are a few readings, and each gets its own answer."""
    readings: list[set[int]] = []

    async def load(keys: object) -> dict[int, int]:
        readings.append(set(keys))  # type: ignore[call-overload]
        await asyncio.sleep(0)
        return {key: key * key for key in readings[-1] if key != 7}

    group: GroupRead[int, int] = GroupRead(load)
    found = await asyncio.gather(*(group.get(key % 10) for key in range(50)))

    assert found == [None if key % 10 == 7 else (key % 10) ** 2 for key in range(50)]
    assert len(readings) == 1


async def test_a_look_up_sees_what_was_there_when_it_was_asked() -> None:
    """Who asks while a reading is under way gets the next reading's answer, never the older one."""
    state, begun, go_on = {"a": 1}, asyncio.Event(), asyncio.Event()

    async def load(keys: object) -> dict[str, int]:
        assert keys
        seen = dict(state)
        begun.set()
        await go_on.wait()
        return seen

    group: GroupRead[str, int] = GroupRead(load)
    early = group.get("a")
    await begun.wait()
    state["a"] = 2
    late = group.get("a")
    go_on.set()

    assert (await early, await late) == (1, 2)


def unreachable_at_first() -> GroupRead[str, int]:
    """Look things up in a store whose first reading fails."""
    outages = [DatabaseUnavailable("gone")]

    async def load(keys: object) -> dict[str, int]:
        assert keys
        if outages:
            raise outages.pop()
        return {"a": 1}

    return GroupRead(load)


async def test_a_look_up_that_fails_fails_for_all_and_only_once() -> None:
    """An outage reaches everybody who asked, and the next one asks anew."""
    group = unreachable_at_first()
    failed = await asyncio.gather(group.get("a"), group.get("b"), return_exceptions=True)

    assert {type(outcome) for outcome in failed} == {DatabaseUnavailable}
    assert await group.get("a") == 1


async def test_whoever_asked_may_leave_and_need_not_look_at_a_failure() -> None:
    """A look-up that nobody awaits any more costs the others nothing, and complains of nothing."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, said: complaints.append(said))
    group = unreachable_at_first()
    forgotten, awaited = group.get("a"), group.get("a")
    await asyncio.wait((awaited,))
    del forgotten, awaited
    gc.collect()
    left, stayed = group.get("a"), group.get("a")
    left.cancel()

    assert await stayed == 1
    assert left.cancelled()
    assert not complaints
