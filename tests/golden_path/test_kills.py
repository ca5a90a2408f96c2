"""Processes that die at any moment: each message ends in one answer or one honest failure.

Both services are real; the backend is a process that is killed (signal 9) in the middle of runs.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from fakes import slow_agent
from fakes.backend_process import BackendProcess, both_services
from fakes.chat_client import ChatClient
from fakes.running_auth import Person, RunningAuth, bearer
from fakes.timing import UNIT, eventually
from netra.ids import random_token
from netra.wire.chat_protocol import EventName, FailureReason, RunEvent
from netra_ops.validation.run_events import member, of_run, run_flaw

pytestmark = [pytest.mark.live, pytest.mark.long]

KILLS: Final = 30
"""So many processes die with a run that was accepted and has not ended."""
MOST_ROUNDS: Final = 60
PEOPLE: Final = 6
AT_MOST_SECONDS: Final = 0.25
"""A run of the slow agent takes half of it, so that kills fall before, into and after runs."""
AT_MOST_EVENTS: Final = 30
"""A kill after so many events falls into runs on a slow machine too."""


@dataclass
class Visitor:
    """A person, their client, and when they heard of what."""

    person: Person
    client: ChatClient
    marks: dict[str, str] = field(default_factory=dict)
    heard_done: dict[tuple[str, int], float] = field(default_factory=dict)

    def note(self, event: RunEvent) -> None:
        """Note when a call's end was heard: from then on it must not be carried out again."""
        result = member(event, "result")
        if event.type is EventName.TOOL_COMPLETED and isinstance(result, dict):
            self.heard_done[result["mark"], result["call"]] = time.monotonic()

    async def ask(self, path: Path) -> None:
        """Ask the slow agent for something of its own."""
        mark = f"mark-{random_token()[:16]}"
        client_id = await self.client.say(slow_agent.question(mark, path), agent=slow_agent.NAME)
        self.marks[client_id] = mark

    @property
    def is_waiting(self) -> bool:
        """Whether something was accepted that has not come to an end."""
        return any(not self.client.has_ended(client_id) for client_id in self.client.accepted)

    @property
    def is_done(self) -> bool:
        """Whether all that was said has come to an end."""
        return all(self.client.has_ended(client_id) for client_id in self.client.said)


async def _visitors(
    stack: AsyncExitStack, auth: RunningAuth, url: str, number: int
) -> list[Visitor]:
    visitors = []
    for _ in range(number):
        person = await auth.registered_person()
        tokens = await auth.tokens_of(person)
        client = ChatClient(url, tokens["access_token"], renew=_renewal(auth, tokens))
        visitor = Visitor(person, client)
        client.on_event = visitor.note
        await stack.enter_async_context(client.online())
        visitors.append(visitor)
    return visitors


def _renewal(auth: RunningAuth, tokens: dict[str, Any]) -> Callable[[], Awaitable[str]]:
    async def renew() -> str:
        answer = await auth.refresh(tokens["refresh_token"])
        tokens.update(answer.raise_for_status().json())
        token: str = tokens["access_token"]
        return token

    return renew


async def test_nothing_is_lost_or_doubled_by_thirty_kills(tmp_path: Path) -> None:
    """Numbers are gapless, runs whole, answers stored once, and no finished step is redone."""
    path = tmp_path / "stamps.jsonl"
    packages = [slow_agent.installed(tmp_path / "packages")]
    chance = random.Random(20260921)  # noqa: S311 - when a process dies is no secret
    async with both_services(tmp_path, packages) as (auth, backend), AsyncExitStack() as stack:
        visitors = await _visitors(stack, auth, backend.url, PEOPLE)
        rounds = into_runs = 0
        while into_runs < KILLS:
            rounds += 1
            assert rounds <= MOST_ROUNDS, f"only {into_runs} kills fell into a run"
            await asyncio.gather(*(visitor.ask(path) for visitor in visitors))
            await _random_moment(chance, visitors)
            into_runs += any(visitor.is_waiting for visitor in visitors)
            await backend.kill()
            await backend.start()
        await eventually(lambda: all(v.is_done for v in visitors), within=120 * UNIT)

        for visitor in visitors:
            _check_heard(visitor)
            await _check_replay(visitor, backend)
            await _check_stored(visitor, backend)
    _check_steps(visitors, path)
    assert _taken_over(path) >= KILLS // 3, "too few kills fell into a run"
    ends = Counter(_end_of(v, c).type for v in visitors for c in v.client.said)
    assert sum(ends.values()) == rounds * PEOPLE
    # A run that was killed again and again before its next step may give up, and say so.
    assert ends[EventName.AGENT_COMPLETED] > ends[EventName.AGENT_FAILED], ends


async def _random_moment(chance: random.Random, visitors: list[Visitor]) -> None:
    """Let some time pass, or some events."""
    if chance.random() < 0.5:
        await asyncio.sleep(chance.uniform(0, AT_MOST_SECONDS))
        return

    def heard() -> int:
        return sum(len(visitor.client.events) for visitor in visitors)

    wanted = heard() + chance.randint(1, AT_MOST_EVENTS)
    await eventually(lambda: heard() >= wanted, within=60 * UNIT)


def _end_of(visitor: Visitor, client_id: str) -> RunEvent:
    return visitor.client.run_of(client_id)[-1]


def _check_heard(visitor: Visitor) -> None:
    client = visitor.client
    assert client.flaws == []
    assert client.refusals == []
    assert [event.seq for event in client.events] == list(range(1, len(client.events) + 1))
    assert set(client.accepted) == set(client.said)
    runs = {accepted.run_id for accepted in client.accepted.values()}
    assert len(runs) == len(client.said)
    assert {event.run_id for event in client.events} == runs
    for client_id, mark in visitor.marks.items():
        run = of_run(client.events, client.accepted[client_id].run_id)
        assert run_flaw(run) is None, (run_flaw(run), [event.type for event in run])
        if run[-1].type is EventName.AGENT_COMPLETED:
            assert member(run[-1], "text") == f"{mark} for {visitor.person.user_id}"
        else:
            assert member(run[-1], "reason") == FailureReason.GAVE_UP


async def _check_replay(visitor: Visitor, backend: BackendProcess) -> None:
    """Hear everything once more from the beginning: it is the same."""
    again = ChatClient(backend.url, visitor.client.token)
    async with again.online():
        assert again.events == visitor.client.events


async def _check_stored(visitor: Visitor, backend: BackendProcess) -> None:
    """Read every thread: the question once, and the answer once if there is one."""
    headers = bearer(visitor.client.token)
    async with httpx2.AsyncClient(base_url=backend.url, headers=headers, trust_env=False) as http:
        for client_id, accepted in visitor.client.accepted.items():
            answer = await http.get(f"/api/threads/{accepted.thread_id}/messages")
            told = [(item["id"], item["author"]) for item in answer.json()["items"]]
            wanted = [(accepted.message_id, "user")]
            end = _end_of(visitor, client_id)
            if end.type is EventName.AGENT_COMPLETED:
                wanted.append((member(end, "message_id"), "agent"))
            assert told == wanted


def _check_steps(visitors: list[Visitor], path: Path) -> None:
    """Look at what was really done: a call that somebody was told of was not done again."""
    done = defaultdict(list)
    for stamp in slow_agent.stamps(path):
        done[stamp.mark, stamp.call].append(stamp)
    for (mark, call), stamps in done.items():
        assert len({stamp.pid for stamp in stamps}) == len(stamps), f"{mark} {call} twice by one"
    for visitor in visitors:
        for key, heard_at in visitor.heard_done.items():
            assert max(stamp.at for stamp in done[key]) <= heard_at, f"{key} was done again"


def _taken_over(path: Path) -> int:
    """Count the runs that one process began and another went on with."""
    processes = defaultdict(set)
    for stamp in slow_agent.stamps(path):
        processes[stamp.mark].add(stamp.pid)
    return sum(len(pids) > 1 for pids in processes.values())


async def test_a_stop_in_the_middle_of_runs_loses_nothing(tmp_path: Path) -> None:
    """Told to end, the backend says 1012, ends well, and its successor goes on with the runs."""
    path = tmp_path / "stamps.jsonl"
    packages = [slow_agent.installed(tmp_path / "packages")]
    async with both_services(tmp_path, packages) as (auth, backend), AsyncExitStack() as stack:
        (visitor,) = await _visitors(stack, auth, backend.url, 1)
        for _ in range(3):
            await visitor.ask(path)
            await visitor.ask(path)
            begun = len(visitor.heard_done)
            await eventually(lambda: len(visitor.heard_done) > begun, within=20 * UNIT)  # noqa: B023 - asked within the round
            assert await backend.stop() == 0
            await backend.start()
        await eventually(lambda: visitor.is_done, within=30 * UNIT)

        _check_heard(visitor)
        await _check_replay(visitor, backend)
        await _check_stored(visitor, backend)
    assert visitor.client.closes[:3] == [1012, 1012, 1012]
    _check_steps([visitor], path)
