"""Where requests go: exact shares, tags, dead revisions, changes that nobody notices."""

import asyncio
import errno
import socket
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection, connect

from fakes.front import SERVED, SERVICE, dead_revision, raw_answer, served, small_revision, state_of
from fakes.requirements import require
from fakes.service_process import free_port
from fakes.timing import UNIT
from netra.clock import SystemClock
from netra_ops.findings import Failed
from netra_ops.platform.local.front.admin import Place
from netra_ops.platform.local.front.front import Front
from netra_ops.platform.local.front.model import FrontRevision, FrontService, FrontState

pytestmark = pytest.mark.live


@pytest.mark.parametrize("split", [{"one": 95, "two": 5}, {"one": 75, "two": 25}])
async def test_shares_are_exact(
    front: Front, port: int, client: httpx2.AsyncClient, split: Mapping[str, int]
) -> None:
    """Of two hundred requests on one connection each revision gets exactly its share."""
    async with small_revision("one", 0) as one, small_revision("two", 1) as two:
        front.ensure(state_of(port, split, one, two))

        assert await served(client, 200) == {name: 2 * share for name, share in split.items()}


async def test_few_requests_see_the_smaller_revision_too(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """The first twenty requests of a split of 90 to 10 reach both, also after another split."""
    async with small_revision("one", 0) as one, small_revision("two", 1) as two:
        front.ensure(state_of(port, {"one": 100}, one, two))
        for split in ({"one": 95, "two": 5}, {"one": 90, "two": 10}):
            front.apply(state_of(port, split, one, two))

        assert set(await served(client, 20)) == {"one", "two"}


async def test_probes_take_turns_of_their_own(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """Probes and users each get exact shares, also when a probe follows each user's request."""
    users, probes = Counter[str](), Counter[str]()
    async with small_revision("one", 0) as one, small_revision("two", 1) as two:
        front.ensure(state_of(port, {"one": 90, "two": 10}, one, two))
        for _ in range(100):
            users += await served(client, 1)
            probes += await served(client, 1, **{"x-netra-probe": "gate"})

    assert users == probes == {"one": 90, "two": 10}


async def test_a_tag_reaches_a_revision_without_traffic(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """The host name of a tag reaches its revision alone, in any case and with any port."""
    async with small_revision("one", 0) as one, small_revision("two", 1, "candidate") as two:
        front.ensure(state_of(port, {"one": 100}, one, two))

        for host in (
            f"candidate---{SERVICE}.localhost",
            f"CANDIDATE---{SERVICE}.localhost:{port}",
        ):
            assert await served(client, 10, host=host) == {"two": 10}
        assert await served(client, 20) == {"one": 20}


async def test_an_unknown_tag_is_not_found(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """What looks like a tag and is none is answered 404 and never goes by the split."""
    async with small_revision("one", 0, "candidate") as one:
        front.ensure(state_of(port, {"one": 100}, one))

        for host in (
            f"other---{SERVICE}.localhost",
            "candidate---netra-auth.localhost",
            f"candidate---{SERVICE}.localhost.",
            f"candidate---{SERVICE}.example",
            "---",
        ):
            answer = await client.get("/", headers={"host": host})
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_tag"), host
            assert SERVED not in answer.headers


async def test_a_tag_that_is_taken_away_is_gone(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """A tag moves to another revision, and is unknown once nobody has it."""
    host = f"candidate---{SERVICE}.localhost"
    async with small_revision("one", 0, "candidate") as one, small_revision("two", 1) as two:
        front.ensure(state_of(port, {"one": 100}, one, two))
        assert await served(client, 1, host=host) == {"one": 1}

        plain = dead_revision("one", 0, one.port)
        tagged = dead_revision("two", 1, two.port, "candidate")
        front.apply(state_of(port, {"one": 100}, plain, tagged))
        assert await served(client, 1, host=host) == {"two": 1}

        front.apply(state_of(port, {"one": 100}, plain, two))
        assert (await client.get("/", headers={"host": host})).status_code == 404


async def test_a_dead_revision_keeps_its_share(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """Its requests are answered 503 under its name; the others' are not, and it may come back."""
    absent = dead_revision("two", 1, free_port(), "candidate")
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 75, "two": 25}, one, absent))

        answers = [await client.get("/") for _ in range(200)]
        assert Counter((a.headers[SERVED], a.status_code) for a in answers) == {
            ("one", 200): 150,
            ("two", 503): 50,
        }
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["code"] == "revision_unavailable"
        # It is tried once: each further time would take a second.
        assert max(answer.elapsed.total_seconds() for answer in answers) < UNIT

        async with small_revision("two", 1, port=absent.port):
            answers = [await client.get("/") for _ in range(100)]
            assert Counter((a.headers[SERVED], a.status_code) for a in answers) == {
                ("one", 200): 75,
                ("two", 200): 25,
            }


async def test_nothing_serves(front: Front, port: int, client: httpx2.AsyncClient) -> None:
    """Without a split every request is answered 503, but for a tag's."""
    async with small_revision("one", 0, "candidate") as one:
        front.ensure(state_of(port, {}, one))

        answer = await client.get("/")
        assert (answer.status_code, answer.json()["code"]) == (503, "nothing_serves")
        assert SERVED not in answer.headers
        host = f"candidate---{SERVICE}.localhost"
        assert await served(client, 1, host=host) == {"one": 1}


async def test_two_services_have_shares_of_their_own(front: Front, port: int) -> None:
    """Requests to one service do not take turns of the other."""
    other_port = free_port()
    async with small_revision("one", 0) as one, small_revision("two", 0) as two:
        front.ensure(
            FrontState(
                (
                    FrontService(SERVICE, "127.0.0.1", port, (one,), {"one": 100}),
                    FrontService("netra-auth", "127.0.0.1", other_port, (two,), {"two": 100}),
                )
            )
        )
        for at, name in ((port, "one"), (other_port, "two")):
            base = f"http://127.0.0.1:{at}"
            async with httpx2.AsyncClient(base_url=base, trust_env=False) as client:
                assert await served(client, 3) == {name: 3}


async def test_a_change_is_quick_and_drops_nothing(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """A change takes less than 100 ms; of 200 open sockets and of all requests none fails."""
    async with small_revision("one", 0) as one, small_revision("two", 1) as two:
        front.ensure(state_of(port, {"one": 100}, one, two))
        sockets = await asyncio.gather(*(_socket(port) for _ in range(200)))
        asking = asyncio.create_task(_asked_until_cancelled(client))
        took: list[float] = []
        for share in (5, 25, 50, 75, 100, 0, 100):
            began = time.monotonic()
            await asyncio.to_thread(
                front.apply, state_of(port, {"one": 100 - share, "two": share}, one, two)
            )
            took.append(time.monotonic() - began)
        asking.cancel()
        statuses = await asking

        assert await served(client, 20) == {"two": 20}
        # The quickest: on a machine with other work each may be held up.
        assert min(took) < 0.1 * UNIT
        assert set(statuses) == {200}
        for number, one_socket in enumerate(sockets):
            await one_socket.send(str(number))
        assert [await each.recv() for each in sockets] == [f"one: {n}" for n in range(200)]
        await asyncio.gather(*(each.close() for each in sockets))


async def test_a_revision_comes_and_goes_without_a_new_process(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """A revision gets a slot, serves, leaves it, and the next one gets the same slot."""
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        process = front.admin.info().pid
        for name in ("two", "three"):
            async with small_revision(name, 1) as other:
                front.apply(state_of(port, {"one": 100}, one, other))
                assert front.admin.places()[f"{SERVICE}.1"].is_open
                front.apply(state_of(port, {"one": 50, name: 50}, one, other))
                assert await served(client, 100) == {"one": 50, name: 50}
                front.apply(state_of(port, {"one": 100}, one, other))
                front.apply(state_of(port, {"one": 100}, one))
                assert await served(client, 20) == {"one": 20}

        assert front.admin.info().pid == process
        assert not front.admin.places()[f"{SERVICE}.1"].is_open


async def test_a_socket_outlives_its_revisions_slot(front: Front, port: int) -> None:
    """What is connected stays connected when its revision leaves and another gets the slot."""
    async with (
        small_revision("one", 0) as one,
        small_revision("two", 1) as two,
        small_revision("three", 1) as three,
    ):
        front.ensure(state_of(port, {"two": 100}, one, two))
        connection = await _socket(port)
        for state in (
            state_of(port, {"one": 100}, one, two),
            state_of(port, {"one": 100}, one),
            state_of(port, {"three": 100}, one, three),
        ):
            front.apply(state)

        await connection.send("still there")
        assert await connection.recv() == "two: still there"
        assert front.admin.open_connections()[f"{SERVICE}.1"] == 1
        await connection.close()


async def test_a_slot_with_traffic_is_not_given_away(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """`apply` refuses it and changes nothing; `ensure` starts the front anew for it."""
    async with small_revision("one", 0) as one, small_revision("two", 0) as two:
        front.ensure(state_of(port, {"one": 100}, one))
        process = front.admin.info().pid
        with pytest.raises(Failed, match="still has traffic of one"):
            front.apply(state_of(port, {"two": 100}, two))
        assert front.applied() == state_of(port, {"one": 100}, one)
        assert await served(client, 3) == {"one": 3}

        front.ensure(state_of(port, {"two": 100}, two))
        assert front.admin.info().pid != process
        assert await served(client, 3) == {"two": 3}


async def test_a_revision_may_move_to_another_address(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """A revision that was started again at another port is followed there."""
    async with small_revision("one", 0) as one, small_revision("one", 0) as again:
        front.ensure(state_of(port, {"one": 100}, one))
        front.apply(state_of(port, {"one": 100}, again))

        async with small_revision("two", 1) as two:
            front.apply(state_of(port, {"one": 100}, again, two))
        assert front.admin.places()[f"{SERVICE}.0"].port == again.port
        assert await served(client, 2) == {"one": 2}


async def test_every_address_may_be_of_the_newer_kind(front: Front) -> None:
    """Service and revision may be reached by IPv6, however the address is spelled."""
    with socket.socket(socket.AF_INET6) as prober:
        there = prober.connect_ex(("::1", 1)) == errno.ECONNREFUSED
    require("ipv6", there, "this machine has no address ::1")
    port = free_port()
    absent = FrontRevision("one", 0, "0:0:0:0:0:0:0:1", free_port())
    front.ensure(FrontState((FrontService(SERVICE, "::1", port),)))
    front.apply(FrontState((FrontService(SERVICE, "::1", port, (absent,), {"one": 100}),)))

    async with httpx2.AsyncClient(base_url=f"http://[::1]:{port}", trust_env=False) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers[SERVED]) == (503, "one")
    assert front.admin.places()[f"{SERVICE}.0"] == Place("::1", absent.port, is_open=True)


async def test_two_who_change_it_at_once_do_not_mix(
    front: Front, port: int, client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    """Of many changes from two sides one is the last, and it is what serves."""
    other = Front(tmp_path / "front", SystemClock())
    async with small_revision("one", 0) as one, small_revision("two", 1) as two:

        def change(front: Front, shares: Iterable[int]) -> None:
            for share in shares:
                front.apply(state_of(port, {"one": 100 - share, "two": share}, one, two))

        front.ensure(state_of(port, {"one": 100}, one, two))
        await asyncio.gather(
            asyncio.to_thread(change, front, (10, 20, 30, 40)),
            asyncio.to_thread(change, other, (60, 70, 80, 90)),
        )
        state = front.applied()
        assert state is not None
        assert await served(client, 100) == state.services[0].split


async def test_what_a_client_says_of_its_way_is_not_believed(front: Front, port: int) -> None:
    """The revision is told the client's real address, and the client the revision's real name."""
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        answer = await raw_answer(
            port,
            b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Served-Revision: two\r\n"
            b"X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7\r\nX-Forwarded-Proto: https\r\n"
            b"Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-Host: evil\r\n\r\n",
        )
        head, _, body = answer.partition(b"\r\n\r\n")
        names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]]

        assert b"x-served-revision: one" in head.split(b"\r\n")
        assert names.count(b"x-served-revision") == 1
        sent = httpx2.Response(200, content=body).json()["headers"]
        assert [v for k, v in sent if k == "x-forwarded-for"] == ["127.0.0.1"]
        assert [v for k, v in sent if k == "x-forwarded-proto"] == ["http"]
        told = {name for name, _ in sent}
        assert not told & {"x-served-revision", "forwarded", "x-real-ip", "x-forwarded-host"}


@pytest.mark.long
async def test_a_head_that_trickles_in_is_ended(front: Front, port: int) -> None:
    """A client that does not come to the end of its head is answered 408 after ten seconds."""
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began = time.monotonic()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")

        answer = await asyncio.wait_for(reader.read(), 20 * UNIT)
        assert answer.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - began > 9
        writer.close()
        await writer.wait_closed()


async def _socket(port: int) -> ClientConnection:
    return await connect(f"ws://127.0.0.1:{port}/ws", proxy=None, ping_interval=None)


async def _asked_until_cancelled(client: httpx2.AsyncClient) -> list[int]:
    statuses: list[int] = []
    try:
        while True:
            statuses.append((await client.get("/")).status_code)
    except asyncio.CancelledError:
        return statuses
