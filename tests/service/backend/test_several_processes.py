"""Several backends over one store: no process is special."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from fakes.chat_socket import ChatSocket, chat_socket
from fakes.run_engines import Journal
from fakes.running_backend import RunningBackend, running_backend
from fakes.scripted_agents import catalogue
from fakes.timing import UNIT, eventually
from netra.agent_api import Question, Run
from netra.wire.chat_protocol import Ping, Pong
from netra_backend.app.runs.engine import RunLimits

PROCESSES = 3


class Busy:
    """An agent that counts who is working, and for whom."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.running = 0
        self.most = 0
        self.gate = asyncio.Event()

    async def __call__(self, question: Question, run: Run) -> str:
        """Say something, wait to be let through, and answer."""
        self.asked[question.text] += 1
        self.running += 1
        self.most = max(self.most, self.running)
        await run.think("Waiting.")
        await self.gate.wait()
        self.running -= 1
        return f"You said: {question.text}"


@pytest.fixture
def busy() -> Busy:
    """Give the agent of all processes."""
    return Busy()


@pytest.fixture
async def backends(store: Path, busy: Busy) -> AsyncIterator[list[RunningBackend]]:
    """Run several backends on one store."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(running_backend(store, catalogue=catalogue(busy)))
            for _ in range(PROCESSES)
        ]


@asynccontextmanager
async def socket_at(backend: RunningBackend, name: str) -> AsyncIterator[ChatSocket]:
    """Open a person's socket at one process, from the beginning of the journal."""
    token = backend.issuer.user_token(f"usr_{name}", session_id=f"ses_{name}")
    async with chat_socket(backend.url, token) as socket:
        await socket.resume(0)
        yield socket


async def test_events_reach_a_person_at_any_process(
    backends: list[RunningBackend], busy: Busy
) -> None:
    """Whoever is connected to another process than the one that works gets every event in order."""
    busy.gate.set()
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(socket_at(backend, "anna")) for backend in backends
        ]
        stranger = await stack.enter_async_context(socket_at(backends[1], "berta"))
        said = [await socket.say(f"question {number}") for number, socket in enumerate(sockets)]
        for socket in sockets:
            for accepted in said:
                await socket.hear_end(accepted.run_id)
        await stranger.send(Ping())
        await stranger.hear(Pong)

    first, *others = sockets
    assert first.seqs == list(range(1, len(first.seqs) + 1))
    assert all(other.events == first.events for other in others)
    assert busy.asked == {f"question {number}": 1 for number in range(PROCESSES)}
    assert stranger.events == []


async def test_the_cap_holds_over_all_processes(
    backends: list[RunningBackend], busy: Busy, store: Path
) -> None:
    """However many processes one person asks, no more run at once than the cap, each once."""
    cap = RunLimits().per_user
    journal = Journal(store)
    async with AsyncExitStack() as stack:
        sockets = [
            await stack.enter_async_context(socket_at(backend, "anna")) for backend in backends
        ]
        for number in range(2 * PROCESSES):
            await sockets[number % PROCESSES].say(f"question {number}")
        await eventually(lambda: busy.running >= cap, within=10 * UNIT)
        busy.gate.set()
        await eventually(lambda: not journal.unfinished(), within=20 * UNIT)

    assert busy.most <= cap
    assert busy.asked == {f"question {number}": 1 for number in range(2 * PROCESSES)}
    journal.check()


async def test_events_go_on_when_one_of_them_ends(store: Path, busy: Busy) -> None:
    """Who is connected to the one that stays hears what the other said, and all that follows."""
    busy.gate.set()
    async with (
        running_backend(store, catalogue=catalogue(busy)) as stays,
        socket_at(stays, "anna") as socket,
    ):
        async with (
            running_backend(store, catalogue=catalogue(busy)) as goes,
            socket_at(goes, "anna") as there,
        ):
            said = await there.say("said there")
            await there.hear_end(said.run_id)
        later = await socket.say("said here")
        for accepted in (said, later):
            await socket.hear_end(accepted.run_id)

    assert socket.seqs == list(range(1, len(socket.seqs) + 1))
