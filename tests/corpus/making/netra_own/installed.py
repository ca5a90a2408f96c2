"""An installation of Netra in a throw-away directory, asked as people do, and what is left of it."""

import json
import random
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from corpus.making.freezing import Entry, Expected, Salt, Where
from corpus.making.stage import BROWSERS, Printed, Stage

from fakes.installation import Installation
from netra.wire.audit_chain import GENESIS_HASH, chain_hash

AUTH: Final = "netra-auth"
BACKEND: Final = "netra-backend"
PASSWORD: Final = "correct horse battery staple"
STATE: Final = "/var/lib/netra"
_ROUTES: Final = ("/api/me", "/api/me", "/api/threads", "/api/threads?limit=10", "/")
_PLAIN: Final = (
    "ENVIRONMENT",
    "SERVICE_ID",
    "HOST",
    "TOKEN_TRUST_MODE",
    "LOG_LEVEL",
    "AUTH_SERVICE_URL",
    "ISSUER_URL",
    "TOKEN_ISSUER",
    "TOKEN_AUDIENCE",
    "USER_AUDIENCE",
)


_POLLS: Final = 15
"""One of so many of the platform's own polls is in an export."""


@dataclass
class Own:
    """An installation that is up, and the incident it is part of."""

    stage: Stage
    netra: Installation
    salt: Salt = field(default_factory=Salt)
    dice: random.Random = field(default_factory=lambda: random.Random(5))
    probes: list[dict[str, Any]] = field(default_factory=list)
    shows_values: bool = True
    environment: str = "local"
    began: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where people reach the backend."""
        return f"http://127.0.0.1:{self.netra.env(BACKEND)['PORT']}"

    @property
    def auth_url(self) -> str:
        """Where people reach the auth service."""
        return f"http://127.0.0.1:{self.netra.env(AUTH)['PORT']}"

    def run(self, *arguments: str, stdin: str = "", codes: Sequence[int] = (0,)) -> str:
        """Run a command, which must end with one of some codes."""
        done = self.netra.run(*arguments, stdin=stdin)
        assert done.returncode in codes, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def signs_in(self, *names: str) -> None:
        """Have people get their tokens, as far as they are given any."""
        for name in names:
            done = self.netra.run(
                "token", "--email", f"{name}@example.com", "--password-stdin", stdin=PASSWORD
            )
            if done.returncode == 0:
                self._tokens[name] = done.stdout.strip()

    def ask(
        self,
        path: str,
        who: str | None = None,
        method: str = "GET",
        *,
        body: Any = None,
        url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str, dict[str, str]]:
        """Ask for something as one of them, or as nobody."""
        sent = {"User-Agent": self.dice.choice(BROWSERS), **(headers or {})}
        if who is not None and who in self._tokens:
            sent["Authorization"] = f"Bearer {self._tokens[who]}"
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        request = urllib.request.Request((url or self.url) + path, data, sent, method=method)  # noqa: S310 - Our own process.
        try:
            with urllib.request.urlopen(request, timeout=40) as answer:  # noqa: S310
                return answer.status, answer.read().decode(), dict(answer.headers)
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode(errors="replace"), dict(refused.headers)
        except OSError as nobody:
            return 0, str(nobody), {}

    def people_ask(
        self, times: int, minutes: float = 0.5, who: Sequence[str] = ("anna", "ben")
    ) -> list[int]:
        """Have people use it."""
        got = []
        for _ in range(max(3, round(times * 0.6))):
            person = self.dice.choice(who)
            if self.dice.random() < 0.15:
                got.append(self.ask("/api/threads", person, "POST", body={"title": "Notes"})[0])
            else:
                got.append(self.ask(self.dice.choice(_ROUTES), person)[0])
            self.stage.leap(minutes * self.dice.uniform(0.4, 1.5))
        return got

    def restarted(self, *edits: tuple[str, str, str | None]) -> str:
        """Edit env files by hand and start anew: service, variable, value or None to remove it."""
        self.run("down")
        self.edited(*edits)
        self.stage.leap(0.3)
        return self.netra.run("up", "--detach").stderr

    def edited(self, *edits: tuple[str, str, str | None]) -> None:
        """Edit env files by hand."""
        for service, name, value in edits:
            if value is None:
                file = self.netra.state / "env" / f"{service}.env"
                kept = [
                    x
                    for x in file.read_text("utf-8").splitlines(keepends=True)
                    if not x.startswith(f"{name}=")
                ]
                file.write_text("".join(kept), "utf-8")
            else:
                self.netra.edit(service, name, value)

    def probed(
        self,
        name: str,
        path: str,
        expect: str,
        good: Sequence[int],
        *,
        url: str | None = None,
        who: str | None = None,
    ) -> None:
        """Take a probe, and note what it got."""
        status, text, headers = self.ask(path, who, url=url)
        got: dict[str, Any] = {"status": status or None}
        if status:
            kept = {
                k.lower(): v
                for k, v in headers.items()
                if k.lower()
                in {"www-authenticate", "x-served-revision", "content-type", "retry-after"}
            }
            got |= {"headers": kept, "body_excerpt": text[:280]}
        else:
            got["error"] = text
        real = time.time()
        made = {
            "time": self.stage.at(real).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "name": name,
            "target": (url or self.url) + path,
            "expect": expect,
            "got": got,
            "ok": status in good,
        }
        self.probes.append(json.loads(self.stage.moved(json.dumps(made), real)))

    def walked(self) -> None:
        """Walk the golden path, and note its steps as probes."""
        real = time.time()
        document = json.loads(self.netra.run("verify", "--json").stdout)
        for step in document["steps"]:
            if step["got"].startswith("not taken"):
                continue
            if step["verdict"] == "PASS" and step["name"] not in {
                "user token",
                "me as user",
                "service token",
                "bad token",
                "no token",
                "health",
            }:
                continue
            made = {
                "time": self.stage.at(real).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "name": step["name"],
                "target": self.url,
                "expect": step["expect"],
                "got": {"status": None, "body_excerpt": step["got"]},
                "ok": step["verdict"] == "PASS",
            }
            self.probes.append(json.loads(self.stage.moved(json.dumps(made), real)))

    def documents(self, *wanted: str) -> dict[str, Any]:
        """Give the files of the bundle that are asked for, as they are now."""
        self._names()
        made: dict[str, Any] = {}
        if "revisions" in wanted:
            made["revisions.json"] = self._revisions()
        if "fingerprints" in wanted:
            made["fingerprints.json"] = self._fingerprints()
        if "audit" in wanted:
            made["audit.ndjson"] = self._audit()
        if "probes" in wanted:
            made["probes.json"] = self.probes
        if "ledger" in wanted:
            made |= self._ledger()
        return made

    def collected(self) -> None:
        """Take in what the services and the front wrote."""
        self._names()
        polls = 0
        for service in (AUTH, BACKEND):
            for file in sorted((self.netra.state / "logs" / service).glob("*.ndjson")):
                where = Where(self.stage.project, "local", service, file.stem)
                real = time.time()
                for text in file.read_text("utf-8").splitlines():
                    real = datetime.fromisoformat(json.loads(text)["timestamp"]).timestamp()
                    polls += _is_poll(text)
                    if _is_poll(text) and polls % _POLLS:
                        continue
                    self.stage.printed.append(Printed(real, where, text, "stdout"))
                beside = file.with_name(f"{file.stem}.stderr.log")
                lines = beside.read_text("utf-8").splitlines() if beside.exists() else []
                real = beside.stat().st_mtime if lines else real
                self.stage.printed += [Printed(real, where, text, "stderr") for text in lines]
        requests = (self.netra.state / "front" / "requests.ndjson").read_text("utf-8").splitlines()
        for text in requests:
            entry: Entry = json.loads(text)
            if "timestamp" in entry:
                real = datetime.fromisoformat(entry["timestamp"]).timestamp()
                self.stage.entries.append(json.loads(self.stage.moved(text, real)))

    def freeze(
        self, name: str, service: str, documents: Mapping[str, Any], expected: Expected, **how: Any
    ) -> None:
        """Write the bundle; what belongs to its making alone is left out."""
        keeps = how.pop("keeps", lambda _entry: True)
        since = self.began.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

        def kept(entry: Entry) -> bool:
            return _is_evidence(entry) and entry["timestamp"] >= since and bool(keeps(entry))

        self.stage.freeze(
            name, service, self.environment, documents, expected, keeps=kept, shape=_slim, **how
        )

    def _names(self) -> None:
        names = self.stage.stands_for
        names[str(self.netra.state)] = STATE
        for service, host in ((AUTH, "http://127.0.0.1:8001"), (BACKEND, "http://127.0.0.1:8000")):
            port = self.netra.env(service)["PORT"]
            names[f"http://127.0.0.1:{port}"] = host
            names[f":{port}"] = host[-5:]

    def _variables(self) -> Iterator[tuple[str, str, float, dict[str, str]]]:
        for service in (AUTH, BACKEND):
            files = (self.netra.state / "revisions" / service).glob("*.env")
            for file in sorted(files):
                lines = [
                    x
                    for x in file.read_text("utf-8").splitlines()
                    if "=" in x and not x.startswith("#")
                ]
                log = self.netra.state / "logs" / service / f"{file.stem}.ndjson"
                first = log.read_text("utf-8").splitlines()[:1] if log.exists() else []
                made = (
                    datetime.fromisoformat(json.loads(first[0])["timestamp"]).timestamp() - 1
                    if first
                    else file.stat().st_mtime
                )
                yield service, file.stem, made, dict(x.split("=", 1) for x in lines)

    def _revisions(self) -> list[dict[str, Any]]:
        made = []
        for service, revision, real, variables in self._variables():
            env = [
                {"name": n, "value": self._value(n, v, real)} for n, v in sorted(variables.items())
            ]
            made.append(
                {
                    "apiVersion": "serving.knative.dev/v1",
                    "kind": "Revision",
                    "metadata": {
                        "name": revision,
                        "creationTimestamp": self.stage.at(real).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                        "labels": {"serving.knative.dev/service": service},
                    },
                    "spec": {"containers": [{"image": "local-c4a05d40877a", "env": env}]},
                }
            )
        return made

    def _value(self, name: str, value: str, real: float) -> str:
        if self.shows_values and name in _PLAIN:
            return self.stage.moved(value, real)
        return self.salt.plain(value)

    def _fingerprints(self) -> dict[str, dict[str, dict[str, str]]]:
        last = {service: variables for service, _, _, variables in self._variables()}
        return {s: {n: self.salt.of(v) for n, v in sorted(of.items())} for s, of in last.items()}

    def _ledger(self) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "export"
            self.run("revisions", "--export", str(out), codes=(0, 1))
            real = time.time()
            names = ("revisions.json", "traffic.json", "fingerprints.json")
            return {
                n: json.loads(self.stage.moved((out / n).read_text("utf-8"), real)) for n in names
            }

    def _audit(self) -> list[dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "audit.ndjson"
            self.run("audit", "export", "--out", str(out))
            rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
        before = GENESIS_HASH
        for row in rows:
            old, real = row["chain_hash"], row["recorded_at"]
            row["recorded_at"] = self.stage.at(real).timestamp()
            row["time"] = self.stage.moved(row["time"], real)
            before = row["chain_hash"] = chain_hash(before, row)
            self.stage.stands_for[old] = before
        return rows[-40:]


def _is_poll(text: str) -> bool:
    """Tell whether a line is one of many of the platform's own looking; a sink samples those."""
    return '"userAgent":"netra-ops"' in text and '"requestUrl":"/health' in text


def _is_evidence(entry: Entry) -> bool:
    """Leave out what collecting the evidence caused, and what is there twice and says nothing."""
    request = entry.get("httpRequest", {})
    of_front = "jsonPayload" not in entry and "textPayload" not in entry
    tells = (
        request.get("status", 0) >= 400 or entry["resource"]["labels"]["service_name"] == BACKEND
    )
    is_audit = str(request.get("requestUrl", "")).startswith(("/admin/audit", "/audit"))
    return not is_audit and (tells or not of_front)


def _slim(entry: Entry) -> Entry:
    """Give an entry as the local platform has it: without what only a cloud knows."""
    kept = {k: v for k, v in entry.items() if k not in {"receiveTimestamp", "logName", "resource"}}
    known = entry["resource"]["labels"]
    labels = {n: known[n] for n in ("service_name", "revision_name") if n in known}
    kept["resource"] = {"type": "cloud_run_revision", "labels": labels}
    if "instanceId" in entry.get("labels", {}):
        kept["labels"] = {"instanceId": entry["labels"]["instanceId"][:16]}
    return kept


@contextmanager
def installed(begins: datetime, *people: str, project: str = "netra-local") -> Iterator[Own]:
    """Bring an installation up with some people in it, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="netra-incident-") as folder:
        stage = Stage(begins, project, "local")
        netra = Installation(Path(folder) / "state")
        own = Own(stage, netra)
        try:
            own.run("up", "--detach", "--port", "0", "--auth-port", "0")
            for name in people or ("anna", "ben"):
                own.run("users", "add", f"{name}@example.com", "--password-stdin", stdin=PASSWORD)
            own.signs_in(*(people or ("anna", "ben")))
            own._names()
            stage.leap(0.5)
            own.began = stage.now()
            yield own
        finally:
            netra.end()
