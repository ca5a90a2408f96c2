"""How records are taken from documents that somebody else wrote. Pure.

What has another form is left out, counted and told with its place; nothing a document holds is an
error. Each part of a document knows where it stands, as evidence references name it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite
from typing import Any, Final, Generic, TypeVar

import msgspec

from netra_ops.logs.entries import times
from netra_ops.logs.entries.objects import valid_text

LONGEST_TEXT: Final = 8_192
"""Characters of one text that are kept."""
MOST_RECORDS: Final = 200_000
"""Records of one file that are kept."""
MOST_TOLD: Final = 100
"""Problems of one file that are told one by one."""
_LISTS: Final = ("items", "revisions", "services", "commits", "probes", "records")
"""Under which name a document may hold its list, as `kind: List` does."""
_RECORDS: Final = frozenset({"metadata", "name", "time", "sha"})
"""What holds one of these is a record, and not only the list of them."""
_MOST_BITS: Final = 1_024

T = TypeVar("T")


class Problem(msgspec.Struct, frozen=True):
    """Something in a bundle that is not as it should be; never a value of it.

    Attributes:
        file: In which file.
        where: Where in it, as an evidence reference; the file's name where it is all of it.
        what: What it is, as a sentence without its end.
    """

    file: str
    where: str
    what: str


class NotTaken(Exception):
    """A part is no record of its kind; the text says why, and nothing of what it holds."""


class Part:
    """A part of a document.

    Attributes:
        value: What is written there; None also where nothing is.
        where: Its evidence reference.
    """

    __slots__ = ("value", "where")

    def __init__(self, value: Any, where: str) -> None:
        self.value = value
        self.where = where

    def at(self, *names: str) -> "Part":
        """Follow names downwards; a part without a value where one of them is not there."""
        value, where = self.value, self.where
        for name in names:
            value = value.get(name) if isinstance(value, Mapping) else None
            where = _beneath(where, name)
        return Part(value, where)

    def first(self, *names: str) -> "Part":
        """Give the first of several members that is there: writers name one thing differently."""
        for name in names:
            if isinstance(self.value, Mapping) and self.value.get(name) is not None:
                return self.at(name)
        return Part(None, self.where)

    def each(self) -> "Iterator[Part]":
        """Give the elements of a list; none of what is no list."""
        if isinstance(self.value, list | tuple):
            for number, value in enumerate(self.value):
                yield Part(value, _beneath(self.where, str(number)))

    def members(self) -> "Iterator[tuple[str, Part]]":
        """Give the members of an object by their names; none of what is no object."""
        if isinstance(self.value, Mapping):
            for name, value in self.value.items():
                if isinstance(name, str):
                    yield name, Part(value, _beneath(self.where, name))

    def text(self, *names: str) -> str | None:
        """Give a text, or a number or truth value as JSON writes it; None for anything else."""
        value = self.at(*names).value if names else self.value
        if isinstance(value, str):
            return valid_text(value[:LONGEST_TEXT])
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value) if value.bit_length() <= _MOST_BITS else None
        return str(value) if isinstance(value, float) and isfinite(value) else None

    def whole(self, *names: str) -> int | None:
        """Give a whole number, also where it is written as a text; None for anything else."""
        value = self.at(*names).value if names else self.value
        if isinstance(value, str) and len(value) < 19 and value.strip().isdecimal():  # noqa: PLR2004 - longer is no number that is used
            return int(value)
        return value if type(value) is int and abs(value) < 1 << 63 else None

    def time(self, *names: str) -> int | None:
        """Give a time in nanoseconds since the epoch; None if there is none that can be read."""
        return times.from_value(self.at(*names).value if names else self.value)

    def texts(self, *names: str) -> tuple[str, ...]:
        """Give the texts of a list; those of its elements that are none are left out."""
        found = (one.text() for one in self.at(*names).each())
        return tuple(one for one in found if one is not None)

    def mapping(self, *names: str) -> dict[str, str]:
        """Give the members of an object that are texts, numbers or truth values."""
        found = ((name, one.text()) for name, one in self.at(*names).members())
        return {valid_text(name[:LONGEST_TEXT]): one for name, one in found if one is not None}

    def besides(self, names: Iterable[str]) -> dict[str, Any]:
        """Give the members that have other names, as they are."""
        known = frozenset(names)
        return {name: one.value for name, one in self.members() if name not in known}

    def written(self) -> str:
        """Give a text as it is and anything else as JSON, cut to a bound; empty for nothing."""
        if self.value is None:
            return ""
        text = self.text()
        if text is not None:
            return text
        try:
            return msgspec.json.encode(self.value).decode()[:LONGEST_TEXT]
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
            return ""


class Taken(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """What could be taken from one file.

    Attributes:
        records: In the order in which they stand there.
        problems: What is not as it should be, the first `MOST_TOLD` one by one.
        left_out: How many parts are no records.
    """

    records: tuple[T, ...] = ()
    problems: tuple[Problem, ...] = ()
    left_out: int = 0


class Remarks:
    """Collects the problems of one file, and tells no more of them than people read."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._told: list[Problem] = []
        self._more = 0

    def add(self, where: str, what: str) -> None:
        """Note a problem."""
        if len(self._told) < MOST_TOLD:
            self._told.append(Problem(self._file, where, what))
        else:
            self._more += 1

    def told(self) -> tuple[Problem, ...]:
        """Give them, and a sum of those that are too many."""
        if not self._more:
            return tuple(self._told)
        return (*self._told, Problem(self._file, self._file, f"has {self._more} more problems"))


Read = Callable[[Part, Remarks], Iterable[T]]
"""Gives the records of one part; raises `NotTaken` where it is none."""


def taken(file: str, parts: Iterable[Part], read: "Read[T]") -> "Taken[T]":
    """Read each part, and leave out what is no record.

    Args:
        file: The file's name.
        parts: Its parts.
        read: Reads one.
    """
    remarks = Remarks(file)
    found: list[T] = []
    left_out = 0
    for part in parts:
        if len(found) >= MOST_RECORDS:
            remarks.add(part.where, f"is beyond the first {MOST_RECORDS} records, and was not read")
            break
        try:
            found.extend(read(part, remarks))
        except NotTaken as error:
            left_out += 1
            remarks.add(part.where, str(error))
    return Taken(records=tuple(found[:MOST_RECORDS]), problems=remarks.told(), left_out=left_out)


def parts_of(document: Any, file: str) -> tuple[Part, ...]:
    """Give what may be records of a document: the elements of its list, or it alone.

    Args:
        document: A decoded document; None stands for one that is not there.
        file: The file's name.
    """
    if document is None:
        return ()
    whole = Part(document, file)
    if isinstance(document, list | tuple):
        return tuple(inner for one in whole.each() for inner in _listed(one, only_lists=True))
    return tuple(_listed(whole, only_lists=False))


def must_be_object(part: Part, what: str) -> None:
    """Refuse what has no members.

    Raises:
        NotTaken: It is no object.
    """
    if not isinstance(part.value, Mapping):
        raise NotTaken(f"is no {what}: it is no object")


def _listed(part: Part, *, only_lists: bool) -> Iterator[Part]:
    """Give the elements of a document that only holds a list, and any other as it is."""
    if not isinstance(part.value, Mapping):
        yield part
        return
    says_so = (part.text("kind") or "").endswith("List")
    lists = [one for one in map(part.at, _LISTS) if isinstance(one.value, list)]
    is_record = only_lists or part.value.keys() & _RECORDS
    if len(lists) == 1 and (says_so or not is_record):
        yield from lists[0].each()
    else:
        yield part


def _beneath(where: str, name: str) -> str:
    """Write a JSON pointer (RFC 6901) one step further."""
    step = name.replace("~", "~0").replace("/", "~1")
    return f"{where}/{step}" if "#" in where else f"{where}#/{step}"
