"""What happens to the front when processes are killed, ports are taken, and it is stopped."""

import asyncio
import os
import signal
import socket
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import httpx2
import pytest

from fakes.front import SERVICE, dead_revision, served, small_revision, state_of, stopped_at_end
from fakes.serving import listening_socket
from fakes.timing import UNIT, eventually, eventually_blocking
from netra.clock import SystemClock
from netra_ops.findings import Failed
from netra_ops.platform.local import processes
from netra_ops.platform.local.front import keeper, layout
from netra_ops.platform.local.front.front import Front, FrontDeadlines
from netra_ops.platform.local.record import ProcessMark
from netra_ops.platform.local.state_directory import made_directory

pytestmark = pytest.mark.live


def _marks(front: Front) -> tuple[ProcessMark, ProcessMark]:
    """Give the keeper and the HAProxy that run."""
    kept = front.kept()
    assert kept is not None
    assert kept.haproxy is not None
    assert processes.is_alive(kept.keeper)
    assert processes.is_alive(kept.haproxy)
    return kept.keeper, kept.haproxy


async def test_a_killed_haproxy_is_back_with_what_was_applied_last(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """Within a second it serves again, with the split, the slots and the tags of before."""
    async with small_revision("one", 0) as one, small_revision("two", 3, "candidate") as two:
        front.ensure(state_of(port, {"one": 100}, one))
        front.apply(state_of(port, {"one": 75, "two": 25}, one, two))
        _, haproxy = _marks(front)
        os.kill(haproxy.pid, signal.SIGKILL)
        began = time.monotonic()
        await eventually(lambda: not processes.is_alive(haproxy), within=UNIT)
        await eventually(front.running, within=UNIT)

        assert time.monotonic() - began < UNIT
        assert await served(client, 200) == {"one": 150, "two": 50}
        host = f"candidate---{SERVICE}.localhost"
        assert await served(client, 2, host=host) == {"two": 2}


@pytest.mark.long
async def test_an_haproxy_that_hangs_is_replaced(
    front: Front, port: int, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    """One that stands still and answers nothing is ended, and another serves what was applied."""
    async with small_revision("one", 0) as one, small_revision("two", 1) as two:
        front.ensure(state_of(port, {"one": 75, "two": 25}, one, two))
        _, haproxy = _marks(front)
        os.kill(haproxy.pid, signal.SIGSTOP)

        await eventually(lambda: not processes.is_alive(haproxy), within=10 * UNIT)
        await eventually(front.running, within=2 * UNIT)

        assert await served(client, 100) == {"one": 75, "two": 25}
        assert _marks(front)[1] != haproxy
    events = (tmp_path / "front" / keeper.EVENTS).read_text()
    assert events.count('"event":"front_silent"') == 1


@pytest.mark.long
async def test_a_change_survives_an_haproxy_that_hangs(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """What is applied while it stands still is what serves when another took its place."""
    async with small_revision("one", 0) as one, small_revision("two", 1) as two:
        front.ensure(state_of(port, {"one": 100}, one, two))
        os.kill(_marks(front)[1].pid, signal.SIGSTOP)

        await asyncio.to_thread(front.apply, state_of(port, {"two": 100}, one, two))

        assert await served(client, 10) == {"two": 10}


async def test_a_killed_haproxy_is_back_although_it_hung_before(front: Front, port: int) -> None:
    """Whoever kills one that stands still does not wait for the keeper's question to time out."""
    front.ensure(state_of(port, {}))
    _, haproxy = _marks(front)
    os.kill(haproxy.pid, signal.SIGSTOP)
    os.kill(haproxy.pid, signal.SIGKILL)

    await eventually(lambda: not processes.is_alive(haproxy), within=UNIT)
    await eventually(front.running, within=UNIT)


async def test_a_change_survives_the_death_of_haproxy(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """What is applied just when HAProxy was killed is what serves when it is back."""
    async with small_revision("one", 0) as one, small_revision("two", 1) as two:
        front.ensure(state_of(port, {"one": 100}, one))
        for share in (50, 100, 0):
            os.kill(_marks(front)[1].pid, signal.SIGKILL)
            split = {"one": 100 - share, "two": share}
            front.apply(state_of(port, split, one, two))
            await eventually(front.running, within=5 * UNIT)

            assert await served(client, 100) == {n: part for n, part in split.items() if part}


def test_a_killed_keeper_takes_haproxy_with_it(front: Front, port: int) -> None:
    """Nobody holds the port unseen; the front does not run, and can be started again."""
    state = state_of(port, {})
    front.ensure(state)
    kept_by, haproxy = _marks(front)
    os.kill(kept_by.pid, signal.SIGKILL)
    eventually_blocking(lambda: not processes.is_alive(haproxy), within=2 * UNIT)

    assert not front.running()
    with pytest.raises(Failed, match="does not run"):
        front.apply(state)
    front.ensure(state)
    assert front.running()
    assert _marks(front)[0] != kept_by


def test_stopping_leaves_no_process_and_no_socket(front: Front, port: int, tmp_path: Path) -> None:
    """After `stop` the port is free, nobody runs, and nothing says that somebody does."""
    front.ensure(state_of(port, {}))
    marks = _marks(front)

    assert front.stop()
    assert not any(processes.is_alive(mark) for mark in marks)
    assert not front.running()
    assert front.kept() is None
    assert not [path for path in (tmp_path / "front").rglob("*") if path.is_socket()]
    with closing(listening_socket(port)):
        pass
    assert not front.stop()


def test_a_deaf_keeper_is_killed_and_haproxy_too(front: Front, port: int, tmp_path: Path) -> None:
    """A keeper that stands still does not keep the front from being stopped, and that is told."""
    front.ensure(state_of(port, {}))
    marks = _marks(front)
    os.kill(marks[0].pid, signal.SIGSTOP)
    said: list[str] = []
    hasty = Front(
        tmp_path / "front", SystemClock(), said.append, deadlines=FrontDeadlines(stop=0.2 * UNIT)
    )

    assert hasty.stop()
    assert not any(processes.is_alive(mark) for mark in marks)
    assert "was killed" in said[0]


def test_a_taken_port_is_told_in_haproxys_words(front: Front, port: int, tmp_path: Path) -> None:
    """The front does not start, says why, and leaves nothing behind."""
    with (
        closing(listening_socket(port)),
        pytest.raises(Failed, match=f"Address already in use.*{port}"),
    ):
        front.ensure(state_of(port, {}))

    assert not front.running()
    assert front.kept() is None
    assert not (tmp_path / "front" / layout.SOCKET).exists()


def test_two_fronts_do_not_share_a_port(front: Front, port: int, tmp_path: Path) -> None:
    """A second front at the same address does not start; the first goes on."""
    front.ensure(state_of(port, {}))
    with (
        stopped_at_end(tmp_path / "other") as other,
        pytest.raises(Failed, match="Address already in use"),
    ):
        other.ensure(state_of(port, {}))

    assert front.running()


def test_another_object_stands_for_the_same_front(front: Front, port: int, tmp_path: Path) -> None:
    """What one started, another sees, changes, keeps as it is and stops."""
    absent = dead_revision("one", 0, 9)
    front.ensure(state_of(port, {}))
    marks = _marks(front)
    other = Front(tmp_path / "front", SystemClock())

    assert other.running()
    other.ensure(state_of(port, {"one": 100}, absent))
    assert _marks(front) == marks
    assert front.applied() == state_of(port, {"one": 100}, absent)
    assert other.stop()
    assert not front.running()


def test_a_deep_folder_is_no_obstacle(port: int, tmp_path: Path) -> None:
    """A folder whose path is longer than a socket's address may be works as any other."""
    deep = tmp_path.joinpath(*["a-folder-of-a-name-of-some-length"] * 6)
    made_directory(deep)
    with stopped_at_end(deep / "front") as front:
        front.ensure(state_of(port, {}))

        assert len(str(deep / "front" / layout.SOCKET)) > 200
        assert front.admin.info().pid == _marks(front)[1].pid


def test_a_changed_address_starts_it_anew(front: Front, port: int) -> None:
    """`apply` refuses another port; `ensure` goes there and frees the old one."""
    with closing(listening_socket()) as listener:
        other_port = listener.getsockname()[1]
    front.ensure(state_of(port, {}))
    with pytest.raises(Failed, match="not the same as before"):
        front.apply(state_of(other_port, {}))

    front.ensure(state_of(other_port, {}))
    with closing(socket.create_connection(("127.0.0.1", other_port))):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_removed_folder_ends_the_front(front: Front, port: int, tmp_path: Path) -> None:
    """Whoever removes the state directory need not look for processes."""
    front.ensure(state_of(port, {}))
    marks = _marks(front)
    (tmp_path / "front").rename(tmp_path / "elsewhere")

    eventually_blocking(
        lambda: not any(processes.is_alive(mark) for mark in marks), within=10 * UNIT
    )
    (tmp_path / "front").mkdir()


def test_one_folder_has_one_keeper(front: Front, port: int, tmp_path: Path) -> None:
    """A keeper that finds another at work ends and changes nothing."""
    front.ensure(state_of(port, {}))
    marks = _marks(front)
    second = processes.start(
        keeper.MODULE,
        {},
        directory=tmp_path / "front",
        stdout=tmp_path / "second.ndjson",
        stderr=tmp_path / "second.stderr.log",
        arguments=("haproxy", "1000"),
    )

    assert second.wait(30 * UNIT) == 1
    assert "front_is_kept_already" in (tmp_path / "second.ndjson").read_text()
    assert _marks(front) == marks


def test_an_haproxy_that_keeps_ending_comes_back_each_time(
    front: Front, port: int, tmp_path: Path
) -> None:
    """Every end is counted and logged, and after each it is there again."""
    front.ensure(state_of(port, {}))
    for ends in range(1, 5):
        os.kill(_marks(front)[1].pid, signal.SIGKILL)
        eventually_blocking(partial(_has_ended, front, ends), within=5 * UNIT)
        eventually_blocking(front.running, within=5 * UNIT)

    events = (tmp_path / "front" / keeper.EVENTS).read_text()
    assert events.count('"event":"front_ended"') == 4


def test_pauses_grow_to_a_bound() -> None:
    """The first time it is started again at once, then after pauses that grow to five seconds."""
    pauses = [keeper.pause(ends) for ends in range(1, 40)]

    assert pauses[:4] == [0.0, 0.1, 0.2, 0.4]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 5.0


def _has_ended(front: Front, times: int) -> bool:
    kept = front.kept()
    return kept is not None and kept.ends == times
