"""What the janitor deletes, what it never does, and when it does nothing."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fakes.auth_service import FakeAuthService
from fakes.chat_socket import ChatSocket, chat_socket
from fakes.issuer import BACKEND_SCOPES
from fakes.log_lines import LogLines
from fakes.run_engines import Journal
from fakes.running_backend import RunningBackend, backend_settings, running_backend
from fakes.scripted_agents import catalogue
from fakes.stores import store_url
from netra.agent_api import Question, Run
from netra.secret import Secret
from netra.wire.auth_api import SubjectStanding
from netra.wire.chat_protocol import Accepted, Failed, SendMessage
from netra_backend.app.db.presence.alone import alone_at
from netra_backend.app.retention.janitor import Janitor
from netra_backend.app.settings import Retention

DAY_US = 86_400_000_000
KEEPS = Retention(
    sweeps=True, conversation_days=0, event_days=0, usage_days=0, deletes_erased_people=False
)
"""Everything for ever."""


class Chat:
    """A backend, its janitor, and people who talk."""

    def __init__(self, backend: RunningBackend, gate: asyncio.Event) -> None:
        self.backend = backend
        self.gate = gate
        self.journal = Journal(backend.store)

    def janitor(self, **kept: Any) -> Janitor:
        """Make the janitor, which takes no breath."""
        values = {name: getattr(KEEPS, name) for name in KEEPS.__slots__}
        state = self.backend.state

        async def at_once(_seconds: float) -> None:
            await asyncio.sleep(0)

        return Janitor(
            Retention(**{**values, **kept}),
            state.service_authentication_context,
            partial(alone_at, Secret(store_url(self.backend.store)), "retention"),
            state.auth_client.subject_standing,
            state.clock,
            pause=at_once,
        )

    def socket(self, name: str) -> Any:
        """Open a person's socket."""
        token = self.backend.issuer.user_token(f"usr_{name}", session_id=f"ses_{name}")
        return chat_socket(self.backend.url, token)

    async def said(self, name: str, *texts: str) -> list[str]:
        """Say things in one thread, hear the answers, and give the thread's id once for each."""
        threads: list[str] = []
        async with self.socket(name) as socket:
            await socket.resume(0)
            for text in texts:
                threads.append(await one_turn(socket, text, threads[-1] if threads else None))
        return threads

    def age(self, days: int = 60) -> None:
        """Make everything in the store older."""
        with self.journal.writing() as plain:
            for table, column in (("t_threads", "updated_at"), ("t_model_usage", "created_at")):
                plain.execute(f"UPDATE {table} SET {column} = {column} - {days * DAY_US}")  # noqa: S608 - names of ours
            plain.execute("UPDATE t_events SET timestamp = '2020' || substr(timestamp, 5)")

    def rows_of(self, name: str) -> Counter[str]:
        """Count a person's rows."""
        tables = ("threads", "messages", "runs", "events", "model_usage", "journal_heads")
        query = "SELECT count(*) FROM t_{} WHERE owner_id = 'usr_{}'"
        return +Counter(
            {table: self.journal.rows(query.format(table, name))[0][0] for table in tables}
        )

    def spend(self, name: str) -> None:
        """Record what a model cost a person."""
        owner = f"usr_{name}"
        query = "SELECT max(updated_at) FROM t_threads WHERE owner_id = ?"
        [(moment,)] = self.journal.rows(query, owner)
        with self.journal.writing() as plain:
            plain.execute(
                "INSERT INTO t_model_usage (id, owner_id, run_id, model, input_tokens,"
                " output_tokens, cost_micros, created_at) VALUES (?, ?, 'run', 'm', 1, 1, 1, ?)",
                (f"use_{name}", owner, moment),
            )


async def one_turn(socket: ChatSocket, text: str, thread_id: str | None) -> str:
    """Say one thing and hear the answer; give the thread."""
    more = {} if thread_id is None else {"thread_id": thread_id}
    accepted = await socket.say(text, **more)
    await socket.hear_end(accepted.run_id)
    return accepted.thread_id


@pytest.fixture
async def chat(store: Path, auth: FakeAuthService) -> AsyncIterator[Chat]:
    """Run the backend with an agent that is held where a text says so."""
    auth.scopes = BACKEND_SCOPES | {"data:maintain"}
    gate = asyncio.Event()

    async def answer(question: Question, run: Run) -> str:
        await run.think("Thinking.")
        if question.text == "hold":
            await gate.wait()
        return f"You said: {question.text}"

    async with running_backend(store, auth=auth, catalogue=catalogue(answer)) as backend:
        yield Chat(backend, gate)


async def test_nothing_is_deleted_unless_it_was_asked_for(chat: Chat) -> None:
    """With the default policy, however old it is, everything stays."""
    await chat.said("anna", "one", "two")
    chat.spend("anna")
    chat.age(10_000)
    before = chat.rows_of("anna")

    assert not await chat.janitor().sweep()
    assert chat.rows_of("anna") == before


async def test_conversations_without_activity_go(chat: Chat, logged: LogLines) -> None:
    """An old thread goes with all that was said in it, of everybody; a young one stays."""
    await chat.said("anna", "old one", "old two")
    await chat.said("berta", "old")
    chat.age()
    await chat.said("anna", "young")

    deleted = await chat.janitor(conversation_days=30).sweep()

    assert (deleted["threads"], deleted["messages"], deleted["runs"]) == (2, 6, 3)
    assert chat.journal.rows("SELECT text FROM t_messages WHERE author = 'user'") == [("young",)]
    assert not any("old" in str(event.payload) for event in chat.journal.events())
    chat.journal.check()
    [line] = logged.of("retention_swept")
    assert line["deleted"] == dict(deleted)


async def test_a_conversation_of_an_unfinished_run_stays(chat: Chat) -> None:
    """A run in flight keeps its thread and its events, however long ago it began; it ends well."""
    async with chat.socket("anna") as socket:
        await socket.resume(0)
        held = await socket.say("hold")
        chat.age()
        deleted = await chat.janitor(conversation_days=30, event_days=30).sweep()
        chat.gate.set()
        end = await socket.hear_end(held.run_id)

    assert not deleted
    assert end.type == "agent_completed"
    chat.journal.check()


async def test_old_events_go_and_messages_stay(chat: Chat) -> None:
    """The beginning of a journal goes: clients behind it are reset, those at its end are not."""
    await chat.said("anna", "one", "two")
    head = max(event.seq for event in chat.journal.events())
    chat.age()

    deleted = await chat.janitor(event_days=30).sweep()

    assert deleted == {"events": head - 1}
    assert chat.rows_of("anna")["messages"] == 4
    for place, is_reset in ((1, True), (head - 1, False), (head, False)):
        async with chat.socket("anna") as socket:
            ready = await socket.resume(place)
            assert (ready.reset, ready.seq) == (is_reset, head)
    await chat.said("anna", "three")
    assert not await chat.janitor(event_days=30).sweep() - Counter(events=1)
    assert chat.rows_of("anna")["messages"] == 6


async def test_usage_has_a_time_of_its_own(chat: Chat) -> None:
    """What was spent stays when its conversation goes, and goes when its own time is over."""
    await chat.said("anna", "one")
    chat.spend("anna")
    chat.age()
    await chat.janitor(conversation_days=30, usage_days=366).sweep()
    kept = chat.rows_of("anna")["model_usage"]
    chat.age(400)
    deleted = await chat.janitor(usage_days=366).sweep()

    assert kept == 1
    assert deleted == {"usage": 1}


async def test_who_was_erased_at_the_auth_service_goes(chat: Chat, auth: FakeAuthService) -> None:
    """Who is said twice to be gone goes with everything, the place of the journal included."""
    for name in ("anna", "berta"):
        await chat.said(name, "one")
        chat.spend(name)
    before = chat.rows_of("anna")
    auth.standings["usr_berta"] = SubjectStanding.GONE
    janitor = chat.janitor(deletes_erased_people=True)

    first = await janitor.sweep()
    second = await janitor.sweep()

    assert not first
    assert second["people"] == 1
    assert chat.rows_of("berta") == {}
    assert chat.rows_of("anna") == before


@pytest.mark.parametrize("standing", [SubjectStanding.ACTIVE, SubjectStanding.DISABLED])
async def test_who_is_known_stays(
    chat: Chat, auth: FakeAuthService, standing: SubjectStanding
) -> None:
    """Who is active or disabled keeps everything, also if they seemed to be gone once."""
    await chat.said("anna", "one")
    await chat.said("berta", "one")
    before = chat.rows_of("berta")
    janitor = chat.janitor(deletes_erased_people=True)
    auth.standings["usr_berta"] = SubjectStanding.GONE
    await janitor.sweep()
    auth.standings["usr_berta"] = standing
    await janitor.sweep()

    assert chat.rows_of("berta") == before


async def test_an_auth_service_that_knows_nobody_is_not_believed(
    chat: Chat, auth: FakeAuthService, logged: LogLines
) -> None:
    """If everybody is said to be gone, nobody's rows are deleted, and it is told."""
    for name in ("anna", "berta"):
        await chat.said(name, "one")
        auth.standings[f"usr_{name}"] = SubjectStanding.GONE
    janitor = chat.janitor(deletes_erased_people=True)
    for _ in range(3):
        await janitor.sweep()

    assert chat.rows_of("anna")
    assert chat.rows_of("berta")
    assert logged.of("erased_people_in_doubt")


@pytest.mark.parametrize("fault", ["status", "garbage"])
async def test_without_an_answer_nobody_goes(
    chat: Chat, auth: FakeAuthService, logged: LogLines, fault: str
) -> None:
    """An auth service that fails, or answers something else, deletes nobody."""
    for name in ("anna", "berta"):
        await chat.said(name, "one")
    auth.standings["usr_berta"] = SubjectStanding.GONE
    janitor = chat.janitor(deletes_erased_people=True)
    await janitor.sweep()
    setattr(auth.faults, fault, 500 if fault == "status" else True)

    assert not await janitor.sweep()
    assert chat.rows_of("berta")
    assert logged.of("retention_postponed")


async def test_a_service_that_may_not_maintain_data_deletes_nothing(
    store: Path, auth: FakeAuthService, logged: LogLines
) -> None:
    """Without the scope the janitor says which one it needs, instead of finding nothing."""
    async with running_backend(store, auth=auth) as backend:
        assert not await Chat(backend, asyncio.Event()).janitor(conversation_days=1).sweep()

    [line] = logged.of("retention_postponed")
    assert "data:maintain" in line["reason"]


async def test_one_process_sweeps_at_a_time(chat: Chat) -> None:
    """While another process sweeps nothing is done; when it is through, it is."""
    await chat.said("anna", "old")
    chat.age()
    url = Secret(store_url(chat.backend.store))
    async with alone_at(url, "retention") as is_alone, alone_at(url, "other") as is_other:
        assert is_alone
        assert is_other
        assert not await chat.janitor(conversation_days=30).sweep()

    assert (await chat.janitor(conversation_days=30).sweep())["threads"] == 1


async def test_whoever_speaks_while_a_conversation_is_held_is_heard_or_told(chat: Chat) -> None:
    """Messages that come while the janitor sweeps are answered once, or find no such thread."""
    threads = [(await chat.said("anna", f"old {number}"))[0] for number in range(6)]
    chat.age()
    async with chat.socket("anna") as socket:
        await socket.resume(None)
        sweeping = asyncio.create_task(chat.janitor(conversation_days=30).sweep())
        for number, thread in enumerate(threads):
            message = SendMessage(client_id=f"client_{number:08}", text="again", thread_id=thread)
            await socket.send(message)
        told: list[Accepted | Failed] = []
        while len(told) < len(threads):
            frame = await socket.next()
            if isinstance(frame, Accepted | Failed):
                told.append(frame)
        await sweeping
        await chat.journal.ended(*(one.run_id for one in told if isinstance(one, Accepted)))

    left = {thread for (thread,) in chat.journal.rows("SELECT id FROM t_threads")}
    assert left == {one.thread_id for one in told if isinstance(one, Accepted)}
    chat.journal.check()


async def test_a_large_conversation_goes_in_small_batches(chat: Chat) -> None:
    """However much is in a thread, no session deletes more than a batch."""
    [thread] = await chat.said("anna", "one")
    with chat.journal.writing() as plain:
        for number in range(1200):
            plain.execute(
                "INSERT INTO t_messages (id, owner_id, thread_id, author, text, created_at)"
                " VALUES (?, 'usr_anna', ?, 'user', 'x', 1)",
                (f"msg_{number}", thread),
            )
    chat.age()

    deleted = await chat.janitor(conversation_days=30).sweep()

    assert deleted["messages"] == 1202
    assert chat.rows_of("anna")["threads"] == 0


@pytest.mark.parametrize(
    ("variables", "runs"),
    [
        ({}, False),
        ({"RETENTION_CONVERSATION_DAYS": "30"}, True),
        ({"RETENTION_ERASED_PEOPLE": "delete"}, True),
        ({"RETENTION_CONVERSATION_DAYS": "30", "RETENTION_SWEEP": "off"}, False),
    ],
)
@pytest.mark.sqlite_only
async def test_the_janitor_runs_where_it_has_work(
    store: Path, variables: dict[str, str], *, runs: bool
) -> None:
    """A process sweeps if something is not kept for ever, and it was not told to leave that."""
    settings = backend_settings(store, **variables)
    async with running_backend(store, settings=settings):
        names = {task.get_name() for task in asyncio.all_tasks()}

    assert ("retention_janitor" in names) is runs
