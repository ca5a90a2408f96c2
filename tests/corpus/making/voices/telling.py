"""Makes a bundle of a tale: its script played, what the platform knows, what is expected."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from corpus.making.freezing import Entry, Expected, Salt, Subject, Verdict, freeze, ordered
from corpus.making.network.platform import Revision, knative, second_form, traffic
from corpus.making.network.stage import commit
from corpus.making.platform_texts.desk import Desk
from corpus.making.voices.script import Stage, parts
from corpus.making.voices.words import Words, seconds

Data = Mapping[str, Any]
MOST_OF_LOGS: Final = 66_000
"""Logs of more bytes are played again at a slower pace."""

_PACES: Final = (1, 1.3, 1.7, 2.2, 2.8, 3.6, 4.5)
_CITED: Final = re.compile(r"\{at:([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Ending:
    """What is expected of a bundle, and what of the tale it leaves out."""

    name: str
    why: str
    cause: str | None = None
    verdict: Verdict | None = None
    acceptable: Sequence[str] = ()
    must_not: Sequence[str] = ()
    pair: str | None = None
    without: Sequence[str] = ()
    drop: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Tale:
    """An incident, or an ordinary day, in the voice of one kind of software."""

    service: str
    project: str
    region: str
    start: datetime
    actors: Data
    script: str
    ending: Ending
    twin: Ending | None = None
    environment: str = "production"
    form: Literal["v1", "v2"] = "v1"
    show: Sequence[str] = ("traffic.json", "revisions.json")
    deploys: Sequence[Data] = ()
    traffic: Sequence[Data] = ()
    commits: Sequence[Data] = ()
    probes: Sequence[Data] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    audit: Sequence[str] = ()


def read(told: Data) -> Tale:
    """Read a tale from its table.

    Raises:
        TypeError: The table has a member that no tale has, or lacks one.
    """
    ends = set(Ending.__dataclass_fields__)
    twin = told.get("twin")
    rest = {key: value for key, value in told.items() if key not in ends and key != "twin"}
    ending = Ending(**{key: value for key, value in told.items() if key in ends})
    return Tale(**rest, ending=ending, twin=Ending(**twin) if twin else None)


class Teller:
    """Writes the bundles of one tale."""

    def __init__(self, tale: Tale) -> None:
        self._tale = tale
        self._salt = Salt()
        for pace in _PACES:
            self._play(pace)
            if len(json.dumps(self._desk.entries)) < MOST_OF_LOGS:
                break

    def _play(self, pace: float) -> None:
        tale = self._tale
        seed = sum(tale.ending.name.encode())
        self._desk = Desk(tale.start, tale.project, tale.region, seed)
        self._words = Words(tale.ending.name)
        Stage(self._desk, self._words, tale.actors, pace).play(tale.script)

    def write(self) -> None:
        """Write the tale's bundle, and its twin's."""
        documents = self._documents()
        self._freeze(self._tale.ending, documents)
        if self._tale.twin:
            self._freeze(self._tale.twin, documents)

    def _freeze(self, ending: Ending, documents: Data) -> None:
        entries = ordered(
            entry
            for entry in self._desk.entries
            if not any(text in json.dumps(entry, ensure_ascii=False) for text in ending.drop)
        )
        shown = {file: what for file, what in documents.items() if file not in ending.without}
        verdict = ending.verdict or ("cause_found" if ending.cause else "insufficient_evidence")
        expected = Expected(
            verdict,
            ending.cause,
            _cited(ending.why, entries),
            "written",
            ending.acceptable,
            ending.must_not,
            ending.pair,
        )
        tale = self._tale
        end = self._at(self._desk.last + 5)
        subject = Subject(tale.service, tale.environment, tale.start, end, tale.project)
        freeze(ending.name, subject, entries, shown, expected)

    def _at(self, span: float | str) -> datetime:
        return self._desk.start.fromtimestamp(
            self._desk.start.timestamp() + seconds(span), self._desk.start.tzinfo
        )

    def _documents(self) -> dict[str, Any]:
        tale = self._tale
        made: dict[str, Any] = {}
        if tale.deploys and "revisions.json" in tale.show:
            made["revisions.json"] = [self._revision(deploy) for deploy in tale.deploys]
        if "traffic.json" in tale.show and (steps := self._traffic()):
            made["traffic.json"] = steps
        if tale.values:
            made["fingerprints.json"] = {
                service: {name: self._salt.of(value) for name, value in values.items()}
                for service, values in tale.values.items()
            }
        if tale.commits:
            made["commits.json"] = [
                commit(self._at(c["at"]), c["author"], c["subject"], *c["files"])
                for c in tale.commits
            ]
        if tale.probes:
            made["probes.json"] = [self._probe(probe) for probe in tale.probes]
        if tale.audit:
            made["audit.ndjson"] = [self._record(line) for line in tale.audit]
        return made

    def _revision(self, deploy: Data) -> dict[str, Any]:
        service, number, _ = parts(deploy["rev"])
        refused = deploy.get("refused")
        revision = Revision(
            service,
            number,
            self._at(deploy["at"]),
            {name: self._shown(value) for name, value in deploy.get("env", {}).items()},
            deploy.get("secrets", {}),
            image=deploy.get("image", ""),
            account=deploy.get("account", f"run@{self._tale.project}.iam.gserviceaccount.com"),
            annotations=deploy.get("annotations", {}),
            ready=("False", "SecretsAccessCheckFailed", refused) if refused else ("True", "", ""),
            creator=deploy.get("creator", f"deploy@{self._tale.project}.iam.gserviceaccount.com"),
        )
        if self._tale.form == "v1":
            return knative(revision)
        return second_form(revision, self._tale.project, self._tale.region)

    def _shown(self, value: str) -> str:
        """Give a variable's value, or its fingerprint where it is told after `=`."""
        return self._salt.plain(value[1:]) if value.startswith("=") else value

    def _traffic(self) -> list[dict[str, Any]]:
        steps = [{"percent": 100} | dict(deploy) for deploy in self._tale.deploys]
        steps += [dict(step) for step in self._tale.traffic]
        steps = sorted(
            (s for s in steps if s["percent"] is not False), key=lambda s: seconds(s["at"])
        )
        return traffic(*((self._at(s["at"]), s["rev"], s["percent"]) for s in steps))

    def _probe(self, probe: Data) -> dict[str, Any]:
        time = self._at(probe["at"])
        return {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "name": probe["name"],
            "target": probe["target"],
            "expect": probe.get("expect", {"status": 200}),
            "got": {
                "status": probe["status"],
                "close_code": probe.get("close"),
                "headers": {
                    key: self._words.fill(value, time, 0)
                    for key, value in probe.get("headers", {}).items()
                },
                "body_excerpt": self._words.fill(probe.get("body", ""), time, 0),
            },
            "ok": probe["ok"],
        }

    def _record(self, line: str) -> dict[str, Any]:
        at, event, outcome, client, subject, reason = (part.strip() for part in line.split("|"))
        return {
            "audit_id": self._words.fill("aud_{hex20}", self._desk.start, 0),
            "time": self._words.fill("{iso}.{ms}Z", self._at(at), 0),
            "event": event,
            "outcome": outcome,
            "actor": client or subject,
            "client_id": client or None,
            "subject": subject or None,
            "reason": reason or None,
            "request_id": self._words.fill("{hex16}", self._desk.start, 0),
        }


def _cited(why: str, entries: Sequence[Entry]) -> str:
    def place(found: re.Match[str]) -> str:
        for number, entry in enumerate(entries, 1):
            if found[1] in json.dumps(entry, ensure_ascii=False).replace('\\"', '"'):
                return f"logs.ndjson:{number}"
        raise ValueError(f"no entry holds {found[1]!r}")

    return _CITED.sub(place, why)
