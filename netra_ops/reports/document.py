"""A report before it has a form: sections of statements and tables, with their evidence. Pure."""

from typing import Any, Final

import msgspec

NOT_KNOWN: Final = "Not known"
"""How a sentence begins that says what the evidence does not show."""


class Statement(msgspec.Struct, frozen=True):
    """One sentence.

    Attributes:
        text: It; what has no evidence begins with `NOT_KNOWN`.
        evidence: Where it stands.

    Raises:
        ValueError: It claims something without evidence.
    """

    text: str
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.evidence and not self.text.startswith(NOT_KNOWN):
            raise ValueError("A statement names its evidence, or says that it is not known.")


class Row(msgspec.Struct, frozen=True):
    """A row of a table, and where it stands."""

    cells: tuple[str, ...]
    evidence: tuple[str, ...]


class Table(msgspec.Struct, frozen=True):
    """A table; the evidence is a column of its own."""

    head: tuple[str, ...]
    rows: tuple[Row, ...]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part with a title: statements, a table, and things to do, which claim nothing."""

    title: str
    statements: tuple[Statement, ...] = ()
    table: Table | None = None
    to_do: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True):
    """A moment on the timeline: seconds since the epoch, and what happened."""

    time: float
    says: str


class Span(msgspec.Struct, frozen=True):
    """A stretch of the timeline: how many requests there were in it, and how many failed."""

    requests: int
    failed: int


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn: equal spans from one moment to another, and what happened between them."""

    first: float
    last: float
    spans: tuple[Span, ...]
    events: tuple[Event, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole document.

    Attributes:
        kind: `deploy`, `status`, `regression` or `proof`.
        title: Its title.
        head: Names and values at its top, such as the service.
        sections: Its parts.
        picture: What is drawn of it, where the evidence has times.
    """

    kind: str
    title: str
    head: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    picture: Picture | None = None

    def as_document(self) -> dict[str, Any]:
        """Give it as JSON."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return {"version": 1, **document, "head": dict(self.head)}


def unknown(what: str) -> Statement:
    """Say that something is not known, and why."""
    return Statement(f"{NOT_KNOWN}: {what}")
