"""Holder locks with real processes and real deaths."""

import asyncio
import signal
import stat
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from fakes.timing import UNIT
from netra.errors import DatabaseUnavailable
from netra.ids import row_id
from netra.secret import Secret
from netra_backend.app.db.holders import HolderLocks

_HOLD: Final = """
import sys, time
from netra.secret import Secret
from netra_backend.app.db.holders import HolderLocks
locks = HolderLocks.beside(Secret(sys.argv[1]))
print(locks.acquire(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def url(store: Path) -> Secret:
    """Give the address of a store; only its directory has to be there."""
    return Secret(f"sqlite+aiosqlite:///{store}")


@pytest.fixture
def locks(url: Secret) -> HolderLocks:
    """Give the locks of this process."""
    return HolderLocks.beside(url)


@pytest.fixture
async def other(url: Secret) -> AsyncIterator[tuple[Process, str]]:
    """Let another process hold a lock; give the process and its name as a holder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLD, url.reveal(), stdin=DEVNULL, stdout=PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30 * UNIT):
        holder = (await process.stdout.readline()).decode().strip()
    yield process, holder
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def test_a_killed_process_is_dead_at_once(
    locks: HolderLocks, other: tuple[Process, str]
) -> None:
    """While it lives it is not dead, stopped or not; the moment it is killed it is."""
    process, holder = other
    assert locks.dead([holder]) == frozenset()
    process.send_signal(signal.SIGSTOP)
    assert locks.dead([holder]) == frozenset()

    process.send_signal(signal.SIGKILL)
    await process.wait()

    assert locks.dead([holder]) == {holder}


async def test_sweeping_up_after_the_dead_leaves_them_dead(
    locks: HolderLocks, other: tuple[Process, str], store: Path
) -> None:
    """The next process removes the files of the dead and still says that they are; not mine."""
    process, holder = other
    mine = HolderLocks.beside(Secret(f"sqlite+aiosqlite:///{store}"))
    name = mine.acquire()
    process.kill()
    await process.wait()

    locks.acquire()

    assert not (_directory(store) / holder).exists()
    assert locks.dead([holder, name]) == {holder}
    mine.release()
    assert locks.dead([holder, name]) == {holder, name}


def test_one_that_let_go_is_dead(locks: HolderLocks, url: Secret) -> None:
    """Whoever released its lock holds nothing any more, and takes its file with it."""
    other = HolderLocks.beside(url)
    first, second = other.acquire(), other.acquire()
    assert first != second
    assert other.dead([first, second]) == locks.dead([first, second]) == frozenset()

    other.release()
    other.release()

    assert locks.dead([first, second]) == {first, second}


def test_only_holders_are_looked_for(locks: HolderLocks, store: Path) -> None:
    """A name of another shape is never looked up as a file, and never dead."""
    locks.acquire()
    odd = ["", ".", "..", "../netra-backend.db", "/etc/passwd", "hld_1", "hld_" + "u" * 26, "a\0b"]
    (_directory(store) / "notes").touch()
    locks.acquire()

    assert locks.dead(odd) == frozenset()
    assert locks.dead([row_id("hld")]) != frozenset()
    assert (_directory(store) / "notes").exists()


def test_the_files_are_this_users_only(locks: HolderLocks, store: Path) -> None:
    """Neither the directory nor a file can be opened by another user."""
    holder = locks.acquire()

    modes = [path.stat().st_mode for path in (_directory(store), _directory(store) / holder)]

    assert [stat.S_IMODE(mode) for mode in modes] == [0o700, 0o600]


def test_a_link_to_the_store_leads_to_the_same_locks(
    locks: HolderLocks, store: Path, tmp_path: Path
) -> None:
    """Two ways to one file are one place, so that a living process is not taken for dead."""
    store.touch()
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(store)
    holder = locks.acquire()

    assert HolderLocks.beside(Secret(f"sqlite+aiosqlite:///{link}")).dead([holder]) == frozenset()


def test_without_its_directory_no_lock_is_had(store: Path) -> None:
    """A process that cannot be seen to live may not hold anything."""
    with pytest.raises(DatabaseUnavailable):
        HolderLocks.beside(Secret(f"sqlite+aiosqlite:///{store.parent}/none/x.db")).acquire()


def test_where_there_are_no_files_nobody_is_dead() -> None:
    """On a database server leases expire; every process has a name of its own all the same."""
    locks = HolderLocks.beside(Secret("postgresql+asyncpg://db.example/netra"))
    first, second = locks.acquire(), locks.acquire()

    assert first != second
    assert locks.dead([first, second, row_id("hld")]) == frozenset()
    locks.release()


def _directory(store: Path) -> Path:
    return store.with_name(store.name + "-holders")
