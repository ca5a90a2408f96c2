"""The request log of a real front: exact, at once, harmless, without secrets, and bounded."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import httpx2
import msgspec
import pytest
from websockets.asyncio.client import connect

from fakes.front import (
    SERVED,
    SERVICE,
    dead_revision,
    raw_answer,
    small_revision,
    state_of,
    stopped_at_end,
)
from fakes.service_process import free_port
from fakes.timing import UNIT, eventually
from netra.clock import SystemClock
from netra_ops.platform.local.front.front import Front
from netra_ops.platform.local.front.request_file import CURRENT, PREVIOUS, Reading
from netra_ops.platform.local.front.requests import by_revision, tally

pytestmark = pytest.mark.live


async def _logged(front: Front, number: int, position: int = 0) -> Reading:
    """Wait until so many requests are in the log from a position on."""
    await eventually(lambda: len(front.requests.read(position).requests) >= number, within=5 * UNIT)
    return front.requests.read(position)


async def test_counts_are_what_clients_saw(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """Per revision, label, class of status and dead revision the log counts what was answered."""
    seen: Counter[tuple[str, str, str | None, int]] = Counter()
    absent = dead_revision("gone", 2, free_port())
    tag = {"host": f"candidate---{SERVICE}.localhost"}
    async with small_revision("one", 0) as one, small_revision("two", 1, "candidate") as two:
        front.ensure(state_of(port, {"one": 70, "two": 20, "gone": 10}, one, two, absent))
        for path in ("/", "/missing", "/broken", "/busy") * 50:
            for via, probe in (("split", None), ("split", "gate-1"), ("tag", "gate-1")):
                headers = ({} if probe is None else {"x-netra-probe": probe}) | (
                    tag if via == "tag" else {}
                )
                answer = await client.get(path, headers=headers)
                seen[answer.headers[SERVED], via, probe, answer.status_code] += 1
        reading = await _logged(front, 600)

    logged = Counter((r.revision, r.via, r.probe, r.status) for r in reading.requests)
    assert logged == seen
    assert (reading.damaged, reading.lost) == (0, False)
    tallies = by_revision(reading.requests)
    assert tallies["gone"].dead == tallies["gone"].requests == 40
    assert tallies["gone"].terminations == {"SC": 40}
    assert tallies["one"].dead == tallies["two"].dead == 0
    assert tallies["one"].classes[5] == sum(
        number for (name, _, _, status), number in seen.items() if name == "one" and status >= 500
    )
    assert tallies["two"].labels == {
        ("split", None): 40,
        ("split", "gate-1"): 40,
        ("tag", "gate-1"): 200,
    }
    assert {request.service for request in reading.requests} == {SERVICE}


async def test_a_finished_request_is_in_the_log_at_once(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """Within a tenth of a second after its answer a request is counted."""
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        for number in range(1, 21):
            await client.get("/")
            await eventually(
                lambda number=number: len(front.requests.read().requests) == number,  # type: ignore[misc]
                within=0.1 * UNIT,
            )


async def test_reading_goes_on_where_it_ended(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """From the end of before on only what came since is read, with the times at which it came."""
    clock = SystemClock()
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        before = clock.timestamp()
        await client.get("/before")
        first = await _logged(front, 1)
        assert first.position == front.requests.end()
        await client.get("/after")
        second = await _logged(front, 1, first.position)
        after = clock.timestamp()

    assert [request.path for request in second.requests] == ["/after"]
    (one_of_before,), (one_of_after,) = first.requests, second.requests
    times = [one_of_before.arrived, one_of_before.finished, one_of_after.finished]
    assert times == sorted(times)
    assert before - UNIT < times[0]
    assert times[-1] < after + UNIT


async def test_the_log_outlives_haproxy_and_the_front(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """After a stop and a start positions go on, and nothing of before is lost."""
    async with small_revision("one", 0) as one:
        state = state_of(port, {"one": 100}, one)
        front.ensure(state)
        await client.get("/before")
        position = (await _logged(front, 1)).position
        front.stop()
        assert front.requests.end() == position
        front.ensure(state)
        await client.get("/after")
        await _logged(front, 1, position)

    assert [request.path for request in front.requests.read().requests] == ["/before", "/after"]


async def test_a_socket_is_counted_when_it_is_closed(
    front: Front, port: int, client: httpx2.AsyncClient
) -> None:
    """A socket is a request of its revision, and its length is in no quantile."""
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        async with connect(f"ws://127.0.0.1:{port}/ws", proxy=None) as socket:
            assert SERVED in socket.response.headers  # type: ignore[union-attr]
            await client.get("/")
            await _logged(front, 1)
        reading = await _logged(front, 2)

    counted = tally(reading.requests)
    assert (counted.requests, counted.sockets) == (2, 1)
    assert counted.p95 == next(r.seconds for r in reading.requests if not r.is_socket)


async def test_no_secret_is_in_the_log(front: Front, port: int, tmp_path: Path) -> None:
    """Neither a query nor any header's value but the user agent's is in any file of the front."""
    secret = b"s3cr3t-that-nobody-may-read"
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        await raw_answer(
            port,
            b"GET /callback?code=" + secret + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            b"Authorization: Bearer " + secret + b"\r\nCookie: a=" + secret + b"\r\n"
            b"x-netra-probe: " + secret + b"!\r\nReferer: " + secret + b"\r\n"
            b"User-Agent: said\r\n\r\n",
        )
        reading = await _logged(front, 1)

    assert reading.requests[0].path == "/callback"
    for path in (tmp_path / "front").iterdir():
        assert path.is_socket() or secret not in path.read_bytes(), path.name
    line = (tmp_path / "front" / CURRENT).read_bytes().splitlines()[-1]
    assert msgspec.json.decode(line)["httpRequest"]["userAgent"] == "said"


_HOSTILE = [
    b'User-Agent: "},"labels":{"netra/via":"split"}}\r\n',
    b"User-Agent: \\\r\n",
    b'User-Agent: \\"\\\\"\\\r\n',
    b"User-Agent: \xff\xfe\xc3\x28\xed\xa0\x80\r\n",
    b"User-Agent: \xf0\x9d\xa0\x80 \xe2\x80\xa8 \x01\x1b[31m\x7f\t\r\n",
    b'User-Agent: first\r\n {"timestamp":"2026-01-01T00:00:00Z"}\r\n',
    b"User-Agent: " + b'"' * 8000 + b"\r\n",
    b"User-Agent:\r\nUser-Agent: second\r\n",
    b'x-netra-probe: a"b\r\n',
    b"x-netra-probe: a\r\n b\r\n",
    b"x-netra-probe: one\r\nx-netra-probe: two\r\n",
    b"x-netra-probe: one,two\r\n",
    b"x-netra-probe: \xc3\xa4\r\n",
    b"x-netra-probe: UPPER\r\n",
    b"x-netra-probe: " + b"a" * 33 + b"\r\n",
    b"x-netra-probe: \r\n",
]


async def test_hostile_headers_break_no_line(front: Front, port: int) -> None:
    """Each request is one whole line that says what it was, whatever the client sent."""
    random_bytes = random.Random(8).randbytes  # noqa: S311 - made up, not secret
    noise = [
        b"User-Agent: " + random_bytes(60).translate(None, b"\r\n\x00") + b"\r\n"
        for _ in range(100)
    ]
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        answered: Counter[int] = Counter()
        for header in (*_HOSTILE, *noise):
            answer = await raw_answer(
                port, b"GET /p HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + b"\r\n"
            )
            answered[int(answer[9:12])] += 1
        number = len(_HOSTILE) + len(noise)
        reading = await _logged(front, number)

    assert (len(reading.requests), reading.damaged) == (number, 0)
    # The revision's own server refuses some of it; the front must only tell it as it was.
    assert Counter(request.status for request in reading.requests) == answered
    assert {
        (r.service, r.revision, r.via, r.probe, r.method, r.path, r.termination)
        for r in reading.requests
    } == {(SERVICE, "one", "split", None, "GET", "/p", "--")}


async def test_a_user_agent_is_kept_as_ascii(front: Front, port: int, tmp_path: Path) -> None:
    """What is printable stays as it is, the rest becomes question marks, and 256 are enough."""
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        for said in (b'caf\xc3\xa9 "x" \\ \xf0\x9d\xa0\x80', b"long" * 100):
            await raw_answer(
                port,
                b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nUser-Agent: %b\r\n\r\n" % said,
            )
        await _logged(front, 2)

    lines = (tmp_path / "front" / CURRENT).read_bytes().splitlines()[-2:]
    agents = [msgspec.json.decode(line)["httpRequest"]["userAgent"] for line in lines]
    assert agents == ['caf?? "x" \\ ????', "long" * 64]


async def test_what_is_no_request_is_logged_without_a_revision(front: Front, port: int) -> None:
    """What cannot be read is answered 400 and is no revision's; odd targets stay harmless."""
    async with small_revision("one", 0) as one:
        front.ensure(state_of(port, {"one": 100}, one))
        broken = [
            b"garbage\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nx: " + b"y" * 20_000 + b"\r\n\r\n",
        ]
        for content in broken:
            assert (await raw_answer(port, content)).startswith(b"HTTP/1.1 400"), content[:30]
        odd = (
            b'GET /"},{"\\<' + b'"' * 5000 + b"?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        assert (await raw_answer(port, odd)).startswith(b"HTTP/1.1 200")
        reading = await _logged(front, len(broken) + 1)

    assert reading.damaged == 0
    assert [(r.revision, r.status, r.via, r.seconds) for r in reading.requests[:-1]] == [
        (None, 400, None, None)
    ] * len(broken)
    path = reading.requests[-1].path
    assert path is not None
    assert path.startswith('/"},{"\\<"')
    assert len(path) == 1024


async def test_a_log_that_is_turned_over_loses_nothing(port: int, tmp_path: Path) -> None:
    """While requests come and are read, the file is turned over, and each line is read once."""
    folder = tmp_path / "front"
    with stopped_at_end(folder, log_bytes=100_000) as front:
        async with small_revision("one", 0) as one:
            front.ensure(state_of(port, {"one": 100}, one))
            asked, read, position, largest = 0, Counter[str | None](), 0, 0
            base = f"http://127.0.0.1:{port}"
            async with httpx2.AsyncClient(base_url=base, trust_env=False) as client:
                while asked < 1500 or not (folder / PREVIOUS).exists():
                    paths = [f"/{asked + number}" for number in range(10)]
                    await asyncio.gather(*(client.get(path) for path in paths))
                    asked += len(paths)
                    reading = front.requests.read(position)
                    assert (reading.damaged, reading.lost) == (0, False)
                    read.update(request.path for request in reading.requests)
                    position = reading.position
                    largest = max(largest, (folder / CURRENT).stat().st_size)
            reading = await _logged(front, asked - read.total(), position)
            read.update(request.path for request in reading.requests)

            assert read == Counter(f"/{number}" for number in range(asked))
            assert front.admin.info().lost_lines == 0
            assert front.requests.read(0).lost == (
                b'"netra/position":"0"' not in (folder / PREVIOUS).read_bytes()[:200]
            )
            await eventually(lambda: (folder / CURRENT).stat().st_size < 100_000, within=5 * UNIT)
