"""How what was heard is put: counts, places and subjects, and nobody's name. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.telling import seen, several
from netra_ops.diagnosis.observing.saying.heard import Heard

_ADDRESS: Final = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*")
_MOST_NAMED: Final = 4
_LONGEST: Final = 160


def told(fact: Fact, heard: Heard, says: str, *, of: str = "request") -> Observation:
    """Give what was heard as an observation.

    Args:
        fact: Which fact it shows.
        heard: The lines.
        says: What they say, going on after `in 3 requests of billing`.
        of: What is counted.
    """
    first = heard.lines[0]
    subjects = tuple(shown(name) for name in heard.subjects)
    where = f" of {_listed(heard.services)}" if heard.services else ""
    about = f" ({_listed(map(_in_words, subjects))})" if subjects else ""
    began = f", first at {moment(first.time)}" if first.time is not None else ""
    before = f"; before the onset in {heard.before}" if heard.before else ""
    number = heard.requests if of == "request" else len({one.number for one in heard.lines})
    found = seen(
        fact,
        f"In {several(number, of)}{where} {says}{about}{began}{before}.",
        _telling(heard),
        time=first.time,
        service=heard.services[0] if len(heard.services) == 1 else None,
    )
    # A subject comes from a place in a phrase where no secret stands; a redactor could take
    # `credentials.py:verify` for one.
    return msgspec.structs.replace(found, subjects=subjects)


def shown(name: str) -> str:
    """Give a subject as it may be shown: no address, and not endless."""
    return _ADDRESS.sub("[address]", name)[:_LONGEST]


def moment(time: int | None) -> str:
    """Write a moment in UTC, to the second."""
    if time is None:
        return "an unknown time"
    return datetime.fromtimestamp(time // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _in_words(subject: str) -> str:
    """Put `file:function` so that it is read as what it is."""
    file, colon, function = subject.rpartition(":")
    return f"{function} in {file}" if colon and "/" in file else subject


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    if len(found) > _MOST_NAMED:
        found = [*found[:_MOST_NAMED], f"{len(found) - _MOST_NAMED} others"]
    return ", ".join(found)


def _telling(heard: Heard) -> list[int]:
    """Choose lines to refer to: the first of different requests."""
    requests: set[str] = set()
    chosen: list[int] = []
    for one in heard.lines:
        name = one.request or f"#{one.number}"
        if name not in requests:
            requests.add(name)
            chosen.append(one.number)
    return chosen
