"""A desk at which incidents are written after documented texts, entry by entry."""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from corpus.making.freezing import (
    Entry,
    Expected,
    Line,
    Request,
    Subject,
    Where,
    freeze,
    ordered,
    output_entries,
    platform_entry,
    request_entry,
)
from corpus.making.network.platform import Revision

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0.0.0"
AUTOSCALING = (
    "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling "
    "factors (e.g. CPU utilization, request throughput, etc.) or no existing capacity for current "
    "traffic."
)
ROLLOUT = (
    "Starting new instance. Reason: DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting "
    "between revisions due to deployment, traffic split adjustment, or deployment health check."
)


class Desk:
    """One incident being written; times are seconds after its start."""

    def __init__(self, start: datetime, project: str, location: str, seed: int) -> None:
        self.start = start
        self.project = project
        self.location = location
        self.chance = random.Random(seed)
        self.entries: list[Entry] = []
        self.last = 0.0

    def at(self, seconds: float) -> datetime:
        """Give a time of the incident."""
        self.last = max(self.last, seconds)
        return self.start + timedelta(seconds=seconds + self.chance.random() / 50)

    def where(self, service: str, revision: str, instance: str | None = None) -> Where:
        """Give an instance, or what stands for none where the front answered itself."""
        if instance is None:
            return Where(self.project, self.location, service, f"{service}-{revision}")
        return Where(self.project, self.location, service, f"{service}-{revision}", instance)

    def say(self, where: Where, seconds: float, *lines: str, joined: bool = False) -> None:
        """Add what a process printed; JSON lines become payloads."""
        begun = self.at(seconds)
        said = [Line(begun + timedelta(microseconds=n * 170), line) for n, line in enumerate(lines)]
        self.entries += output_entries(said, where, join_tracebacks=joined)

    def told(self, where: Where, seconds: float, text: str, severity: str = "INFO") -> None:
        """Add a text of the platform."""
        self.entries.append(platform_entry(where, self.at(seconds), text, severity))

    def hit(
        self,
        where: Where,
        seconds: float,
        url: str,
        status: int,
        latency: float,
        text: str | None = None,
        **more: Any,
    ) -> None:
        """Add a request; one that the front answered itself has a text and no instance."""
        method = more.pop("method", "GET")
        outside = more.pop("outside", text is not None)
        spread = latency * (0.85 + 0.3 * self.chance.random()) if latency < 5 else latency
        more.setdefault("user_agent", BROWSER)
        request = Request(self.at(seconds), method, url, status, spread, **more)
        entry = request_entry(where, request)
        if text is not None:
            entry["textPayload"] = text
        if outside:
            entry["labels"] = {}
        self.entries.append(entry)

    def ordinary(
        self, where: Where, url: str, begin: float, end: float, every: float, **more: Any
    ) -> None:
        """Add ordinary traffic over some time."""
        seconds = begin
        while seconds < end:
            ip = f"203.0.113.{self.chance.randrange(2, 250)}"
            settings = {"remote_ip": ip} | more
            self.hit(where, seconds, url, 200, 0.06, **settings)
            seconds += every * (0.6 + 0.8 * self.chance.random())

    def line(self, text: str) -> str:
        """Give the place of the first entry that holds a text."""
        for number, entry in enumerate(ordered(self.entries), 1):
            if text in str(entry):
                return f"logs.ndjson:{number}"
        raise ValueError(f"no entry holds {text!r}")

    def freeze(
        self,
        name: str,
        service: str,
        environment: str,
        expected: Expected,
        documents: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the bundle."""
        end = self.start + timedelta(seconds=self.last + 5)
        subject = Subject(service, environment, self.start, end, self.project)
        freeze(name, subject, self.entries, documents or {}, expected)


def expected(
    cause: str | None,
    why: str,
    must_not: Sequence[str],
    *,
    acceptable: Sequence[str] = (),
    pair: str | None = None,
) -> Expected:
    """Give what is expected of a written bundle: a cause, or that it cannot be known."""
    verdict: Any = "cause_found" if cause else "insufficient_evidence"
    return Expected(verdict, cause, why, "written", acceptable, must_not, pair)


def policy(
    time: datetime, service: str, bindings: Mapping[str, Sequence[str]], *, ok: bool
) -> dict[str, Any]:
    """Give the record of a look at who may invoke a service."""
    listed = [{"role": role, "members": list(members)} for role, members in bindings.items()]
    return looked(
        time,
        f"who may invoke {service}",
        f"run.googleapis.com/v2/{service}:getIamPolicy",
        str({"version": 1, "etag": "BwZ1xq0aJfM=", "bindings": listed}).replace("'", '"'),
        ok=ok,
    )


def looked(
    time: datetime,
    name: str,
    target: str,
    body: str,
    *,
    ok: bool,
    status: int = 200,
    **headers: str,
) -> dict[str, Any]:
    """Give the record of a probe."""
    got = {
        "status": status,
        "close_code": None,
        "headers": {k.replace("_", "-"): v for k, v in headers.items()},
        "body_excerpt": body,
    }
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": name,
        "target": target,
        "expect": {"status": 200},
        "got": got,
        "ok": ok,
    }


def version(time: datetime, secret: str, number: int, state: str) -> dict[str, Any]:
    """Give the record of a look at a secret's version."""
    target = f"secretmanager.googleapis.com/v1/projects/41770/secrets/{secret}/versions/{number}"
    body = f'{{"name": "projects/41770/secrets/{secret}/versions/{number}", "state": "{state}"}}'
    return looked(time, f"version {number} of {secret}", target, body, ok=state == "ENABLED")


def pinned(
    service: str, name: str, time: datetime, secrets: Mapping[str, str], **more: Any
) -> Revision:
    """Give a revision with references to secrets."""
    return Revision(service, name, time, {"LOG_LEVEL": "info"}, secrets, **more)
