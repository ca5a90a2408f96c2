"""What a person wants is told by many ways of saying it, and never guessed."""

import pytest

from netra_backend.app.agents.assistant.intents import (
    About,
    Calculate,
    CountDays,
    DeleteThread,
    Greeting,
    Help,
    Intent,
    ListThreads,
    Search,
    Summarise,
    SummariseText,
    Thanks,
    TimeNow,
    Unknown,
    WhichDay,
    WhoAmI,
)
from netra_backend.app.agents.assistant.understanding import MAX_QUESTION, understood

SAID: dict[Intent, tuple[str, ...]] = {
    WhoAmI(): (
        *("who am I", "Who am I?", "  WHO AM I ?! ", "whoami", "please tell me who I am"),
        *("who am i and what may i do", "What am I allowed to do?", "what are my permissions"),
        *("what can I do here?", "my account", "what's my user id?"),
    ),
    Help(): (
        *("help", "Help!", "help me", "Can you help me?", "?", "what can you do", "commands"),
        *("What can you do for me?", "what can I ask you?", "how does this work?"),
    ),
    About(): (
        *("who are you?", "what are you", "are you an AI?", "Are you ChatGPT?", "are you human"),
        *("tell me about yourself", "who am I talking to?", "which language model are you?"),
    ),
    Greeting(): ("hi", "Hello!", "hey there", "Good morning", "hello, how are you?"),
    Thanks(): ("thanks", "Thank you very much!", "thx", "ok thanks", "great, thank you"),
    ListThreads(): (
        *("list my threads", "show me my chats", "threads", "my latest conversations"),
        *("how many threads do I have?", "what did we talk about?", "which threads do I have"),
    ),
    Search("hotel"): (
        *("search for hotel", "Search hotel", "search my messages for hotel", "look for hotel"),
        *("find messages about the hotel", "what did I say about the hotel?", "find hotel"),
        *("did I mention a hotel?", "When did we last talk about hotel?", "look up hotel please"),
        *("messages about hotel", "can you find hotel in my messages?", "search for a hotel."),
    ),
    Search('"quiet room"'): ('find "quiet room"', "search for \u201cquiet room\u201d"),
    Search("holiday Spain"): ("find messages about my holiday in Spain",),
    Search(""): ("search", "search my messages", "find"),
    Summarise("this"): (
        *("summarise this", "Summarize this thread please", "summary", "tl;dr", "TLDR"),
        *("can you summarise our conversation?", "give me a short summary", "sum up", "recap"),
        *("summarise what we said so far", "summarise it", "summary of this chat"),
    ),
    Summarise("last"): (
        *("summarise the last thread", "give me a summary of the previous conversation"),
        *("summarise my latest chat", "summarise the other one"),
    ),
    Summarise("Trip to Lisbon"): (
        *("summarise Trip to Lisbon", 'summarise "Trip to Lisbon"'),
        *("summarise the thread about Trip to Lisbon", "summarise my Trip to Lisbon thread"),
    ),
    DeleteThread("Trip to Lisbon"): (
        *("delete the thread Trip to Lisbon", 'please delete "Trip to Lisbon"'),
        *("Delete my thread called Trip to Lisbon.", "can you remove the chat Trip to Lisbon?"),
        *("erase the Trip to Lisbon conversation", "get rid of my old thread about Trip to Lisbon"),
    ),
    DeleteThread("last"): ("delete the last thread", "remove my previous conversation please"),
    DeleteThread("this"): (
        "delete this thread",
        "delete it",
        "delete the current chat",
        "bin this",
    ),
    TimeNow(None): ("what time is it?", "time", "what's the time", "current time", "time now"),
    TimeNow("New York"): ("what time is it in New York?", "time in New York", "time in New York?"),
    WhichDay("today"): (
        *("what day is it?", "what day is it today", "date", "what's the date?", "today"),
        *("what is today's date?", "which day is today"),
    ),
    WhichDay("Christmas"): (
        *("when is Christmas?", "what day is Christmas", "which weekday is Christmas"),
        *("on which day does Christmas fall?", "Christmas"),
    ),
    WhichDay("20 July 1969"): ("what day of the week was 20 July 1969?", "20 July 1969"),
    WhichDay("in 100 days"): (
        *("in 100 days", "what day will it be in 100 days", "what's the date in 100 days?"),
    ),
    WhichDay("2024-12-25"): ("2024-12-25", "what day is 2024-12-25"),
    CountDays("today", "Christmas"): (
        *("how many days until Christmas?", "how long until Christmas", "days till Christmas"),
        *("How many weeks are left until Christmas?",),
    ),
    CountDays("2024-01-01", "today"): (
        *("how many days since 2024-01-01", "how long has it been since 2024-01-01?"),
    ),
    CountDays("1 May", "5 June"): (
        *("how many days between 1 May and 5 June?", "days from 1 May to 5 June"),
        *("how many days are there from 1 May until 5 June", "working days from 1 May to 5 June"),
    ),
    Calculate("2+2"): ("2+2", "2+2=", "what is 2+2?", "calculate 2+2", "what's 2+2 please"),
    Calculate("15% of 80"): ("15% of 80", "how much is 15% of 80?", "What's 15% of 80"),
    Calculate("the square root of 16"): ("find the square root of 16", "the square root of 16"),
    Calculate("(1 + 2"): ("calculate (1 + 2",),
    Unknown(): (
        *("I like turtles", "What is the capital of France?", "tell me a joke", "please", "42"),
        *("Remember that the invoice number is 42", "look at this", "when is dinner?", "", " "),
        *("x" * (MAX_QUESTION + 1), "write a poem about the sea", "how long is the Nile?"),
    ),
}


@pytest.mark.parametrize(
    ("text", "intent"), [(text, intent) for intent, texts in SAID.items() for text in texts]
)
def test_an_intent_is_told_by_how_it_is_said(text: str, intent: Intent) -> None:
    """Politeness, case and punctuation make no difference, and what is not known is Unknown."""
    assert understood(text) == intent


def test_a_text_to_summarise_comes_in_the_message() -> None:
    """After a colon or a line end a long text is summarised itself, whatever its length."""
    text = "The river is long and calm. Many people walk along the river every day. " * 20

    for asked in ("Summarise:", "summarize this text:", "TL;DR\n", "please summarise this:\n\n"):
        assert understood(f"{asked} {text}") == SummariseText(text.strip())


def test_a_short_text_after_a_colon_is_a_title() -> None:
    """A few words after a colon name a thread."""
    assert understood("summarise: Trip to Lisbon") == Summarise("Trip to Lisbon")


def test_a_search_keeps_the_words_that_tell_something() -> None:
    """Filling words are left out unless there are no others."""
    assert understood("what did I say about the price of the flight?") == Search("price flight")
    assert understood("search for what") == Search("what")
    assert understood("search for \N{LATIN CAPITAL LETTER A WITH DIAERESIS}rger") == Search(
        "\N{LATIN CAPITAL LETTER A WITH DIAERESIS}rger"
    )


def test_no_intent_shows_what_was_said() -> None:
    """What a person said is in no representation of an intent, so in no log line by accident."""
    for text in ("search for penguins", "summarise the thread about penguins"):
        assert "penguins" not in repr(understood(text))
