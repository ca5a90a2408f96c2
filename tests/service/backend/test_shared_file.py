"""What a process hears of the others that write to its SQLite file."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from fakes.running_backend import migrated
from fakes.stores import plain
from fakes.timing import UNIT, eventually
from netra_backend.app.db.presence.locked_files import HolderLocks
from netra_backend.app.db.presence.shared_file import SharedFile, _Glance


class Watch:
    """Whose journals somebody wants to know of, and what was told of them, in order."""

    def __init__(self, *owners: str) -> None:
        self.owners = owners
        self.told: list[tuple[str, int]] = []
        self.looks = 0

    def watched(self) -> tuple[str, ...]:
        """Name them."""
        return self.owners

    def went_on(self, owner_id: str, head: int) -> None:
        """Take note of a head."""
        self.told.append((owner_id, head))

    def look_again(self) -> None:
        """Take note of a doubt."""
        self.looks += 1


@asynccontextmanager
async def listening(store: Path, watch: Watch) -> AsyncIterator[SharedFile]:
    """Be there and listen."""
    presence = SharedFile(store, watch)
    task = asyncio.create_task(presence.listen())
    try:
        yield presence
    finally:
        task.cancel()
        await asyncio.wait((task,))
        await presence.release()


@pytest.fixture
async def file(store: Path) -> Path:
    """Bring the test's file to its schema."""
    return await migrated(store)


def write(store: Path, owner_id: str, head: int) -> None:
    """Commit that an owner's journal reaches a place, as another process does."""
    with plain(store) as connection:
        connection.execute(
            "INSERT INTO t_journal_heads (owner_id, head) VALUES (?, ?)"
            " ON CONFLICT (owner_id) DO UPDATE SET head = excluded.head",
            (owner_id, head),
        )


async def test_what_another_process_writes_is_heard_of(file: Path) -> None:
    """Of those who are watched the new head is told, once; of others nothing is read."""
    watch, other = Watch("usr_anna", "usr_nobody"), HolderLocks(file)
    await other.name()
    async with listening(file, watch):
        for head in (3, 5):
            write(file, "usr_anna", head)
            write(file, "usr_bert", head)
            await eventually(lambda: ("usr_anna", head) in watch.told, within=UNIT)  # noqa: B023 - asked within the round
        write(file, "usr_bert", 9)
        write(file, "usr_anna", 6)
        await eventually(lambda: ("usr_anna", 6) in watch.told, within=UNIT)
    await other.release()

    assert watch.told == [("usr_anna", 3), ("usr_anna", 5), ("usr_anna", 6)]
    assert watch.looks == 0


async def test_the_last_words_of_one_that_has_gone_are_heard(file: Path) -> None:
    """Also what was committed right before the other one ended is told."""
    for number in range(1, 6):
        watch, other = Watch("usr_anna"), HolderLocks(file)
        async with listening(file, watch):
            await other.name()
            await eventually(lambda: watch.told or number == 1, within=2 * UNIT)  # noqa: B023 - asked within the round
            write(file, "usr_anna", 10 * number)
            await other.release()
            await eventually(lambda: ("usr_anna", 10 * number) in watch.told, within=2 * UNIT)  # noqa: B023 - asked within the round


async def test_who_came_and_went_unseen_is_heard_too(file: Path) -> None:
    """Who is alone still looks now and then: nothing depends on having seen the other."""
    watch = Watch("usr_anna")
    async with listening(file, watch):
        write(file, "usr_anna", 4)
        await eventually(lambda: ("usr_anna", 4) in watch.told, within=3 * UNIT)


async def test_another_file_under_the_name_is_noticed(file: Path) -> None:
    """When the store was replaced, everybody looks at their journal again."""
    watch, other = Watch("usr_anna"), HolderLocks(file)
    await other.name()
    async with listening(file, watch):
        write(file, "usr_anna", 3)
        await eventually(lambda: watch.told, within=UNIT)
        copy = file.with_name("copy.db")
        with plain(file) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
        write(copy, "usr_anna", 2)
        copy.replace(file)

        await eventually(lambda: ("usr_anna", 2) in watch.told, within=2 * UNIT)
    await other.release()
    assert watch.looks == 1


async def test_a_file_that_was_away_is_looked_at_again(file: Path) -> None:
    """While the file is not there nothing is told; afterwards everybody looks at their journal."""
    watch, other = Watch("usr_anna"), HolderLocks(file)
    await other.name()
    async with listening(file, watch) as presence:
        write(file, "usr_anna", 3)
        await eventually(lambda: watch.told, within=UNIT)
        shutil.move(file, file.with_name("away.db"))
        await eventually(lambda: presence._glance.is_doubtful, within=UNIT)
        assert watch.looks == 0

        shutil.move(file.with_name("away.db"), file)
        await eventually(lambda: watch.looks == 1, within=UNIT)
    await other.release()


async def test_who_listens_is_there(file: Path) -> None:
    """Whoever listens is seen by the others from the beginning, and not any more when it let go."""
    others = HolderLocks(file)
    assert not others.are_others()
    async with listening(file, Watch()):
        await eventually(others.are_others, within=UNIT)
        await others.name()
        assert others.are_others()
    assert not others.are_others()
    await others.release()


async def test_a_glance_reads_nothing_but_how_far_journals_reach(file: Path) -> None:
    """The connection can neither read what is in a journal nor write, nor be told otherwise."""
    glance = _Glance(file)
    connection = glance._at_file()
    for sql in (
        "SELECT payload FROM t_events",
        "SELECT erased_through FROM t_journal_heads",
        "UPDATE t_journal_heads SET head = 0",
        "DELETE FROM t_journal_heads",
        "PRAGMA user_version = 1",
        "ATTACH ':memory:' AS more",
    ):
        with pytest.raises(sqlite3.DatabaseError):
            connection.execute(sql)
    many = [f"usr_{number}" for number in range(1200)]
    write(file, "usr_1100", 7)

    assert glance.heads_if_changed(many) == {"usr_1100": 7}
    assert glance.heads_if_changed(many) is None
    glance.close()
    assert glance.heads_if_changed(()) == {}
    glance.close()
