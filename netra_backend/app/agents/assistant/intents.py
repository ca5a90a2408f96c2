"""The kinds of things a person can want of the built-in assistant: shapes only.

How a text is told to be one of them is written in `understanding`.
"""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Help:
    """What can you do."""


@dataclass(frozen=True, slots=True)
class About:
    """What are you."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """Good morning."""


@dataclass(frozen=True, slots=True)
class Thanks:
    """Thank you."""


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """Who am I, and what may I do."""


@dataclass(frozen=True, slots=True)
class ListThreads:
    """What are my threads."""


@dataclass(frozen=True, slots=True)
class Search:
    """Find messages with these words; without words, ask for them."""

    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Summarise:
    """Summarise a thread: `this`, `last`, or one by its title."""

    thread: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DeleteThread:
    """Delete a thread: `this`, `last`, or one by its title."""

    thread: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SummariseText:
    """Summarise what stands in the message itself."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TimeNow:
    """What time is it, here (None) or at a place."""

    place: str | None


@dataclass(frozen=True, slots=True)
class WhichDay:
    """Which day is that."""

    day: str


@dataclass(frozen=True, slots=True)
class CountDays:
    """How many days are there from one day to another."""

    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Calculate:
    """How much is it."""

    expression: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """None of these."""


Intent: TypeAlias = (
    Help
    | About
    | Greeting
    | Thanks
    | WhoAmI
    | ListThreads
    | Search
    | Summarise
    | DeleteThread
    | SummariseText
    | TimeNow
    | WhichDay
    | CountDays
    | Calculate
    | Unknown
)
