"""What the front costs: a change of traffic, and a request direct and through it, side by side.

    PYTHONPATH=tests .venv/bin/python benchmarks/front.py

The revision behind it is a small application on uvicorn in a process of its own. Rounds take turns,
so that whatever else the machine does falls on both. Direct requests keep their connection to the
revision; the front makes a new one for each, which is part of what it costs.
"""

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import httpx2
import uvicorn

from fakes.front import SmallRevision, dead_revision, state_of, stopped_at_end
from fakes.service_process import free_port
from fakes.timing import eventually
from netra_ops.platform.local.front.requests import tally

ROUNDS: Final = 10
REQUESTS: Final = 200
AT_ONCE: Final = 16
CHANGES: Final = 40


def _serve(port: int) -> None:
    uvicorn.run(SmallRevision("one"), port=port, log_config=None, lifespan="off")


@contextmanager
def revision(port: int) -> Iterator[None]:
    """Run the revision in a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(port,))
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


async def _answers(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False


async def one_by_one(client: httpx2.AsyncClient, url: str) -> list[float]:
    """Give the seconds of each of some requests in a row."""
    took = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        answer = await client.get(url)
        took.append(time.perf_counter() - began)
        assert answer.status_code == httpx2.codes.OK
    return took


async def together(client: httpx2.AsyncClient, url: str) -> float:
    """Give how many requests a second are answered when some are always open."""

    async def some() -> None:
        for _ in range(REQUESTS // AT_ONCE):
            assert (await client.get(url)).status_code == httpx2.codes.OK

    began = time.perf_counter()
    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    return REQUESTS // AT_ONCE * AT_ONCE / (time.perf_counter() - began)


def _milliseconds(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p95 = ordered[int(len(ordered) * 0.95)]
    return f"p50 {median(ordered) * 1000:6.2f} ms   p95 {p95 * 1000:6.2f} ms"


async def main() -> None:
    behind, port = free_port(), free_port()
    one, two = dead_revision("one", 0, behind), dead_revision("two", 1, free_port())
    with (
        tempfile.TemporaryDirectory() as folder,
        revision(behind),
        stopped_at_end(Path(folder) / "front") as front,
    ):
        began = time.perf_counter()
        front.ensure(state_of(port, {"one": 100}, one, two))
        print(f"start of the front       {(time.perf_counter() - began) * 1000:6.0f} ms")
        direct, through = f"http://127.0.0.1:{behind}/", f"http://127.0.0.1:{port}/"
        async with httpx2.AsyncClient(trust_env=False) as client:
            await eventually(lambda: _answers(client, direct), within=30)
            times: dict[str, list[float]] = {direct: [], through: []}
            rates: dict[str, list[float]] = {direct: [], through: []}
            for _ in range(ROUNDS):
                for url in (direct, through):
                    times[url] += await one_by_one(client, url)
                    rates[url].append(await together(client, url))
        print(f"a request, direct        {_milliseconds(times[direct])}")
        print(f"a request, through it    {_milliseconds(times[through])}")
        ratio = median(times[through]) / median(times[direct])
        print(f"ratio of the medians     {ratio:6.2f}")
        for name, url in (("direct", direct), ("through it", through)):
            print(f"{AT_ONCE} at once, {name:<14}{median(rates[url]):6.0f} requests/s")
        counted = tally(front.requests.read().requests)
        print(f"the log's own count      {counted.requests} requests, {counted.classes}")
        took = []
        for number in range(CHANGES):
            share = (5, 25, 50, 0)[number % 4]
            began = time.perf_counter()
            front.apply(state_of(port, {"one": 100 - share, "two": share}, one, two))
            took.append(time.perf_counter() - began)
        print(f"a change of the split    {_milliseconds(took)}")


if __name__ == "__main__":
    asyncio.run(main())
