"""The backend's store, backed up while the chat goes on and restored into a new place."""

import asyncio
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.auth_service import BACKEND_SECRET, FakeAuthService
from fakes.chat_socket import ChatSocket, chat_socket
from fakes.environments import backend_environment
from fakes.postgres import SUPERUSER
from fakes.requirements import require
from fakes.run_engines import Journal, check_journals
from fakes.running_backend import RunningBackend, backend_settings, running_backend
from fakes.scripted_agents import Words, catalogue, tool
from fakes.stores import PostgresStore, databases, is_sqlite, owner_url, store_url
from fakes.timing import UNIT, eventually
from netra.agent_api import Question, Run, ToolContext
from netra.wire.auth_api import SubjectStanding
from netra.wire.chat_protocol import EventName, RunEvent
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.db.readiness import make_store_ready
from netra_backend.app.db.schema_version import HEAD

pytestmark = pytest.mark.long

ROOT: Final = Path(__file__).parents[3]
PAGE: Final = ROOT / "docs/runbooks/back_up_and_restore_the_backend.md"
HELD: Final = "hold"
PEOPLE: Final = ("anna", "berta")

_SECTION: Final = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_COMMANDS: Final = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass
class Scene:
    """An agent that a test holds in the middle of its work."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    used: Counter[str] = field(default_factory=Counter)

    def agents(self) -> AgentCatalogue:
        """Give the catalogue of it."""

        async def note(words: Words, _context: ToolContext) -> object:
            self.used[words.text] += 1
            return words.text

        async def answer(question: Question, run: Run) -> str:
            await run.think("Working.")
            await run.call("note", {"text": question.text})
            if question.text.startswith(HELD):
                await self.gate.wait()
            return f"You said: {question.text}"

        return catalogue(answer, tool("note", note))


@pytest.fixture
def scene() -> Scene:
    """Give the agent of both backends."""
    return Scene()


@asynccontextmanager
async def socket_of(
    backend: RunningBackend, name: str, after: int | None = None
) -> AsyncIterator[ChatSocket]:
    """Open a person's socket, which goes on behind a place."""
    token = backend.issuer.user_token(f"usr_{name}", session_id=f"ses_{name}")
    async with chat_socket(backend.url, token) as socket:
        await socket.resume(after)
        yield socket


async def chatter(socket: ChatSocket, name: str, said: list[str], until: asyncio.Event) -> None:
    """Say one thing after the other, and wait for the answer to each."""
    while not until.is_set():
        text = f"{name} {len(said)}"
        accepted = await socket.say(text)
        said.append(text)
        await socket.hear_end(accepted.run_id)


def is_used(event: RunEvent) -> bool:
    """Say whether an event tells that a tool was used."""
    return event.type is EventName.TOOL_COMPLETED


def commands_of(title: str) -> list[str]:
    """Give the commands of one section of the page."""
    sections = dict(_SECTION.findall(PAGE.read_text(encoding="utf-8")))
    return [line for block in _COMMANDS.findall(sections[title]) for line in block.splitlines()]


@dataclass(frozen=True)
class Operator:
    """Who follows the page, in a folder and an environment."""

    folder: Path
    variables: dict[str, str]

    async def follows(self, title: str) -> str:
        """Run the commands of a section as they stand there; give what they said."""
        said = []
        for command in commands_of(title):
            process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", command),
                env=self.variables,
                cwd=self.folder,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await process.communicate()
            assert process.returncode == 0, (command, out.decode(), err.decode())
            said.append(out.decode())
        return "".join(said)


def operator_of(store: Path, auth: FakeAuthService) -> Operator:
    """Give the operator of a store."""
    path = [str(Path(sys.executable).parent), os.environ["PATH"]]
    address = store_url(store)
    more: dict[str, Any] = {}
    if is_sqlite(store):
        require("sqlite3", shutil.which("sqlite3") is not None, "apt install sqlite3")
    else:
        stands_for = databases[store]
        path.insert(1, str(stands_for.server.programs))
        more = {
            "PGHOST": str(stands_for.server.folder),
            "PGUSER": SUPERUSER,
            "PGDATABASE": stands_for.database,
            "DATABASE_OWNER_URL": owner_url(store),
        }
    settings = backend_environment(
        DATABASE_URL=address,
        AUTH_SERVICE_URL=auth.issuer.url,
        SERVICE_SECRET=BACKEND_SECRET.reveal(),
        PORT="0",
    )
    variables = {**settings, **more, "PATH": os.pathsep.join(path), "PYTHONPATH": str(ROOT)}
    return Operator(store.parent, variables)


async def restored(store: Path, auth: FakeAuthService) -> Path:
    """Restore the backup of a store into a new place as the page says; give that."""
    if is_sqlite(store):
        said = await operator_of(store, auth).follows("SQLite: restore")
        assert "store_restored" in said
        return store
    server = databases[store].server
    new = store.with_name("restored.db")
    databases[new] = PostgresStore(server, await server.backend_database(is_migrated=False))
    assert "store_restored" in await operator_of(new, auth).follows("PostgreSQL: restore")
    return new


async def backed_up(store: Path, auth: FakeAuthService) -> None:
    """Back a store up as the page says."""
    kind = "SQLite" if is_sqlite(store) else "PostgreSQL"
    said = await operator_of(store, auth).follows(f"{kind}: back up")
    assert not is_sqlite(store) or said.splitlines() == ["ok", HEAD]


async def test_a_backup_under_writes_is_restored_and_served(
    store: Path, auth: FakeAuthService, scene: Scene
) -> None:
    """Each message of the backup has one answer, runs in flight go on, journals have no gap."""
    said: dict[str, list[str]] = {name: [] for name in PEOPLE}
    until = asyncio.Event()
    async with (
        running_backend(store, auth=auth, catalogue=scene.agents()) as before,
        socket_of(before, "anna", 0) as anna,
        socket_of(before, "berta", 0) as berta,
        socket_of(before, "carol", 0) as carol,
    ):
        held = await carol.say(f"{HELD} on")
        await carol.hear(RunEvent, is_used)
        talks = [
            asyncio.create_task(chatter(socket, name, said[name], until))
            for name, socket in zip(PEOPLE, (anna, berta), strict=True)
        ]
        await eventually(lambda: min(map(len, said.values())) > 2, within=20 * UNIT)
        certainly = {name: list(texts[:-1]) for name, texts in said.items()}
        await backed_up(store, auth)
        taken = {name: len(texts) for name, texts in said.items()}
        await eventually(
            lambda: all(len(said[name]) > taken[name] + 1 for name in PEOPLE),
            within=20 * UNIT,
        )
        until.set()
        await asyncio.wait_for(asyncio.gather(*talks), 20 * UNIT)
        known = anna.seqs[-1]
    new = await restored(store, auth)
    scene.gate.set()

    settings = backend_settings(new)
    await make_store_ready(settings, migrates=False)
    journal = Journal(new)
    async with running_backend(new, auth=auth, catalogue=scene.agents()) as after:
        await journal.ended(held.run_id)
        await journal.ended(*journal.unfinished())
        journal.check()
        texts = Counter(
            (owner, author, text)
            for owner, author, text in journal.rows("SELECT owner_id, author, text FROM t_messages")
        )
        asked = {(owner, text) for owner, author, text in texts if author == "user"}
        assert set(texts.values()) == {1}
        assert {("usr_anna", text) for text in certainly["anna"]} <= asked
        assert {("usr_berta", text) for text in certainly["berta"]} <= asked
        assert ("usr_anna", said["anna"][-1]) not in asked
        for owner, text in asked:
            assert texts[owner, "agent", f"You said: {text}"] == 1
        # A step that the backup has is not done again.
        assert scene.used[f"{HELD} on"] == 1
        await _sees_only_their_own(after)
        await _comes_back(after, known)


async def _sees_only_their_own(backend: RunningBackend) -> None:
    async with backend.as_user("usr_anna") as anna, backend.as_user("usr_berta") as berta:
        own = [thread["id"] for thread in (await anna.get("/api/threads")).json()["items"]]
        others = [thread["id"] for thread in (await berta.get("/api/threads")).json()["items"]]
        assert own
        assert others
        assert not set(own) & set(others)
        assert (await berta.get(f"/api/threads/{own[0]}")).status_code == 404


async def _comes_back(backend: RunningBackend, known: int) -> None:
    """Look whether a client that knows lost events, or any, begins anew and misses nothing."""
    token = backend.issuer.user_token("usr_anna", session_id="ses_anna")
    for place in (1, known):
        async with chat_socket(backend.url, token) as socket:
            ready = await socket.resume(place)
            assert ready.reset
            accepted = await socket.say(f"again {place}")
            await socket.hear_end(accepted.run_id)
            assert socket.seqs == list(range(ready.seq + 1, ready.seq + 1 + len(socket.seqs)))
            assert socket.seqs[0] > known


async def test_lost_numbers_are_not_given_again(
    store: Path, auth: FakeAuthService, scene: Scene
) -> None:
    """A client stays reset however far the restored journal has grown when it comes back."""
    async with (
        running_backend(store, auth=auth, catalogue=scene.agents()) as before,
        socket_of(before, "anna", 0) as anna,
    ):
        await anna.hear_end((await anna.say("kept")).run_id)
        await backed_up(store, auth)
        await anna.hear_end((await anna.say("lost")).run_id)
        known = anna.seqs[-1]
    new = await restored(store, auth)
    async with running_backend(new, auth=auth, catalogue=scene.agents()) as after:
        async with socket_of(after, "anna") as other:
            for number in range(3):
                await other.hear_end((await other.say(f"new {number}")).run_id)
        token = after.issuer.user_token("usr_anna", session_id="ses_anna")
        async with chat_socket(after.url, token) as anna:
            ready = await anna.resume(known)

    assert ready.reset
    assert ready.seq == other.seqs[-1]


async def test_a_run_of_somebody_erased_since_does_not_go_on(
    store: Path, auth: FakeAuthService, scene: Scene
) -> None:
    """Before a run of a restored store goes on, the auth service says how its person stands."""
    async with (
        running_backend(store, auth=auth, catalogue=scene.agents()) as before,
        socket_of(before, "carol", 0) as carol,
        socket_of(before, "anna", 0) as anna,
    ):
        erased = await carol.say(f"{HELD} carol")
        goes_on = await anna.say(f"{HELD} anna")
        await carol.hear(RunEvent, is_used)
        await anna.hear(RunEvent, is_used)
        await backed_up(store, auth)
    new = await restored(store, auth)
    auth.standings["usr_carol"] = SubjectStanding.GONE
    scene.gate.set()
    journal = Journal(new)
    async with running_backend(new, auth=auth, catalogue=scene.agents()):
        await journal.ended(erased.run_id, goes_on.run_id)

    assert journal.names(goes_on.run_id)[-1] is EventName.AGENT_COMPLETED
    assert EventName.AGENT_COMPLETED not in journal.names(erased.run_id)
    begins = dict(journal.rows("SELECT owner_id, erased_through FROM t_journal_heads"))
    check_journals([one for one in journal.events() if one.owner_id == "usr_anna"], begins)


async def test_a_store_that_is_settled_twice_is_as_good(
    store: Path, auth: FakeAuthService, scene: Scene
) -> None:
    """`--restored` may be run again: journals stay gapless, and move on once more."""
    async with (
        running_backend(store, auth=auth, catalogue=scene.agents()) as before,
        socket_of(before, "anna", 0) as anna,
    ):
        await anna.hear_end((await anna.say("kept")).run_id)
        await backed_up(store, auth)
    new = await restored(store, auth)
    journal = Journal(new)
    once = journal.events()
    command = commands_of("SQLite: restore")[-1]
    operator = operator_of(new, auth)
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", command),
        env=operator.variables,
        cwd=operator.folder,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    twice = journal.events()

    journal.check()
    assert [one.key for one in twice] == [one.key for one in once]
    assert twice[0].seq > once[-1].seq
