"""A backend on standby: it does its own runs and nobody else's, until it has traffic."""

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from fakes.approvals import Careful, answer, asked
from fakes.chat_socket import chat_socket
from fakes.log_lines import LogLines
from fakes.run_engines import (
    SUBPROTOCOL,
    Journal,
    RunningEngine,
    person,
    running_engine,
    slower,
)
from fakes.running_backend import RunningBackend, backend_settings, running_backend
from fakes.scripted_agents import catalogue
from fakes.timing import UNIT, eventually
from netra.agent_api import Question, Run
from netra.serving import Standby
from netra.wire.chat_protocol import FailureReason
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.chat.turn import AcceptedTurn

SERVICE: Final = "netra-backend-abc123-ew.a.run.app"
CANDIDATE: Final = f"candidate---{SERVICE}"


def named(who: str) -> AgentCatalogue:
    """Give an agent that says in which process it answers."""

    async def say(question: Question, run: Run) -> str:
        await run.think(who)
        return f"{who}: {question.text}"

    return catalogue(say)


def gated(who: str, gate: asyncio.Event) -> AgentCatalogue:
    """Give such an agent that waits to be let through."""

    async def say(question: Question, _run: Run) -> str:
        await gate.wait()
        return f"{who}: {question.text}"

    return catalogue(say)


@asynccontextmanager
async def on_standby(
    store: Path, agents: AgentCatalogue
) -> AsyncIterator[tuple[RunningEngine, Standby]]:
    """Run an engine of a process without traffic."""
    standby = Standby(begins=True)
    async with running_engine(store, agents, standby=standby) as running:
        yield running, standby


async def left_behind(store: Path, number: int, *, who: str = "anna") -> list[AcceptedTurn]:
    """Accept turns in a process that dies before it works on them."""
    async with running_engine(store, named("dead")) as running:
        running.engine._is_closing = True
        return [await running.ask(f"old {one}", who=person(who)) for one in range(number)]


def answers(journal: Journal, turns: list[AcceptedTurn]) -> list[str]:
    """Read what turns were answered, by whom first."""
    return [str((journal.end(turn.run_id) or {}).get("text")) for turn in turns]


async def several_looks(running: RunningEngine, journal: Journal) -> None:
    """Have an engine on standby look around: runs of its own, one after the other, are done."""
    for number in range(5):
        turn = await running.ask(f"look {number}", who=person("walker"))
        await journal.ended(turn.run_id)


async def test_what_others_left_is_taken_with_the_first_traffic(
    store: Path, journal: Journal
) -> None:
    """A run of a dead process waits while there is no traffic, and is answered once there is."""
    old = await left_behind(store, 3)
    async with on_standby(store, named("candidate")) as (running, standby):
        await several_looks(running, journal)
        assert sorted(journal.unfinished()) == sorted(turn.run_id for turn in old)
        assert journal.rows("SELECT DISTINCT holder, epoch FROM t_run_leases") == [(None, 0)]

        standby.asked(CANDIDATE, "/api/me")
        standby.asked(SERVICE, "/health/ready")
        await several_looks(running, journal)
        assert len(journal.unfinished()) == 3

        standby.asked(SERVICE, "/api/me")
        await journal.ended(*(turn.run_id for turn in old))

    assert answers(journal, old) == [f"candidate: old {number}" for number in range(3)]
    journal.check()


async def test_what_was_accepted_on_standby_is_answered_there(
    store: Path, journal: Journal
) -> None:
    """Beside a process that looks for runs all the time, none of the candidate's is taken away.

    More are asked than one person may have running, so that most of them wait for their turn.
    """
    async with (
        running_engine(store, named("serving")) as serving,
        on_standby(store, named("candidate")) as (running, standby),
    ):
        people = [person(f"user{number}") for number in range(3)]
        walked = [await running.ask(f"{number}", who=who) for number in range(5) for who in people]
        users = [await serving.ask(f"{number}", who=people[0]) for number in range(5)]
        await journal.ended(*(turn.run_id for turn in (*walked, *users)))
        assert standby.is_on

    assert {text.partition(":")[0] for text in answers(journal, walked)} == {"candidate"}
    assert {text.partition(":")[0] for text in answers(journal, users)} == {"serving"}
    journal.check()


async def test_what_waits_is_kept_for_longer_than_a_lease(store: Path, journal: Journal) -> None:
    """A run that has to wait for its turn is renewed meanwhile, so that it is not taken away."""
    gate = asyncio.Event()
    limits = slower(lease_seconds=0.5 * UNIT)
    standby = Standby(begins=True)
    async with (
        running_engine(store, gated("candidate", gate), limits=limits, standby=standby) as running,
        running_engine(store, named("serving"), limits=limits),
    ):
        turns = [await running.ask(f"{number}") for number in range(4)]
        began = asyncio.get_running_loop().time()
        await eventually(
            lambda: asyncio.get_running_loop().time() - began > 2 * limits.lease_seconds,
            within=5 * UNIT,
        )
        gate.set()
        await journal.ended(*(turn.run_id for turn in turns))

    assert answers(journal, turns) == [f"candidate: {number}" for number in range(4)]
    journal.check()


async def test_a_dead_candidates_runs_are_gone_on_with(store: Path, journal: Journal) -> None:
    """What a candidate had accepted and begun, or only accepted, is done by the next process."""
    gate = asyncio.Event()
    async with on_standby(store, gated("candidate", gate)) as (running, _standby):
        turns = [await running.ask(f"{number}") for number in range(4)]
        running_now = "SELECT count(*) FROM t_run_leases WHERE slot IS NOT NULL"
        await eventually(lambda: journal.rows(running_now) == [(2,)], within=5 * UNIT)
        running.crash()
        async with running_engine(store, named("serving")):
            await journal.ended(*(turn.run_id for turn in turns))

    assert answers(journal, turns) == [f"serving: {number}" for number in range(4)]
    journal.check()


async def test_another_processes_run_is_not_taken_to_be_ended(
    store: Path, journal: Journal
) -> None:
    """Who cancels at the candidate is heard by whoever has the duty, or once the candidate has."""
    [old] = await left_behind(store, 1)
    async with on_standby(store, named("candidate")) as (running, standby):
        await running.chat.cancel(person(), SUBPROTOCOL, old.run_id)
        await several_looks(running, journal)
        assert journal.unfinished() == [old.run_id]

        standby.asked(SERVICE, "/ws")
        await journal.ended(old.run_id)

    assert (journal.end(old.run_id) or {})["reason"] == FailureReason.CANCELLED
    journal.check()


async def test_an_own_run_is_cancelled_on_standby(store: Path, journal: Journal) -> None:
    """What the candidate accepted it also stops, whether it was begun or waits."""
    gate = asyncio.Event()
    async with on_standby(store, gated("candidate", gate)) as (running, _standby):
        turns = [await running.ask(f"{number}") for number in range(3)]
        for turn in turns:
            await running.chat.cancel(person(), SUBPROTOCOL, turn.run_id)
        await journal.ended(*(turn.run_id for turn in turns))

    assert {(journal.end(turn.run_id) or {})["reason"] for turn in turns} == {
        FailureReason.CANCELLED
    }
    journal.check()


async def test_an_answer_at_the_candidate_reaches_who_asked(store: Path, journal: Journal) -> None:
    """A person's yes is stored and said by the candidate; the run goes on where it was asked."""
    careful, other = Careful(), Careful()
    async with (
        running_engine(store, careful.agents) as serving,
        on_standby(store, other.agents) as (running, _standby),
    ):
        turn = await serving.ask("a letter")
        question = await asked(journal, turn)
        await answer(running, question, approve=True)
        await journal.ended(turn.run_id)

    assert careful.used == ["a letter"]
    assert other.begun == 0
    journal.check()


async def test_an_own_run_asks_and_goes_on_on_standby(store: Path, journal: Journal) -> None:
    """A golden path with an approval is walked by the candidate alone."""
    careful = Careful()
    async with on_standby(store, careful.agents) as (running, standby):
        turn = await running.ask("a letter")
        await answer(running, await asked(journal, turn), approve=True)
        await journal.ended(turn.run_id)
        assert standby.is_on

    assert careful.used == ["a letter"]
    journal.check()


# The whole service.


@asynccontextmanager
async def candidate(store: Path, **variables: str) -> AsyncIterator[RunningBackend]:
    """Run a backend that is told to wait for traffic."""
    settings = backend_settings(store, STANDBY_UNTIL_TRAFFIC="true", **variables)
    async with running_backend(store, settings=settings, catalogue=named("candidate")) as backend:
        yield backend


def under(backend: RunningBackend, host: str) -> httpx2.AsyncClient:
    """Give a person's client that names a host."""
    client = backend.as_user("usr_anna")
    client.headers["Host"] = host
    return client


async def says_standby(backend: RunningBackend) -> bool:
    """Ask both health documents, as whoever looks after the process does."""
    async with backend.client() as nobody:
        said = [(await nobody.get(path)).json()["standby"] for path in ("/health", "/health/ready")]
    assert said[0] == said[1]
    return bool(said[0])


@pytest.mark.sqlite_only
async def test_requests_under_a_tag_are_served_and_end_nothing(
    store: Path, logged: LogLines
) -> None:
    """People's requests are answered on standby as ever; the first without a tag ends it."""
    async with candidate(store) as backend:
        async with under(backend, f"{CANDIDATE}:443") as walker:
            forged = {"X-Forwarded-Host": SERVICE, "Forwarded": f"host={SERVICE}"}
            assert (await walker.get("/api/me", headers=forged)).status_code == 200
            assert (await walker.get("/nope")).status_code == 404
        assert await says_standby(backend)

        async with under(backend, SERVICE) as user:
            assert (await user.get("/metrics")).status_code in {401, 403}
            assert await says_standby(backend)
            assert (await user.get("/api/me")).status_code == 200
        assert not await says_standby(backend)

        async with under(backend, CANDIDATE) as walker:
            assert (await walker.get("/api/me")).status_code == 200
        assert not await says_standby(backend)
    assert logged.only("duties_taken_up")["path"] == "/api/me"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(("host", "stays"), [(CANDIDATE, True), (SERVICE, False)])
async def test_a_handshake_is_a_request_too(store: Path, host: str, *, stays: bool) -> None:
    """A socket under a tag's host is served and ends nothing; one of traffic ends the standby."""
    async with candidate(store) as backend:
        token = backend.issuer.user_token("usr_anna", session_id="ses_anna")
        port = int(backend.url.rpartition(":")[2])
        url = f"http://{host}:{port}"
        async with chat_socket(url, token, host="127.0.0.1", port=port) as socket:
            await socket.resume(0)
            said = await socket.say("who answers")
            end = await socket.hear_end(said.run_id)
            assert isinstance(end.payload, dict)
            assert end.payload["text"] == "candidate: who answers"
        assert await says_standby(backend) is stays


@pytest.mark.sqlite_only
async def test_without_the_variable_there_is_no_standby(
    backend: RunningBackend, logged: LogLines
) -> None:
    """A process that was told nothing has its duties from its start."""
    assert not await says_standby(backend)
    assert logged.of("duties_taken_up") == []


def waits_in(name: str) -> list[str]:
    """Name the functions that a background task is in, the outermost first."""
    task = next(task for task in asyncio.all_tasks() if task.get_name() == name)
    names: list[str] = []
    inner: Any = task.get_coro()
    while inspect.iscoroutine(inner):
        names.append(inner.__qualname__)
        inner = inner.cr_await
    return names


@pytest.mark.sqlite_only
async def test_nothing_is_deleted_before_there_is_traffic(store: Path) -> None:
    """The janitor of a candidate waits for traffic, not for its time, and then begins."""
    async with candidate(store, RETENTION_CONVERSATION_DAYS="30") as backend:
        await eventually(lambda: "Standby.over" in waits_in("retention_janitor"), within=UNIT)
        assert "Janitor.run" not in waits_in("retention_janitor")
        async with under(backend, CANDIDATE) as walker:
            assert (await walker.get("/api/threads")).status_code == 200
        assert "Janitor.run" not in waits_in("retention_janitor")

        async with under(backend, SERVICE) as user:
            assert (await user.get("/api/threads")).status_code == 200
        await eventually(lambda: "Janitor.run" in waits_in("retention_janitor"), within=UNIT)
