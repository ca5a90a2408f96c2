"""The presence of processes at a database, with real processes and real deaths."""

import asyncio
import signal
import stat
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from fakes.stores import plain, store_url
from fakes.timing import UNIT, eventually
from netra.errors import DatabaseUnavailable
from netra.ids import row_id
from netra.secret import Secret
from netra_backend.app.db.presence.locked_files import HolderLocks
from netra_backend.app.db.presence.notifications import heads_in, payloads
from netra_backend.app.db.presence.opening import presence_at
from netra_backend.app.db.presence.port import Presence
from netra_backend.app.events.bus import MemoryBus

_HOLD: Final = """
import asyncio, sys, time
from netra.secret import Secret
from netra_backend.app.db.presence.opening import presence_at
from netra_backend.app.events.bus import MemoryBus
async def main():
    presence = presence_at(Secret(sys.argv[1]), "prc_other", MemoryBus())
    print(await presence.name(), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def present(store: Path) -> Presence:
    """Give the presence of one more process."""
    return presence_at(Secret(store_url(store)), row_id("prc"), MemoryBus())


@pytest.fixture
async def presence(store: Path) -> AsyncIterator[Presence]:
    """Give the presence of this process; of the store only its place has to be there."""
    presence = present(store)
    yield presence
    await presence.release()


@pytest.fixture
def locks(store: Path) -> HolderLocks:
    """Give the locks of this process."""
    return HolderLocks(store)


@pytest.fixture
async def other(store: Path) -> AsyncIterator[tuple[Process, str]]:
    """Let another process be there; give it and its name as a holder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLD, store_url(store), stdin=DEVNULL, stdout=PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30 * UNIT):
        holder = (await process.stdout.readline()).decode().strip()
    yield process, holder
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def test_a_killed_process_is_dead_at_once(
    presence: Presence, other: tuple[Process, str]
) -> None:
    """While it lives it is not dead, stopped or not; as soon as it is killed it is."""
    process, holder = other
    assert await presence.dead([holder]) == frozenset()
    process.send_signal(signal.SIGSTOP)
    assert await presence.dead([holder]) == frozenset()

    process.send_signal(signal.SIGKILL)
    await process.wait()

    async def is_dead() -> bool:
        return await presence.dead([holder]) == {holder}

    assert await eventually(is_dead, within=2 * UNIT)


async def test_one_that_let_go_is_dead(presence: Presence, store: Path) -> None:
    """Whoever released its presence holds nothing any more, also if it does so twice."""
    first, second = present(store), present(store)
    names = [await first.name(), await second.name()]
    assert len({*names, await presence.name()}) == 3
    assert await first.name() == names[0]
    assert await presence.dead(names) == frozenset()

    await first.release()
    await first.release()

    async def is_dead() -> bool:
        return await presence.dead(names) == {names[0]}

    assert await eventually(is_dead, within=2 * UNIT)
    await second.release()


async def test_nobody_is_dead_to_itself(presence: Presence) -> None:
    """A process never takes its own leases for a dead one's; names nobody bears are dead."""
    own = await presence.name()

    assert await presence.dead([own]) == frozenset()
    unborn = row_id("hld")
    assert await presence.dead([own, unborn]) == {unborn}


@pytest.mark.sqlite_only
async def test_sweeping_up_after_the_dead_leaves_them_dead(
    locks: HolderLocks, other: tuple[Process, str], store: Path
) -> None:
    """The next process removes the files of the dead and still says that they are; not mine."""
    process, holder = other
    mine = HolderLocks(store)
    name = await mine.name()
    process.kill()
    await process.wait()

    await locks.name()

    assert not (_directory(store) / holder).exists()
    assert await locks.dead([holder, name]) == {holder}
    await mine.release()
    assert await locks.dead([holder, name]) == {holder, name}
    await locks.release()


class Watch:
    """What a process is told of others' journals."""

    def __init__(self) -> None:
        self.heads: dict[str, int] = {}
        self.looks = 0

    def watched(self) -> tuple[str, ...]:
        """Watch nobody."""
        return ()

    def went_on(self, owner_id: str, head: int) -> None:
        """Take note of a head."""
        self.heads[owner_id] = head

    def look_again(self) -> None:
        """Take note of a doubt."""
        self.looks += 1


@pytest.mark.postgres_only
async def test_a_lost_session_is_found_again_under_another_name(store: Path) -> None:
    """When the database ends the session its process gets a new name, and is told to look again."""
    watch = Watch()
    presence = presence_at(Secret(store_url(store)), "prc_own", watch)
    first = await presence.name()
    with plain(store) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype='advisory'"
        )

    async def renamed() -> bool:
        return await presence.name() != first

    assert await eventually(renamed, within=2 * UNIT)
    assert watch.looks == 2
    with plain(store) as connection:
        connection.execute("SELECT pg_notify('netra_journals', 'prc_other usr_a=7 usr_b=x =1')")
        connection.execute("SELECT pg_notify('netra_journals', 'prc_own usr_a=9')")
        connection.execute("SELECT pg_notify('netra_journals', 'prc_other usr_c=1')")

    async def told() -> bool:
        await presence.dead([row_id("hld")])
        return "usr_c" in watch.heads

    assert await eventually(told, within=2 * UNIT)
    assert watch.heads == {"usr_a": 7, "usr_c": 1}
    await presence.release()


def test_many_heads_take_several_notifications() -> None:
    """However many journals went on, each notification fits, and all of them are told."""
    heads = {f"usr_{number:026}": number for number in range(1000)}

    written = list(payloads(heads, "prc_one"))

    assert all(len(payload.encode()) < 8000 for payload in written)
    told = [head for payload in written for head in heads_in(payload, "prc_two")]
    assert told == list(heads.items())
    assert [*payloads({}, "prc_one")] == []


@pytest.mark.sqlite_only
async def test_only_holders_are_looked_for(locks: HolderLocks, store: Path) -> None:
    """A name of another shape is never looked up as a file, and never dead."""
    await locks.name()
    odd = ["", ".", "..", "../netra-backend.db", "/etc/passwd", "hld_1", "hld_" + "u" * 26, "a\0b"]
    (_directory(store) / "notes").touch()

    assert await locks.dead(odd) == frozenset()
    assert await locks.dead([row_id("hld")]) != frozenset()
    assert (_directory(store) / "notes").exists()


@pytest.mark.sqlite_only
async def test_the_files_are_this_users_only(locks: HolderLocks, store: Path) -> None:
    """Neither the directory nor a file can be opened by another user."""
    holder = await locks.name()

    modes = [path.stat().st_mode for path in (_directory(store), _directory(store) / holder)]

    assert [stat.S_IMODE(mode) for mode in modes] == [0o700, 0o600]


@pytest.mark.sqlite_only
async def test_a_link_to_the_store_leads_to_the_same_locks(
    locks: HolderLocks, store: Path, tmp_path: Path
) -> None:
    """Two ways to one file are one place, so that a living process is not taken for dead."""
    link = linked(store, tmp_path / "elsewhere")
    holder = await locks.name()

    assert await HolderLocks(link).dead([holder]) == frozenset()


@pytest.mark.sqlite_only
async def test_without_its_directory_no_lock_is_had(store: Path) -> None:
    """A process that cannot be seen to live may not hold anything."""
    with pytest.raises(DatabaseUnavailable):
        await HolderLocks(store.parent / "none" / "x.db").name()


def linked(store: Path, folder: Path) -> Path:
    """Make a link to a store in a folder."""
    store.touch()
    folder.mkdir()
    link = folder / "link.db"
    link.symlink_to(store)
    return link


def _directory(store: Path) -> Path:
    return store.with_name(store.name + "-holders")
