"""What the built-in assistant says, in Markdown. Pure: made of the results of tools."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from netra_backend.app.agents.assistant.markdown_text import literal, moment, titled
from netra_backend.app.agents.reckoning.summary import Summary

WHAT_I_AM: Final = (
    "I am the built-in assistant. I am not a language model: I know a fixed set of questions, and "
    "I answer them with tools that look only at your own threads and messages. I change nothing "
    "before you have approved of it."
)
NOT_UNDERSTOOD: Final = (
    "I did not understand that. I am the built-in assistant and no language model, so I only know "
    "a fixed set of questions."
)
_KEPT: Final = "What you wrote stays in this thread, and a search will find it again."

_EXAMPLES: Final[Mapping[str, str]] = {
    "search_messages": (
        "**Search your messages**: `search for hotel Lisbon`, `what did I say about invoices?`, "
        '`find "exact words"`'
    ),
    "summarise_thread": (
        "**Summarise a thread** by its own sentences: `summarise this thread`, "
        "`summarise the last thread`, `summarise Trip to Lisbon`"
    ),
    "list_threads": "**List your threads**: `list my threads`",
    "delete_thread": (
        "**Delete a thread**, once you have approved of it: `delete the thread Trip to Lisbon`"
    ),
    "current_time": "**Time**: `what time is it?`, `what time is it in Tokyo?`",
    "calendar_day": (
        "**Dates**: `what day is it today?`, `which weekday is 25 December?`, "
        "`what is the date in 100 days?`"
    ),
    "days_between": (
        "**Count days**: `how many days until Christmas?`, "
        "`how many days between 2027-01-01 and 2027-03-31?`"
    ),
    "calculate": "**Arithmetic**, exactly: `what is 15% of 80?`, `(3 + 4.5) * 2`, `2 ** 64`",
    "who_am_i": "**Who you are here** and what you may do: `who am I?`",
}
_MAY: Final[Mapping[str, str]] = {
    "profile:read": "ask who you are",
    "sessions:open": "open a session of your own",
    "threads:read": "read your threads and messages",
    "threads:write": "write, rename and delete them",
    "account:delete": "erase everything you have here",
    "account:manage": "see and end your login sessions, change your password, get your data",
    "session:end": "end the login session you came with",
    "agents:run": "talk to agents",
    "users:admin": "administer people's accounts",
    "services:admin": "register services and rotate their secrets",
    "keys:admin": "rotate the keys that sign tokens",
    "sessions:admin": "see and end people's login sessions",
    "audit:read": "read the audit record",
}
_PEOPLE: Final[Mapping[str, str]] = {"user": "you", "agent": "the agent"}

NOT_FROM_WITHIN: Final = (
    "The thread we are in cannot be deleted from within. Use the bin above the conversation."
)

OPENINGS: Final = re.compile(
    r"I found (?:no|one|[0-9]+|the latest [0-9]+) messages? with |You are signed in as |"
    r"I am the built-in assistant\b|I did not understand that\. I am the built-in assistant\b|"
    r"Hello! I am the built-in assistant\b|You are welcome|Here is what I can do|"
    r"I could not do that: |What should I search for\?|Your (?:latest )?threads?\b|"
    r"You have no threads|Here is (?:this thread|your text|\*\*.*\*\*) in its own words|"
    r"Deleted: |You did not approve of it|Which thread do you mean\?|"
    r"There is nothing to summarise|It is \*\*[0-9]{2}:[0-9]{2}\*\* |"
    r"\*\*[A-Z][a-z]+day, [0-9]{1,2} [A-Z][a-z]+ [0-9]{4}\*\*|"
    r"\*\*[0-9,]+ days?\*\* from |\*\*[^*\n]+ [=\N{ALMOST EQUAL TO}] "
)
"""How every answer given here begins; a search and a summary leave such answers out."""


def help_text(tool_names: Sequence[str]) -> str:
    """Say what can be asked, with examples for the tools the asker is permitted."""
    return f"Here is what I can do:\n\n{_examples(tool_names)}\n\n{WHAT_I_AM}"


def about(tool_names: Sequence[str]) -> str:
    """Say what the assistant is, and what it is not."""
    return f"{WHAT_I_AM}\n\nWhat you can ask me:\n\n{_examples(tool_names)}"


def greeting() -> str:
    """Greet, and say how to go on."""
    return f"Hello! {WHAT_I_AM} Say `help` to see what you can ask."


def welcome() -> str:
    """Answer thanks."""
    return "You are welcome. Say `help` to see what else you can ask."


def not_understood(tool_names: Sequence[str]) -> str:
    """Say plainly that it was not understood, and what would be."""
    return f"{NOT_UNDERSTOOD}\n\nYou can ask me:\n\n{_examples(tool_names)}\n\n{_KEPT}"


def no_words() -> str:
    """Ask for the words of a search."""
    return "What should I search for? Name a few words, such as `search for hotel Lisbon`."


def could_not(why: str) -> str:
    """Say that a tool gave nothing, and why."""
    return f"I could not do that: {literal(why)}"


def who(result: Mapping[str, Any]) -> str:
    """Say who the asker is."""
    through = f", through `{result['client']}`" if result["client"] else ""
    roles = f" Your role here is **{literal(', '.join(result['roles']))}**." * bool(result["roles"])
    may = "\n".join(f"- {_MAY.get(name, name)} (`{name}`)" for name in result["permissions"])
    until = moment(result["credential_expires_at"])
    return (
        f"You are signed in as the {result['kind']} `{result['principal']}`{through}.{roles}\n\n"
        f"With the credential you came with you may:\n\n{may}\n\n"
        f"It holds until {until}. Whatever an agent does for you, it may do no more than you."
    )


def found(words: str) -> Callable[[Mapping[str, Any]], str]:
    """Show the messages that were found."""

    def reply(result: Mapping[str, Any]) -> str:
        entries = result["found"]
        wanted = titled(words)
        if not entries:
            return f"I found no message with {wanted}. Fewer or shorter words find more."
        number = "one" if len(entries) == 1 else str(len(entries))
        number = f"the latest {len(entries)}" if result["more"] else number
        items = "\n\n".join(
            f"- {titled(entry['thread_title'])}, {_PEOPLE.get(entry['author'], 'somebody')}, "
            f"{moment(entry['said_at'])}\n  > {literal(entry['excerpt'])}"
            for entry in entries
        )
        plural = "message" if number == "one" else "messages"
        return f"I found {number} {plural} with {wanted}, the latest first:\n\n{items}"

    return reply


def threads(result: Mapping[str, Any]) -> str:
    """List threads."""
    listed = result["threads"]
    if not listed:
        return "You have no threads yet."
    items = "\n".join(
        f"- {titled(thread['title'])}, {moment(thread['updated_at'])}"
        + (" (this one)" if thread["is_this_one"] else "")
        for thread in listed
    )
    which = "Your latest threads" if result["more"] else "Your threads"
    if len(listed) == 1:
        which = "Your thread"
    return f"{which}, the last one talked in first:\n\n{items}"


def no_such_thread(title: str) -> str:
    """Say why no thread is deleted."""
    return f"None of your other threads has a title with \u201c{title}\u201d in it."


def which_thread(meant: Sequence[Mapping[str, Any]]) -> str:
    """Ask which of several threads is meant."""
    items = "\n".join(
        f"- {titled(thread['title'])}, {moment(thread['updated_at'])}" for thread in meant
    )
    return f"Which thread do you mean? Name its whole title, or use the bin in it:\n\n{items}"


def thread_deleted(result: Mapping[str, Any]) -> str:
    """Say that a thread is gone."""
    name = titled(result["title"])
    if not result["was_there"]:
        return f"Deleted: the thread {name} is gone."
    return f"Deleted: the thread {name} is gone, and everything that was said in it."


def not_approved(title: str) -> str:
    """Say that a thread stays."""
    return f"You did not approve of it, so the thread {titled(title)} stays as it is."


def thread_summary(result: Mapping[str, Any]) -> str:
    """Show the sentences that make the summary of a thread."""
    name = titled(result["title"])
    if not result["quotes"]:
        return (
            f"There is nothing to summarise in {name}: I need at least one whole sentence that is "
            "no question to me."
        )
    quotes = "\n\n".join(
        f"> {_quoted(quote['text'], cut=quote['cut'])}\n>\n"
        f"> {_PEOPLE.get(quote['author'], 'somebody')}, {moment(quote['said_at'])}"
        for quote in result["quotes"]
    )
    part = "" if result["read_all"] and not result["not_read"] else " I read only the latest part."
    return (
        f"Here is {name} in its own words:\n\n{quotes}\n\n"
        f"{_chosen(len(result['quotes']), result['sentences'])}{part}"
    )


def text_summary(summary: Summary) -> str:
    """Show the sentences that make the summary of a text."""
    if not summary.quotes:
        return "There is nothing to summarise in that text: I need at least one whole sentence."
    quotes = "\n\n".join(f"> {_quoted(quote.words, cut=quote.cut)}" for quote in summary.quotes)
    return (
        f"Here is your text in its own words:\n\n{quotes}\n\n"
        f"{_chosen(len(summary.quotes), summary.sentences)}"
    )


def time_now(result: Mapping[str, Any]) -> str:
    """Say what time it is."""
    zone = literal(result["time_zone"])
    offset = "" if zone == "UTC" else f" (UTC{result['utc_offset']})"
    return f"It is **{result['time']}** on {result['in_words']}, {zone}{offset}."


def day(result: Mapping[str, Any]) -> str:
    """Say which day it is."""
    distance = result["days_from_today"]
    away = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(distance)
    if away is None:
        away = f"in {distance:,} days" if distance > 0 else f"{-distance:,} days ago"
    return (
        f"**{result['in_words']}**: {away}. It is day {result['day_of_year']} of the year, in "
        f"calendar week {result['iso_week']}. Days change at midnight UTC here."
    )


def days(result: Mapping[str, Any]) -> str:
    """Say how many days there are."""
    count = abs(result["days"])
    weeks, rest = divmod(count, 7)
    start, end = result["start_in_words"], result["end_in_words"]
    if result["days"] < 0:
        start, end = end, start
    in_weeks = f" That is {_plural(weeks, 'week')} and {_plural(rest, 'day')}." if weeks else ""
    return (
        f"**{_plural(count, 'day')}** from {start} to {end}.{in_weeks} "
        f"Counted from Monday to Friday only, it is {_plural(result['workdays'], 'day')}."
    )


def sum_of(result: Mapping[str, Any]) -> str:
    """Say what an expression comes to."""
    sign = "\N{ALMOST EQUAL TO}" if result["rounded"] else "="
    exactly = f"\n\nExactly it is {result['fraction']}." if result["fraction"] else ""
    return f"**{result['expression']} {sign} {result['result']}**{exactly}"


def _examples(tool_names: Sequence[str]) -> str:
    return "\n".join(f"- {_EXAMPLES[name]}" for name in tool_names if name in _EXAMPLES)


def _quoted(text: str, *, cut: bool) -> str:
    return literal(text) + ("\N{HORIZONTAL ELLIPSIS}" if cut else "")


def _chosen(shown: int, sentences: int) -> str:
    if shown == sentences:
        return "Those are all of its sentences with four words or more, word for word."
    return (
        f"I chose {shown} of {sentences} sentences by how often their words come up, and quote "
        "them word for word; I do not understand them."
    )


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
