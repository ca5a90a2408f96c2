"""What an agent sees of its asker's records: one contract, for the fake and the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from fakes.clock import ManualClock
from fakes.own_records import FakeRecords
from fakes.running_backend import migrated
from fakes.stores import store_url
from netra.agent_api import OwnRecords
from netra.errors import ContentInvalid, DatabaseUnavailable, NotFound
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.secret import Secret
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.session import Database, PrincipalSession
from netra_backend.app.threads.own_records import MAX_READ, ThreadRecords
from netra_backend.app.threads.repository import SEARCHED_CHARACTERS
from netra_backend.app.threads.service import ThreadService

BEARER: Final = CredentialMethod.BEARER


def user(name: str) -> UserPrincipal:
    """Make a user's principal."""
    return UserPrincipal(
        f"usr_{name}", f"ses_{name}", "netra-cli", frozenset(), frozenset(), f"tok_{name}", 2e9
    )


@dataclass
class Kept:
    """Records that keep the contract, and how something gets into them."""

    records: OwnRecords
    begin: Callable[[str], Awaitable[str]]
    say: Callable[[str, str, str], Awaitable[str]]


class Stored:
    """One user's records in a database."""

    def __init__(self, database: Database, principal: UserPrincipal, clock: ManualClock) -> None:
        self._database = database
        self._principal = principal
        self._clock = clock
        self.records = ThreadRecords(self._reading, clock)

    def _reading(self) -> AbstractAsyncContextManager[PrincipalSession]:
        return self._database.session_for(self._principal, BEARER, writes=False)

    async def begin(self, title: str) -> str:
        """Begin a thread a second later."""
        self._clock.advance(1)
        async with self._database.session_for(self._principal, BEARER) as session:
            return (await ThreadService(session, self._clock).create_thread(title)).id

    async def say(self, thread_id: str, text: str, author: str = "user") -> str:
        """Say something in a thread a second later."""
        self._clock.advance(1)
        async with self._database.session_for(self._principal, BEARER) as session:
            threads = ThreadService(session, self._clock)
            post = threads.post_message if author == "user" else threads.post_reply
            return (await post(thread_id, text)).id


@asynccontextmanager
async def opened(store: Path) -> AsyncIterator[Database]:
    """Open a new store."""
    await migrated(store)
    database = Database(open_engine(Secret(store_url(store)), pool_size=2))
    yield database
    await database.aclose()


@pytest.fixture
async def database(store: Path) -> AsyncIterator[Database]:
    """Open a new store for a test."""
    async with opened(store) as database:
        yield database


@pytest.fixture(params=["fake", "stored"])
async def kept(request: pytest.FixtureRequest, store: Path) -> AsyncIterator[Kept]:
    """Give both kinds of records in turn."""
    if request.param == "fake":
        fake = FakeRecords()
        yield Kept(fake, fake.begin, fake.say)
        return
    async with opened(store) as database:
        stored = Stored(database, user("anna"), ManualClock())
        yield Kept(stored.records, stored.begin, stored.say)


async def test_a_search_finds_all_words_in_any_thread_the_latest_first(kept: Kept) -> None:
    """Every word must be in the message, in any order and case; author and title come with it."""
    plans = await kept.begin("Plans")
    first = await kept.say(plans, "A quiet hotel near the River", "user")
    other = await kept.begin("Other")
    second = await kept.say(other, "The RIVER is near no hotel", "agent")
    await kept.say(other, "The river only", "user")

    found = await kept.records.search("hotel river", 10)

    assert [saying.message_id for saying in found] == [second, first]
    assert [(s.thread_id, s.thread_title, s.author) for s in found] == [
        (other, "Other", "agent"),
        (plans, "Plans", "user"),
    ]
    assert [saying.text for saying in found][1] == "A quiet hotel near the River"
    assert found[0].said_at > found[1].said_at
    assert found[0].said_at.endswith("Z")
    assert len(await kept.records.search("hotel river zebra", 10)) == 0
    assert len(await kept.records.search("river", 2)) == 2


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("\u00c4rger mit der Bahn", "\u00e4rger"),
        ("\u00e4rger mit der Bahn", "\u00c4RGER"),
        ("\u00c4RGER mit der Bahn", "\u00e4rger"),
        ("une \u00c9COLE", "\u00e9cole"),
        ("\u041c\u043e\u0441\u043a\u0432\u0430", "\u043c\u043e\u0441\u043a\u0432\u0430"),
        ("\u6771\u4eac\u3078\u884c\u304f", "\u6771\u4eac"),
        ("100% sure", "100%"),
        ("snake_case", "snake_case"),
        ("C:\\temp", "C:\\temp"),
        ("a/b", "a/b"),
    ],
)
async def test_letters_and_signs_of_every_kind_are_found(
    kept: Kept, text: str, search: str
) -> None:
    """Case makes no difference beyond ASCII either, and no sign means anything but itself."""
    thread_id = await kept.begin("t")
    message_id = await kept.say(thread_id, text, "user")

    assert [s.message_id for s in await kept.records.search(search, 5)] == [message_id]


@pytest.mark.parametrize("search", ["%", "_", "\\", "/", "a%b", "a_b", "/%", "\\%", "[a-z]"])
async def test_signs_of_patterns_match_only_themselves(kept: Kept, search: str) -> None:
    """What means "anything" to a database finds no text that does not hold it."""
    thread_id = await kept.begin("t")
    await kept.say(thread_id, "a plain text: axb", "user")

    assert len(await kept.records.search(search, 5)) == 0


async def test_the_last_sayings_come_the_oldest_of_them_first(kept: Kept) -> None:
    """Of a thread the end is read, in the order of speaking; another's thread is not found."""
    thread_id = await kept.begin("Plans")
    said = [await kept.say(thread_id, f"number {n}", "user") for n in range(5)]

    assert [s.message_id for s in await kept.records.sayings(thread_id, 3)] == said[2:]
    assert [s.message_id for s in await kept.records.sayings(thread_id, 50)] == said
    with pytest.raises(NotFound):
        await kept.records.sayings("thr_00000000000000000000000000", 3)
    with pytest.raises(NotFound):
        await kept.records.sayings("no id at all", 3)


async def test_threads_come_the_last_one_talked_in_first(kept: Kept) -> None:
    """The order is that of the last thing said, not that of beginning."""
    first = await kept.begin("First")
    second = await kept.begin("Second")
    await kept.say(first, "Here again", "user")

    listed = await kept.records.threads(10)

    assert [(t.thread_id, t.title) for t in listed] == [(first, "First"), (second, "Second")]
    assert listed[0].updated_at > listed[1].updated_at
    assert len(await kept.records.threads(1)) == 1


async def test_an_agent_finds_nothing_of_another_person(database: Database) -> None:
    """Search, threads and sayings hold the asker's own rows and no others (checklist 53)."""
    clock = ManualClock()
    anna, berta = Stored(database, user("anna"), clock), Stored(database, user("berta"), clock)
    theirs = await anna.begin("secret of anna")
    await anna.say(theirs, "the secret of anna")
    await berta.say(await berta.begin("berta"), "no secret")

    assert [s.text for s in await berta.records.search("secret", 10)] == ["no secret"]
    assert await berta.records.search("anna", 10) == ()
    assert await berta.records.search("%", 10) == ()
    assert [thread.title for thread in await berta.records.threads(10)] == ["berta"]
    with pytest.raises(NotFound):
        await berta.records.sayings(theirs, 10)


async def test_quoted_words_stand_together(database: Database) -> None:
    """Words in double quotes are found only side by side."""
    anna = Stored(database, user("anna"), ManualClock())
    thread_id = await anna.begin("t")
    together = await anna.say(thread_id, "a quiet room by the sea")
    await anna.say(thread_id, "a room that is quiet")

    assert [s.message_id for s in await anna.records.search('"quiet room" sea', 5)] == [together]
    assert len(await anna.records.search("quiet room", 5)) == 2


@pytest.mark.parametrize("search", ["", "  ", '""', "x" * 201, "a\x00b", "\ud800", "a b c d e f g"])
async def test_what_cannot_be_searched_for_is_refused(database: Database, search: str) -> None:
    """No words, too many, or a character no text can hold are told apart from finding nothing."""
    anna = Stored(database, user("anna"), ManualClock())

    with pytest.raises(ContentInvalid):
        await anna.records.search(search, 5)


async def test_a_read_is_bounded_and_leaves_no_session_open(database: Database) -> None:
    """However much is asked for, so much is read at most; each read has a session of its own."""
    anna = Stored(database, user("anna"), ManualClock())
    thread_id = await anna.begin("t")
    async with database.session_for(user("anna"), BEARER) as session:
        threads = ThreadService(session, ManualClock())
        for number in range(MAX_READ + 5):
            await threads.post_message(thread_id, f"word {number}")

    for _ in range(3):
        assert len(await anna.records.sayings(thread_id, 10**9)) == MAX_READ
        assert len(await anna.records.search("word", 10**9)) == MAX_READ
        assert len(await anna.records.search("word", -1)) == 0


async def test_a_search_reads_the_latest_characters_alone(database: Database) -> None:
    """What was said before the last so many characters is not searched."""
    anna = Stored(database, user("anna"), ManualClock())
    thread_id = await anna.begin("t")
    text = "word " * 6_000
    within = SEARCHED_CHARACTERS // len(text)
    async with database.session_for(user("anna"), BEARER) as session:
        threads = ThreadService(session, ManualClock())
        await threads.post_message(thread_id, "an old word")
        for _ in range(within + 1):
            await threads.post_message(thread_id, text)

    assert len(await anna.records.search("word", MAX_READ)) == within
    assert await anna.records.search("old", MAX_READ) == ()


@pytest.mark.sqlite_only
async def test_a_database_that_is_gone_is_said_so(database: Database, store: Path) -> None:
    """Without its file the database is unavailable, which is not the same as nothing found."""
    anna = Stored(database, user("anna"), ManualClock())
    await asyncio.to_thread(store.unlink)

    with pytest.raises(DatabaseUnavailable):
        await anna.records.search("word", 5)
