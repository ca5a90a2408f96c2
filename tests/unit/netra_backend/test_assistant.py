"""The built-in assistant: one tool for a question it knows, the truth about itself otherwise."""

from typing import Final
from zoneinfo import available_timezones

import pytest

from fakes.agent_run import FakeRun
from fakes.clock import ManualClock
from fakes.own_records import FakeRecords
from fakes.requirements import require
from netra.agent_api import Asker, Question
from netra.policy import CredentialMethod, Permission, permissions_of
from netra.principal import Role, UserPrincipal
from netra.wire.chat_protocol import EventName
from netra_backend.app.agents.assistant.package import PACKAGE
from netra_backend.app.agents.assistant.replies import NOT_UNDERSTOOD, OPENINGS
from netra_backend.app.agents.catalogue import installed_agents

ANNA: Final = UserPrincipal(
    "usr_anna", "ses_anna", "netra-chat", frozenset(), frozenset({Role.OPERATOR}), "tok_anna", 2e9
)
ASKER: Final = Asker(ANNA, frozenset(permissions_of(ANNA, CredentialMethod.SUBPROTOCOL)))
ONE_TOOL: Final = [
    EventName.AGENT_THINKING,
    EventName.TOOL_EXECUTING,
    EventName.TOOL_COMPLETED,
    EventName.TEXT_DELTA,
]


@pytest.fixture
def records() -> FakeRecords:
    """Give a person nothing yet."""
    return FakeRecords()


async def asked(records: FakeRecords, text: str, asker: Asker = ASKER) -> tuple[FakeRun, str]:
    """Ask in a new thread, as a person does, and give the run with the answer."""
    thread_id = await records.begin(text[:60])
    return await asked_in(records, thread_id, text, asker)


async def asked_in(
    records: FakeRecords,
    thread_id: str,
    text: str,
    asker: Asker = ASKER,
    *,
    approves: bool = True,
) -> tuple[FakeRun, str]:
    """Ask in a thread and keep the answer there."""
    question = Question(text, thread_id, await records.say(thread_id, text))
    agent = PACKAGE.make("assistant", asker)
    run = FakeRun(agent, question, records, ManualClock(), changes=records, approves=approves)
    answer = await run.answered()
    assert run.shown == answer
    await records.say(thread_id, answer, "agent")
    return run, answer


async def trip(records: FakeRecords) -> str:
    """Give the person a thread with something in it."""
    thread_id = await records.begin("Trip to *Lisbon*")
    await records.say(thread_id, "We plan the trip to Lisbon in May. The flight costs 240 euros.")
    await records.say(thread_id, "A hotel near the river costs 110 euros a night.", "agent")
    await records.say(thread_id, "The hotel must have a quiet room for the children.")
    return thread_id


def tools_used(run: FakeRun) -> list[str]:
    """Name the tools that were used."""
    return [said["tool_name"] for name, said in run.said if name is EventName.TOOL_EXECUTING]


def test_the_package_is_the_installed_one() -> None:
    """The entry point offers this very package, which makes a new agent for every asker."""
    assert installed_agents().package("assistant") is PACKAGE
    assert PACKAGE.make("assistant", ASKER) is not PACKAGE.make("assistant", ASKER)
    assert PACKAGE.make("assistant", ASKER).asker == ASKER
    assert "not a language model" in PACKAGE.description


async def test_who_am_i_uses_exactly_one_tool(records: FakeRecords) -> None:
    """The question by which the whole path is proven is answered by one tool, in one order."""
    run, answer = await asked(records, "who am I")

    assert run.names == ONE_TOOL
    assert tools_used(run) == ["who_am_i"]
    assert answer.startswith("You are signed in as the user `usr_anna`, through `netra-chat`")
    assert "**operator**" in answer
    assert "2033-05-18 03:33 UTC" in answer
    for permission in ASKER.permissions:
        assert f"`{permission}`" in answer
    assert "`users:admin`" not in answer


@pytest.mark.parametrize(
    ("text", "tool", "part"),
    [
        ("what is 15% of 80?", "calculate", "**15% \N{MULTIPLICATION SIGN} 80 = 12**"),
        ("1/3", "calculate", "\N{ALMOST EQUAL TO} 0.333333333333**\n\nExactly it is 1/3."),
        ("sqrt 2", "calculate", "\N{ALMOST EQUAL TO} 1.41421356237**"),
        ("what time is it?", "current_time", "**08:00** on Friday, 15 January 2027, UTC"),
        ("what day is it?", "calendar_day", "**Friday, 15 January 2027**: today."),
        ("when is Christmas?", "calendar_day", "**Saturday, 25 December 2027**: in 344 days."),
        ("yesterday", "calendar_day", "**Thursday, 14 January 2027**: yesterday."),
        ("3 days ago", "calendar_day", "**Tuesday, 12 January 2027**: 3 days ago."),
        ("how many days until Christmas?", "days_between", "**344 days** from Friday"),
        ("days since 2027-01-14", "days_between", "**1 day** from Thursday, 14 January 2027"),
        ("days between 2027-03-01 and 2027-02-01", "days_between", "**28 days** from Monday, 1 F"),
        ("list my threads", "list_threads", "Your thread"),
    ],
)
async def test_a_question_it_knows_is_answered_by_its_tool(
    records: FakeRecords, text: str, tool: str, part: str
) -> None:
    """It thinks once, uses one tool, and says what came of it."""
    run, answer = await asked(records, text)

    assert run.names == ONE_TOOL
    assert tools_used(run) == [tool]
    assert part in answer


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ("Tokyo", "**17:00** on Friday, 15 January 2027, Asia/Tokyo (UTC+09:00)."),
        ("new york", r"**03:00** on Friday, 15 January 2027, America/New\_York (UTC-05:00)."),
        ("Europe/Berlin", "**09:00** on Friday, 15 January 2027, Europe/Berlin (UTC+01:00)."),
        ("UTC", "**08:00** on Friday, 15 January 2027, UTC."),
    ],
)
async def test_the_time_at_another_place_is_known(
    records: FakeRecords, place: str, part: str
) -> None:
    """A large city or the name of a time zone gives the time there, where zones are installed."""
    require("tzdata", bool(available_timezones()), "install the system's package tzdata")
    _, answer = await asked(records, f"what time is it in {place}?")

    assert part in answer


@pytest.mark.parametrize("text", ["I like turtles", "What is the capital of France?", "x" * 5000])
async def test_what_it_does_not_understand_it_says(records: FakeRecords, text: str) -> None:
    """It says that it did not understand, what it is, and what can be asked; it uses no tool."""
    run, answer = await asked(records, text)

    assert run.names == [EventName.TEXT_DELTA]
    assert answer.startswith("I did not understand that.")
    assert "no language model" in answer
    assert "`who am I?`" in answer


@pytest.mark.parametrize("text", ["help", "who are you?", "hi", "are you ChatGPT?"])
async def test_it_says_what_it_is(records: FakeRecords, text: str) -> None:
    """Asked what it is or what it can do, it says that it is no language model."""
    _, answer = await asked(records, text)

    assert "I am not a language model" in answer


async def test_help_names_only_what_the_asker_may_use(records: FakeRecords) -> None:
    """A tool the asker is not permitted is not offered, and refused if asked for."""
    asker = Asker(ANNA, frozenset({Permission.AGENTS_RUN}))
    _, helped = await asked(records, "help", asker)
    run, refused = await asked(records, "search for hotel", asker)

    assert "Arithmetic" in helped
    assert "Search your messages" not in helped
    assert refused.startswith("I could not do that: ")
    assert run.said[2][1]["ok"] is False


async def test_a_search_shows_what_was_said_and_not_itself(records: FakeRecords) -> None:
    """What people and agents said is found; the search, an earlier one and its answer are not."""
    await trip(records)
    await asked(records, "search for hotel")
    run, answer = await asked(records, "what did I say about the hotel?")

    assert tools_used(run) == ["search_messages"]
    assert answer.startswith("I found 2 messages with **hotel**, the latest first:")
    assert "> The hotel must have a quiet room for the children." in answer
    assert r"**Trip to \*Lisbon\***, the agent, 20" in answer
    assert answer.count("\n- ") == 2


async def test_a_search_that_finds_nothing_says_so(records: FakeRecords) -> None:
    """Nothing found is said plainly, and a search without words asks for them."""
    await trip(records)

    assert (await asked(records, "search for zebra"))[1].startswith(
        "I found no message with **zebra**."
    )
    run, answer = await asked(records, "search")
    assert answer.startswith("What should I search for?")
    assert run.names == [EventName.TEXT_DELTA]


async def test_a_long_message_is_shown_around_the_word(records: FakeRecords) -> None:
    """Of a long message the part with the word is quoted, marked as cut on both sides."""
    thread_id = await records.begin("Notes")
    await records.say(thread_id, f"{'filling words ' * 100}the zebra{' and more words' * 100}")
    _, answer = await asked(records, "search for zebra")

    dots = "\N{HORIZONTAL ELLIPSIS}"
    quoted = answer.rpartition("> ")[2]
    assert quoted.startswith(dots)
    assert quoted.endswith(dots)
    assert "the zebra and more" in quoted
    assert len(quoted) < 300


async def test_this_thread_is_summarised_up_to_the_question(records: FakeRecords) -> None:
    """The summary quotes what was said before, and neither the question nor earlier commands."""
    thread_id = await trip(records)
    await asked_in(records, thread_id, "what's 12 times 7")
    await asked_in(records, thread_id, "tell me something about the quiet hotel room")
    run, answer = await asked_in(records, thread_id, "summarise this thread please")

    assert tools_used(run) == ["summarise_thread"]
    assert r"Here is **Trip to \*Lisbon\*** in its own words:" in answer
    assert "> We plan the trip to Lisbon in May." in answer
    assert "> tell me something about the quiet hotel room" in answer
    assert "12" not in answer.replace("2027-01", "")[:60]
    assert "summarise" not in answer
    assert "did not understand" not in answer


async def test_the_last_thread_and_one_by_its_title_are_summarised(records: FakeRecords) -> None:
    """`last` is the thread talked in before this one; a part of a title names a thread."""
    await trip(records)
    for text in ("summarise the last thread", "summarise the thread about lisbon"):
        _, answer = await asked(records, text)
        assert "The hotel must have a quiet room for the children." in answer, text
        await records.say(await trip(records), "Something new was said there just now.")

    _, answer = await asked(records, "summarise Atlantis")
    assert "Atlantis" in answer
    assert answer.startswith("I could not do that: None of your latest threads")


async def test_nothing_to_summarise_is_said(records: FakeRecords) -> None:
    """A new thread has nothing to summarise, and without another there is no last one."""
    _, last = await asked(records, "summarise the last thread")
    _, this = await asked(records, "summarise this")

    assert last == "I could not do that: This is the only thread you have."
    assert this.startswith("There is nothing to summarise in **summarise this**")


async def test_a_pasted_text_is_summarised(records: FakeRecords) -> None:
    """What stands after `summarise:` is summarised without any tool."""
    text = "The river is long. People walk along the river. Dogs like the river very much. " * 3
    run, answer = await asked(records, f"summarise: {text}")

    assert run.names == [EventName.TEXT_DELTA]
    assert "> Dogs like the river very much." in answer
    assert "Those are all of its sentences" in answer


async def test_a_mistake_in_a_question_is_named(records: FakeRecords) -> None:
    """A tool that cannot do it says why, and the answer passes that on."""
    for text, why in (
        ("1/0", "Nothing can be divided by zero"),
        ("what date is 05/06/2025", "can be read in two ways"),
        ("what time is it in Atlantis", "I do not know the time zone of Atlantis"),
        ("how many days until dinner", "I do not know which day that is"),
    ):
        run, answer = await asked(records, text)
        assert answer.startswith("I could not do that: "), text
        assert why in answer
        assert run.said[2][1]["ok"] is False


async def test_a_run_begun_again_says_the_same(records: FakeRecords) -> None:
    """With its completed steps remembered, a run done again uses no tool and says the same."""
    await trip(records)
    for text in ("search for hotel", "who am I", "what time is it?", "summarise the last thread"):
        run, answer = await asked(records, text)
        again = FakeRun(run.agent, run.question, FakeRecords(), ManualClock(1), done=dict(run.done))

        assert await again.answered() == answer
        assert again.said == run.said


async def test_every_answer_is_known_as_its_own(records: FakeRecords) -> None:
    """Each kind of answer begins in a way by which searches and summaries leave it out."""
    await trip(records)
    for text in (
        *("help", "hi", "thanks", "who are you", "who am I", "what?", "search", "search zebra"),
        *("search hotel", "search night", "list my threads", "summarise Lisbon", "2+2", "1/3"),
        *("summarise this", "what time is it", "today", "days until Christmas", "1/0"),
        f"summarise: {'The river is long and wide. ' * 9}",
    ):
        _, answer = await asked(records, text)
        assert OPENINGS.match(answer), answer[:80]
    assert OPENINGS.match(NOT_UNDERSTOOD)
    assert not OPENINGS.match("I found a hotel with a quiet room.")
    assert not OPENINGS.match("**Note** that this is what a model said.")


@pytest.mark.parametrize(
    "said",
    ["delete the thread Trip to *Lisbon*", "delete the lisbon chat", "delete the last thread"],
)
async def test_a_thread_is_deleted_once_it_is_approved(records: FakeRecords, said: str) -> None:
    """It looks which thread is meant and shows its whole title; after a yes the thread is gone."""
    thread_id = await trip(records)
    here = await records.begin(said)

    run, answer = await asked_in(records, here, said)

    assert tools_used(run) == ["list_threads", "delete_thread"]
    [shown] = [payload for name, payload in run.said if name is EventName.APPROVAL_NEEDED]
    assert shown["arguments"] == {"title": "Trip to *Lisbon*", "thread_id": thread_id}
    assert answer.startswith(r"Deleted: the thread **Trip to \*Lisbon\*** is gone")
    assert OPENINGS.match(answer)
    assert [thread.thread_id for thread in await records.threads(5)] == [here]


async def test_a_thread_stays_without_a_yes(records: FakeRecords) -> None:
    """A no is answered in a plain sentence."""
    await trip(records)
    here = await records.begin("delete")

    run, answer = await asked_in(records, here, "delete the Lisbon thread", approves=False)

    assert tools_used(run) == ["list_threads"]
    assert (
        answer == r"You did not approve of it, so the thread **Trip to \*Lisbon\*** stays as it is."
    )
    assert OPENINGS.match(answer)
    assert len(await records.threads(5)) == 2


async def test_nobody_is_asked_when_it_is_not_clear_what_is_meant(records: FakeRecords) -> None:
    """Several threads that may be meant, none, or this very one: it says so."""
    await trip(records)
    await trip(records)
    here = await records.begin("delete")

    for said, part in (
        ("delete the Lisbon thread", "Which thread do you mean?"),
        ("delete the thread Rome", "I could not do that: None of your other threads"),
        ("delete this thread", "I could not do that: The thread we are in"),
    ):
        run, answer = await asked_in(records, here, said)
        assert EventName.APPROVAL_NEEDED not in run.names
        assert answer.startswith(part)
        assert OPENINGS.match(answer)
    assert len(await records.threads(5)) == 3
