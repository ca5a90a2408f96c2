"""Logs that are written by hand after the formats that frameworks and platforms document."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from corpus.making.freezing import (
    Entry,
    Expected,
    Line,
    Request,
    Subject,
    Where,
    freeze,
    output_entries,
    platform_entry,
    request_entry,
)
from corpus.making.stage import BROWSERS, PUBLIC_IPS


@dataclass
class Script:
    """A log in the making, with a clock that goes on as lines are written."""

    project: str
    location: str
    now: datetime
    seed: int = 1
    entries: list[Entry] = field(default_factory=list)
    began: datetime = field(init=False)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Begin."""
        self.began, self.dice = self.now, random.Random(self.seed)

    def where(self, service: str, revision: str) -> Where:
        """Name an instance."""
        return Where(self.project, self.location, service, revision)

    def wait(self, seconds: float) -> None:
        """Let time pass, a little more or less."""
        self.now += timedelta(seconds=seconds * self.dice.uniform(0.7, 1.3))

    def say(
        self,
        where: Where,
        *texts: str,
        stream: Literal["stdout", "stderr"] = "stdout",
        joined: bool = False,
    ) -> None:
        """Have a process print lines; `{t}` is the time as Java writes it, `{g}` as Go does."""
        lines = []
        for text in texts:
            moment = self.now
            iso = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
            lines.append(
                Line(
                    moment,
                    text.replace("{t}", iso).replace("{g}", f"{moment:%Y/%m/%d %H:%M:%S}"),
                    stream,
                )
            )
            self.now += timedelta(microseconds=self.dice.randint(40, 900))
        if joined:
            lines = [Line(lines[0].time, "\n".join(line.text for line in lines), stream)]
        self.entries += output_entries(lines, where, join_tracebacks=joined)

    def platform(self, where: Where, text: str, severity: str = "INFO") -> None:
        """Have the platform say something."""
        self.entries.append(platform_entry(where, self.now, text, severity))

    def ask(
        self,
        where: Where,
        host: str,
        path: str,
        status: int,
        latency: float,
        method: str = "GET",
        agent: str | None = None,
        ip: str | None = None,
    ) -> None:
        """Have a request answered."""
        self.entries.append(
            request_entry(
                where,
                Request(
                    self.now,
                    method,
                    f"https://{host}{path}",
                    status,
                    latency * self.dice.uniform(0.8, 1.4),
                    user_agent=agent or self.dice.choice(BROWSERS),
                    remote_ip=ip or self.dice.choice(PUBLIC_IPS),
                ),
            )
        )

    def freeze(
        self,
        name: str,
        service: str,
        environment: str,
        documents: dict[str, Any],
        expected: Expected,
        logs: str | Sequence[Entry] | None = None,
        window: tuple[datetime, datetime] | None = None,
    ) -> None:
        """Write the bundle."""
        start, end = window or (self.began - timedelta(minutes=2), self.now + timedelta(minutes=2))
        subject = Subject(
            service,
            environment,
            start.replace(second=0, microsecond=0),
            end.replace(second=0, microsecond=0),
            self.project,
        )
        freeze(name, subject, self.entries if logs is None else logs, documents, expected)
