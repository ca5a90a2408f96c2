"""People who chat while something goes wrong, and what must hold for each of them afterwards.

They ask the slow agent, whose tool leaves a line for every call that was really carried out.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from fakes import slow_agent
from fakes.chat_client import ChatClient
from fakes.running_auth import AuthOverHttp, Person, bearer
from fakes.timing import UNIT, eventually
from netra.ids import random_token
from netra.wire.chat_protocol import EventName, FailureReason, RunEvent
from netra_ops.validation.run_events import member, of_run, run_flaw

_AT_MOST_SECONDS: Final = 0.25
"""A run of the slow agent takes half of it, so that faults fall before, into and after runs."""
_AT_MOST_EVENTS: Final = 30
"""A fault after so many events falls into runs on a slow machine too."""


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

    async def ask(self, path: Path) -> str:
        """Ask the slow agent for something of its own; give the client id."""
        mark = f"mark-{random_token()[:16]}"
        client_id = await self.client.say(slow_agent.question(mark, path), agent=slow_agent.NAME)
        self.marks[client_id] = mark
        return client_id

    @property
    def is_waiting(self) -> bool:
        """Whether something was accepted that has not come to an end."""
        return any(not self.client.has_ended(client_id) for client_id in self.client.accepted)

    @property
    def is_done(self) -> bool:
        """Whether all that was said has come to an end."""
        return all(self.client.has_ended(client_id) for client_id in self.client.said)

    def end_of(self, client_id: str) -> RunEvent:
        """Give the last event of a run."""
        return self.client.run_of(client_id)[-1]


@dataclass
class Visitors:
    """Several of them, and where the agent's tool leaves its lines."""

    everyone: list[Visitor]
    path: Path
    seed: int = 20260921

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - when a fault comes is no secret

    @property
    def are_waiting(self) -> bool:
        """Whether the run of anybody goes on."""
        return any(visitor.is_waiting for visitor in self.everyone)

    async def ask(self) -> None:
        """Let everyone ask for something."""
        await asyncio.gather(*(visitor.ask(self.path) for visitor in self.everyone))

    async def random_moment(self) -> None:
        """Let some time pass, or some events."""
        if self._chance.random() < 0.5:
            await asyncio.sleep(self._chance.uniform(0, _AT_MOST_SECONDS))
            return
        wanted = self._heard() + self._chance.randint(1, _AT_MOST_EVENTS)
        await eventually(lambda: self._heard() >= wanted, within=60 * UNIT)

    async def ended(self, within: float = 120 * UNIT) -> None:
        """Wait until all that was said has come to an end."""
        await eventually(lambda: all(v.is_done for v in self.everyone), within=within)

    async def served_again(self, within: float) -> float:
        """Let everyone ask once more, wait for every answer, and give how many seconds it took."""
        began = time.monotonic()
        asked = [(v, await v.ask(self.path)) for v in self.everyone]
        await eventually(lambda: all(v.client.has_ended(c) for v, c in asked), within=within)
        return time.monotonic() - began

    def _heard(self) -> int:
        return sum(len(visitor.client.events) for visitor in self.everyone)

    async def check(
        self,
        url: str,
        *,
        honest: frozenset[FailureReason] = frozenset(),
        thawed: Sequence[float] = (),
    ) -> None:
        """Look whether all was answered once, in order, to nobody else, and nothing done again.

        Args:
            url: The backend.
            honest: With which reasons a run may have failed instead of being answered; a run that
                was interrupted again and again before its next step may always give up.
            thawed: When processes went on that had stood still, as `time.monotonic` counts: what
                one was in the middle of it ends then, before it can see that it is not its own.
        """
        for visitor in self.everyone:
            _check_heard(visitor, honest | {FailureReason.GAVE_UP})
            await _check_replay(visitor, url)
            await _check_stored(visitor, url)
        self._check_steps(thawed)

    def ends(self) -> Counter[EventName]:
        """Count how the runs ended."""
        return Counter(v.end_of(c).type for v in self.everyone for c in v.client.said)

    def taken_over(self) -> int:
        """Count the runs that one process began and another went on with."""
        processes = defaultdict(set)
        for stamp in slow_agent.stamps(self.path):
            processes[stamp.mark].add(stamp.pid)
        return sum(len(pids) > 1 for pids in processes.values())

    def _check_steps(self, thawed: Sequence[float]) -> None:
        """Look at what was really done: a call that somebody was told of was not done again."""
        done = defaultdict(list)
        for stamp in slow_agent.stamps(self.path):
            done[stamp.mark, stamp.call].append(stamp)
        for visitor in self.everyone:
            for key, heard_at in visitor.heard_done.items():
                late = [stamp for stamp in done[key] if stamp.at > heard_at]
                again = [
                    stamp
                    for stamp in late
                    if not any(moment <= stamp.at <= moment + UNIT for moment in thawed)
                ]
                assert again == [], f"{key} was done again"
                assert len(late) < len(done[key]), f"{key} was told of before it was done"

    def check_once_by_each_process(self) -> None:
        """Look whether no process did a call twice, as none may that was never interrupted."""
        done = Counter((s.mark, s.call, s.pid) for s in slow_agent.stamps(self.path))
        assert set(done.values()) <= {1}, done.most_common(3)


@asynccontextmanager
async def visiting(
    auth: AuthOverHttp, urls: list[str], path: Path, number: int, *, seed: int = 20260921
) -> AsyncIterator[Visitors]:
    """Register people and let them be online, at one backend or at several by turns.

    Args:
        auth: Where they log in.
        urls: The backends.
        path: Where the slow agent's tool leaves its lines.
        number: How many people.
        seed: What chooses the moments.
    """
    async with AsyncExitStack() as stack:
        everyone = []
        for place in range(number):
            person = await auth.registered_person()
            tokens = await auth.tokens_of(person)
            client = ChatClient(
                urls[place % len(urls)], tokens["access_token"], renew=_renewal(auth, tokens)
            )
            visitor = Visitor(person, client)
            client.on_event = visitor.note
            await stack.enter_async_context(client.online())
            everyone.append(visitor)
        yield Visitors(everyone, path, seed)


def _renewal(auth: AuthOverHttp, tokens: dict[str, Any]) -> Callable[[], Awaitable[str]]:
    async def renew() -> str:
        answer = await auth.refresh(tokens["refresh_token"])
        tokens.update(answer.raise_for_status().json())
        token: str = tokens["access_token"]
        return token

    return renew


def _check_heard(visitor: Visitor, honest: frozenset[FailureReason]) -> None:
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
            assert member(run[-1], "reason") in honest, run[-1]


async def _check_replay(visitor: Visitor, url: str) -> None:
    """Hear everything once more from the beginning: it is the same."""
    again = ChatClient(url, visitor.client.token)
    async with again.online():
        await eventually(lambda: again.seq >= visitor.client.seq, within=10 * UNIT)
        assert again.events == visitor.client.events


async def _check_stored(visitor: Visitor, url: str) -> None:
    """Read every thread: the question once, and the answer once if there is one."""
    headers = bearer(visitor.client.token)
    async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False) as http:
        for client_id, accepted in visitor.client.accepted.items():
            answer = await http.get(f"/api/threads/{accepted.thread_id}/messages")
            told = [(item["id"], item["author"]) for item in answer.json()["items"]]
            wanted = [(accepted.message_id, "user")]
            end = visitor.end_of(client_id)
            if end.type is EventName.AGENT_COMPLETED:
                wanted.append((member(end, "message_id"), "agent"))
            assert told == wanted
