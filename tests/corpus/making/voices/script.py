"""Plays the script of a tale: who does what when, and what is printed.

`@10..200/8 app GET https://a.example/b 200 0.05` asks every eight seconds, and lines after it that
begin with `|` are printed each time; a line after `+` goes on the entry before it. `@95 app` prints
alone, and `@95 app ! text` is the platform's own word. An actor whose revision ends with `*` is the
front, before any instance: what it says belongs to its request.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from corpus.making.freezing import Line, Where, output_entries
from corpus.making.platform_texts.desk import BROWSER, Desk
from corpus.making.voices.words import Words, seconds

_HEAD: Final = re.compile(
    r"@(?P<begin>-?[\d.]+[smhd]?)(?:\.\.(?P<end>-?[\d.]+[smhd]?)/(?P<every>[\d.]+))?"
    r" (?P<actor>\w+)(?: (?P<rest>.+))?"
)
_REVISION: Final = re.compile(r"(?P<service>.+)-(?P<number>\d{5}-\w+)(?P<front>\*?)")
_SEVERITY: Final = re.compile(r"(WARNING|ERROR|NOTICE): ")
_PAIRS: Final = re.compile(r"; (?=(?:ua|ip|proto)=)")
_MORE: Final = {"ua": "user_agent", "ip": "remote_ip", "proto": "protocol"}


@dataclass(slots=True)
class Act:
    """One act of a script: its head, and the lines that go with it."""

    head: re.Match[str]
    lines: list[str] = field(default_factory=list)


def parts(revision: str) -> tuple[str, str, bool]:
    """Give the service and the number of a revision, and whether the front stands for it.

    Raises:
        ValueError: It is no full name of a revision.
    """
    if (found := _REVISION.fullmatch(revision)) is None:
        raise ValueError(f"no revision: {revision!r}")
    return found["service"], found["number"], bool(found["front"])


def acts(script: str) -> Iterator[Act]:
    """Read a script.

    Raises:
        ValueError: A line is none of a script's.
    """
    act: Act | None = None
    for line in script.splitlines():
        if line.startswith("@"):
            if act:
                yield act
            if (head := _HEAD.fullmatch(line)) is None:
                raise ValueError(f"no act: {line!r}")
            act = Act(head)
        elif line.startswith("|") and act:
            act.lines.append(line[1:])
        elif line.startswith("+") and act and act.lines:
            act.lines[-1] += "\n" + line[1:]
        elif line.strip():
            raise ValueError(f"no line of a script: {line!r}")
    if act:
        yield act


class Stage:
    """Plays scripts onto a desk."""

    def __init__(
        self, desk: Desk, words: Words, actors: Mapping[str, str], pace: float = 1
    ) -> None:
        self._desk = desk
        self._pace = pace
        self._words = words
        self._front = {name for name, revision in actors.items() if parts(revision)[2]}
        self._where: dict[str, Where] = {}
        for name, revision in actors.items():
            service, number, _ = parts(revision)
            self._where[name] = desk.where(service, number)

    def play(self, script: str) -> None:
        """Play a whole script."""
        for act in acts(script):
            for turn, moment in enumerate(self._moments(act.head)):
                self._turn(act, moment, turn)

    def _moments(self, head: re.Match[str]) -> Iterator[float]:
        moment = seconds(head["begin"])
        end = seconds(head["end"]) if head["end"] else moment
        every = float(head["every"] or 0)
        rhythm = self._words.rhythm(moment, every)
        while moment <= end:
            yield moment
            if not every:
                return
            moment += self._pace * every * (0.75 + 0.5 * rhythm.random())

    def _turn(self, act: Act, moment: float, turn: int) -> None:
        actor, rest = act.head["actor"], act.head["rest"]
        where, time = self._where[actor], self._desk.at(moment)
        said = [self._words.fill(line, time, turn) for line in act.lines]
        if rest and rest.startswith("! "):
            text = self._words.fill(rest[2:], time, turn)
            found = _SEVERITY.match(text)
            severity = found[1] if found else "INFO"
            self._desk.told(where, moment, text[found.end() :] if found else text, severity)
        elif rest:
            self._ask(actor, self._words.fill(rest, time, turn), moment, said)
        if actor not in self._front:
            self._print(where, time, said)

    def _ask(self, actor: str, request: str, moment: float, said: list[str]) -> None:
        method, url, status, latency, *rest = request.split(" ", 4)
        more = dict(pair.split("=", 1) for pair in _PAIRS.split(rest[0])) if rest else {}
        settings = {_MORE[key]: value for key, value in more.items()}
        settings.setdefault("user_agent", BROWSER)
        settings.setdefault("remote_ip", f"198.51.100.{self._words.chance.randrange(2, 250)}")
        outside = actor in self._front
        text = said[0] if outside and said else None
        self._desk.hit(
            self._where[actor],
            moment,
            url,
            int(status),
            float(latency),
            text,
            method=method,
            outside=outside,
            **settings,
        )

    def _print(self, where: Where, time: datetime, said: list[str]) -> None:
        later = [
            Line(time + timedelta(milliseconds=30, microseconds=n * 190), text)
            for n, text in enumerate(said)
        ]
        self._desk.entries += output_entries(later, where)
