"""The tools agents are offered: named, bounded, permitted by the table, strict about arguments."""

from typing import Any, Final

import msgspec
import pytest

from fakes.clock import ManualClock
from fakes.own_records import FakeRecords
from netra.agent_api import Tool, ToolContext, ToolFailed
from netra.errors import ContentInvalid
from netra.policy import CredentialMethod, Permission, permissions_of
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import MAX_EVENT_BYTES
from netra_backend.app.agents.tools.own_tools import OWN_TOOLS
from netra_backend.app.agents.tools.search_messages import excerpt

ANNA: Final = UserPrincipal(
    "usr_anna", "ses_anna", "netra-chat", frozenset(), frozenset(), "tok_anna", 2e9
)
TOOLS: Final = {tool.name: tool for tool in OWN_TOOLS}


async def used(name: str, records: FakeRecords | None = None, **arguments: Any) -> Any:
    """Use a tool as a run does: the arguments are checked strictly."""
    tool = TOOLS[name]
    context = _context(records or FakeRecords())
    return await tool.call(msgspec.convert(arguments, tool.parameters, strict=True), context)


def _context(records: FakeRecords, changes: FakeRecords | None = None) -> ToolContext:
    permissions = frozenset(permissions_of(ANNA, CredentialMethod.BEARER))
    here = "thr_00000000000000000000000001"
    return ToolContext(ANNA, permissions, here, records, ManualClock(), changes)


@pytest.mark.parametrize("tool", OWN_TOOLS, ids=TOOLS)
def test_a_tool_is_described_bounded_and_permitted_to_people(tool: Tool) -> None:
    """Each has a sentence of its own, fits an event, and needs what both kinds of token grant."""
    assert tool.name.replace("_", "").isalpha()
    assert tool.description.endswith(".")
    assert tool.max_result_bytes <= MAX_EVENT_BYTES
    assert tool.timeout_seconds <= 10
    assert tool.permission in (
        Permission.AGENTS_RUN,
        Permission.THREADS_READ,
        Permission.THREADS_WRITE,
    )
    for method in (CredentialMethod.BEARER, CredentialMethod.SUBPROTOCOL):
        assert tool.permission in permissions_of(ANNA, method)


@pytest.mark.parametrize("tool", OWN_TOOLS, ids=TOOLS)
def test_what_changes_anything_needs_approval(tool: Tool) -> None:
    """No tool writes without the person's yes, and none that only reads asks for one."""
    assert tool.needs_approval is (tool.permission is Permission.THREADS_WRITE)


@pytest.mark.parametrize("title", ["Trip", "Another title"])
async def test_a_thread_is_deleted_only_under_the_title_that_was_shown(title: str) -> None:
    """What the person approves is told by the title: with another nothing is deleted."""
    records = FakeRecords()
    thread_id = await records.begin("Trip")
    context = _context(records, changes=records)
    tool = TOOLS["delete_thread"]
    arguments = msgspec.convert({"title": title, "thread_id": thread_id}, tool.parameters)

    if title == "Trip":
        assert await tool.call(arguments, context) == {"title": "Trip", "was_there": True}
        assert await tool.call(arguments, context) == {"title": "Trip", "was_there": False}
    else:
        with pytest.raises(ToolFailed):
            await tool.call(arguments, context)
        assert len(await records.threads(5)) == 1


async def test_nothing_is_deleted_where_nothing_was_approved() -> None:
    """Used past the run, the tool has nothing to delete with."""
    records = FakeRecords()
    thread_id = await records.begin("Trip")

    with pytest.raises(ToolFailed):
        await used("delete_thread", records, title="Trip", thread_id=thread_id)


def test_names_are_there_once() -> None:
    """A tool is found by its name alone."""
    assert len(TOOLS) == len(OWN_TOOLS)


@pytest.mark.parametrize("tool", OWN_TOOLS, ids=TOOLS)
def test_arguments_that_are_not_declared_are_refused(tool: Tool) -> None:
    """No tool takes an argument it does not know, such as whose records to read."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"owner_id": "usr_berta"}, tool.parameters, strict=True)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("calculate", {"expression": "x" * 501}),
        ("calculate", {"expression": 5}),
        ("calendar_day", {"day": ""}),
        ("days_between", {"start": "today"}),
        ("current_time", {"place": "x" * 65}),
        ("search_messages", {"words": ""}),
        ("search_messages", {"words": "x", "limit": 10_000}),
        ("summarise_thread", {"sentences": 0}),
        ("list_threads", {"limit": "5"}),
    ],
)
async def test_arguments_out_of_bounds_are_refused(name: str, arguments: dict[str, Any]) -> None:
    """Too long, too many or of another type never reaches a tool."""
    with pytest.raises(msgspec.ValidationError):
        await used(name, **arguments)


@pytest.mark.parametrize("words", ['""', '"', "a b c d e f g h i j k l m"])
async def test_a_search_that_cannot_be_made_says_why(words: str) -> None:
    """What the records refuse is a failure of the tool in words, not of the run."""
    with pytest.raises(ToolFailed):
        await used("search_messages", Refusing(), words=words)


class Refusing(FakeRecords):
    """Records that refuse every search, as the database's do some."""

    async def search(self, words: str, limit: int) -> Any:
        """Refuse."""
        del words, limit
        raise ContentInvalid("no words", detail="There is nothing to search for.")


async def test_a_search_tells_that_there_is_more() -> None:
    """As many as asked for are shown, and whether there are others."""
    records = FakeRecords()
    thread_id = await records.begin("t")
    for number in range(4):
        await records.say(thread_id, f"word {number}")

    result = await used("search_messages", records, words="word", limit=3)
    everything = await used("search_messages", records, words="word", limit=4)

    assert [entry["excerpt"] for entry in result["found"]] == ["word 3", "word 2", "word 1"]
    assert (result["more"], everything["more"]) == (True, False)


@pytest.mark.parametrize("sign", ["\U00020000", "\x01"])
async def test_the_largest_results_fit_their_bound(sign: str) -> None:
    """With the longest titles and messages people can have, no result is refused for its size."""
    records = FakeRecords()
    for _ in range(51):
        thread_id = await records.begin(sign * 200)
        await records.say(thread_id, f"word {sign * 3000}. " * 3)
        await records.say(thread_id, f"{sign * 290} one two three four five. " * 20, "agent")

    for name, arguments in (
        ("list_threads", {"limit": 40}),
        ("search_messages", {"words": "word", "limit": 15}),
        ("summarise_thread", {"thread": "last", "sentences": 12}),
    ):
        result = await used(name, records, **arguments)
        assert len(msgspec.json.encode(result)) <= TOOLS[name].max_result_bytes, name


@pytest.mark.parametrize("wanted", ["last", "thr_00000000000000000000000099", "a title"])
async def test_a_thread_that_is_not_there_cannot_be_summarised(wanted: str) -> None:
    """Without another thread, with an unknown id or title, the tool says so."""
    with pytest.raises(ToolFailed):
        await used("summarise_thread", thread=wanted)


async def test_a_thread_that_was_deleted_meanwhile_is_said_so() -> None:
    """The thread asked in may be gone when its summary is made."""
    with pytest.raises(ToolFailed, match="no such thread"):
        await used("summarise_thread")


def test_an_excerpt_holds_the_word_and_is_bounded() -> None:
    """Wherever the word stands in a long text, the excerpt shows it."""
    for place in (0, 10, 500, 990):
        words = ["filler"] * 1000
        words[place] = "Zebra"
        shown = excerpt(" ".join(words), "zebra")
        assert "Zebra" in shown
        assert len(shown) < 300
    assert excerpt("one\n two", "two") == "one two"
    assert len(excerpt("x" * 5000, "y")) < 300
