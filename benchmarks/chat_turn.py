"""What a chat turn costs: each figure beside a bare socket's, measured in the same run.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/chat_turn.py`. Both services are real; the
backend and the bare socket are processes of their own, the clients are this one, on the same
machine.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from statistics import median
from typing import Final

import httpx2
import uvloop
from websockets.asyncio.client import ClientConnection, connect

from fakes import streaming_agent
from fakes.backend_process import both_services
from fakes.log_lines import log_lines
from fakes.running_auth import RunningAuth, bearer
from fakes.serving import listening_socket
from fakes.timing import eventually
from netra.clock import SystemClock
from netra.ids import random_token

PEOPLE: Final = 100
TURNS: Final = 300
"""One after the other; few enough for each person's limit of messages."""
EVENTS_PER_SECOND: Final = 500
GATHERING_SECONDS: Final = 8
LOADED_SECONDS: Final = 10
IDLE_PER_PERSON: Final = 9
"""With the one that talks they are as many as one person may have."""
QUESTION: Final = "who am I"

_CLOCK: Final = SystemClock()
_ASSET: Final = re.compile(r"""["'](?:/chat/static/|\./)([\w.-]+\.(?:js|css|svg))["']""")


@dataclass
class Talker:
    """One socket of one person."""

    socket: ClientConnection
    delays: list[float] = field(default_factory=list)

    async def turn(self, text: str = QUESTION, agent: str = "assistant") -> float:
        """Ask a question, and give the milliseconds to the last event of its answer."""
        message = {"type": "message", "client_id": random_token()[:24], "text": text}
        began = time.perf_counter()
        await self.socket.send(json.dumps(message | {"agent": agent}))
        while True:
            frame = json.loads(await self.socket.recv())
            if frame["type"] in ("error", "agent_failed"):
                raise AssertionError(frame)
            if "timestamp" in frame:
                said_at = datetime.fromisoformat(frame["timestamp"]).timestamp()
                self.delays.append((_CLOCK.timestamp() - said_at) * 1000)
            if frame["type"] == "agent_completed":
                return (time.perf_counter() - began) * 1000


@dataclass
class Server:
    """What is measured.

    Attributes:
        url: Where it is.
        pid: Which process it is.
        tokens: One person's each.
    """

    url: str
    pid: int
    tokens: Sequence[str]

    @asynccontextmanager
    async def talkers(self, each: int = 1) -> AsyncIterator[list[Talker]]:
        """Open sockets for everybody, and close them in the end."""
        async with AsyncExitStack() as stack:
            opened = []
            for token in self.tokens:
                for _ in range(each):
                    socket = await stack.enter_async_context(
                        connect(
                            f"ws{self.url.removeprefix('http')}/ws",
                            additional_headers=bearer(token),
                            compression=None,
                            proxy=None,
                            ping_interval=None,
                        )
                    )
                    await socket.send('{"type": "resume"}')
                    while json.loads(await socket.recv())["type"] != "ready":
                        pass
                    opened.append(Talker(socket))
            yield opened

    @property
    def processor_seconds(self) -> float:
        """Give the processor time the process has used."""
        status = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, status[11:13])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident_kilobytes(self) -> int:
        """Give the memory the process has."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])


async def alone(server: Server) -> list[float]:
    """Take turns one after the other, by one person after the other."""
    async with server.talkers() as talkers:
        for talker in talkers:
            await talker.turn()
        return [await talkers[n % len(talkers)].turn() for n in range(TURNS)]


async def processor_milliseconds(server: Server) -> float:
    """Give the processor time of a turn, which does not depend on what else the machine does."""
    async with server.talkers() as talkers:
        before = server.processor_seconds
        for talker in talkers:
            await talker.turn()
        return (server.processor_seconds - before) / len(talkers) * 1000


async def at_once(server: Server) -> list[float]:
    """Let everybody take a turn at the same moment."""
    async with server.talkers() as talkers:
        return await asyncio.gather(*(talker.turn() for talker in talkers))


async def under_load(server: Server) -> tuple[list[float], float]:
    """Let everybody hear an answer in pieces, at a steady pace.

    Gives the delays of the events and how many came a second, from when everybody listens.
    """
    pace = PEOPLE / EVENTS_PER_SECOND
    # At random, as people come: at even distances many would speak at the same moments.
    chance = Random(EVENTS_PER_SECOND)  # noqa: S311 - nothing secret hangs on it
    arrivals = [chance.uniform(0, GATHERING_SECONDS / 2) for _ in range(PEOPLE)]
    text = streaming_agent.question(int((GATHERING_SECONDS + LOADED_SECONDS) / pace), pace)
    async with server.talkers() as talkers:

        async def listen(number: int, talker: Talker) -> None:
            await asyncio.sleep(arrivals[number])
            await talker.turn(text, streaming_agent.NAME)

        listening = asyncio.gather(*(listen(*numbered) for numbered in enumerate(talkers)))
        await asyncio.sleep(GATHERING_SECONDS)
        for talker in talkers:
            talker.delays.clear()
        began = time.perf_counter()
        await asyncio.sleep(LOADED_SECONDS)
        took = time.perf_counter() - began
        delays = [delay for talker in talkers for delay in talker.delays]
        await listening
        return delays, len(delays) / took


async def idle(server: Server) -> float:
    """Give the kilobytes that one more open, silent socket costs the process."""
    async with server.talkers(each=1):
        pass
    before = server.resident_kilobytes
    async with server.talkers(each=IDLE_PER_PERSON) as talkers:
        await asyncio.sleep(1)
        return (server.resident_kilobytes - before) / len(talkers)


async def page(url: str) -> tuple[int, int, float]:
    """Give the files of the chat page, their bytes, and the milliseconds to fetch them in turn."""
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        began = time.perf_counter()
        contents = {"/chat": (await http.get("/chat")).text}
        left = list(contents.values())
        while left:
            for name in _ASSET.findall(left.pop()):
                path = f"/chat/static/{name}"
                if path not in contents:
                    contents[path] = (await http.get(path)).raise_for_status().text
                    left.append(contents[path])
        took = (time.perf_counter() - began) * 1000
    return len(contents), sum(len(content.encode()) for content in contents.values()), took


@asynccontextmanager
async def bare_socket(folder: Path, tokens: Sequence[str]) -> AsyncIterator[Server]:
    """Run the baseline."""
    with listening_socket() as listener:
        port = listener.getsockname()[1]
    script = Path(__file__).with_name("bare_socket.py")
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(port), str(folder / "bare.db")
    )
    server = Server(f"http://127.0.0.1:{port}", child.pid, tokens)
    try:
        await eventually(lambda: _answers(port), within=30)
        yield server
    finally:
        child.terminate()
        await child.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _tokens(auth: RunningAuth) -> list[str]:
    people = [await auth.registered_person() for _ in range(PEOPLE)]
    return [(await auth.tokens_of(person))["access_token"] for person in people]


def _percentile(values: Sequence[float], percent: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * percent / 100))]


def _shown(values: Sequence[float], unit: str) -> str:
    high = f" p99 {_percentile(values, 99):8.2f}" if len(values) > 1 else ""
    return f"p50 {median(values):8.2f}{high} {unit}"


def _print(what: str, ours: Sequence[float], bare: Sequence[float], unit: str) -> None:
    ratio = median(ours) / median(bare)
    print(f"{what:<46} {_shown(ours, unit)}   bare socket {_shown(bare, unit)}   x{ratio:.1f}")


async def measure(ours: Server, bare: Server) -> None:
    one, other = await alone(ours), await alone(bare)
    _print("turn, sent to agent_completed, one at a time", one, other, "ms")
    cpu = [[await processor_milliseconds(server)] for server in (ours, bare)]
    _print("turn, processor time of the server", cpu[0], cpu[1], "ms")
    one, other = await at_once(ours), await at_once(bare)
    _print(f"turn, {PEOPLE} people at the same moment", one, other, "ms")
    print(f"  {len(one)} of {PEOPLE} completed")
    (one, pace), (other, bare_pace) = await under_load(ours), await under_load(bare)
    _print(f"event, said to received, {PEOPLE} people listening", one, other, "ms")
    print(f"  at {pace:.0f} and {bare_pace:.0f} events a second; ours include the commit")
    _print("idle authenticated socket", [await idle(ours)], [await idle(bare)], "KB")
    files, content, took = await page(ours.url)
    print(f"chat page: {files} files, {content / 1024:.0f} KB, fetched in {took:.0f} ms")


async def main() -> None:
    with tempfile.TemporaryDirectory() as name, log_lines("ERROR"):
        folder = Path(name)
        packages = [streaming_agent.installed(folder / "packages")]
        async with both_services(folder, packages) as (auth, backend):
            tokens = await _tokens(auth)
            async with bare_socket(folder, tokens) as bare:
                await measure(Server(backend.url, backend.pid, tokens), bare)


if __name__ == "__main__":
    uvloop.run(main())
