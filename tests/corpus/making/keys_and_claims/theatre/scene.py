"""One incident while it is made: who is on the stage, how it looks, and what is kept of it."""

import json
import random
import re
import secrets
import string
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from corpus.making.freezing import Entry, Expected, Salt, Subject, freeze, ordered
from corpus.making.keys_and_claims.theatre import documents as papers
from corpus.making.keys_and_claims.theatre.stage import Answer, Guard, Process, Program, Stage

SERVICES: Final = Path(__file__).resolve().parents[1] / "services"
_CITED: Final = re.compile(r"\{log:([^}]+)\}")
_PROJECTS: Final = ("shopline-prod", "acme-stg-4471", "kite-staging", "mosaic-prod-eu", "wharf-dev")
_PLACES: Final = ("europe-west1", "us-central1", "europe-west4", "asia-northeast1", "us-east4")
_PEOPLE: Final = ("amara", "bjorn", "chiara", "deniz", "elif", "farid", "goran", "hana", "ines")
_AUTHORS: Final = ("R. Okafor", "Lena Voss", "m.tanaka", "Pia Holm", "dkowalski", "S. Iyer")
_LOGINS: Final = ("login", "identity", "accounts-auth", "sso", "id-service", "passport")
_FORMATS: Final = (
    "%(asctime)s - %(name)s - %(levelname)s - %(message)s",
    "%(levelname)s [%(name)s] %(message)s",
    "%(asctime)s %(levelname).1s %(name)s: %(message)s",
    '{"severity": "%(levelname)s", "logger": "%(name)s", "message": "%(message)s"}',
)
_BROWSERS: Final = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.4 Safari",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Android 15; Mobile; rv:141.0) Gecko/141.0 Firefox/141.0",
)


@dataclass(frozen=True, slots=True)
class Look:
    """How the outside of an incident looks: all of it is chance, decided by a number."""

    project: str
    location: str
    environment: str
    begin: datetime
    login: str
    log_format: str
    join: bool
    severity: str | None
    form: Literal["v1", "v2"]
    number: int
    pace: float
    chance: random.Random = field(repr=False)


def look(number: int) -> Look:
    """Give one look."""
    chance = random.Random(number * 7919)
    project = chance.choice(_PROJECTS)
    begin = datetime(2025, 1, 1, 5, 12, tzinfo=UTC) + timedelta(
        days=chance.randrange(640), minutes=chance.randrange(900), seconds=chance.randrange(60)
    )
    return Look(
        project=project,
        location=chance.choice(_PLACES),
        environment="production" if "prod" in project else "staging",
        begin=begin,
        login=chance.choice(_LOGINS),
        log_format=chance.choice(_FORMATS),
        join=chance.random() < 0.5,
        severity=chance.choice((None, None, "DEFAULT")),
        form=chance.choice(("v1", "v2")),
        number=chance.randrange(7, 480),
        pace=chance.choice((0.4, 1, 1, 2, 5)),
        chance=chance,
    )


@dataclass(frozen=True, slots=True)
class Troupe:
    """The Pythons that have the foreign services' libraries: of today, and of some time ago."""

    today: Path
    before: Path

    def uvicorn(self, module: str, *, old: bool = False, shown_as: str = "/app") -> Program:
        """Start a module's `app` with uvicorn."""
        python = str(self.before if old else self.today)
        command = [python, "-m", "uvicorn", f"{module}:app", "--host", "127.0.0.1"]
        return Program(SERVICES, [*command, "--port", "{port}"], shown_as)

    def gunicorn(self, module: str, workers: int = 1) -> Program:
        """Start a module's `app` with gunicorn."""
        command = [str(self.today), "-m", "gunicorn", "-b", "127.0.0.1:{port}"]
        return Program(SERVICES, [*command, "-w", str(workers), f"{module}:app"], "/srv/billing")


class Scene:
    """Deploys and visits foreign services, and freezes what came of it."""

    def __init__(self, name: str, seen: Look, **stage: Any) -> None:
        self.name, self.look = name, seen
        self.stage = Stage(
            seen.project,
            seen.location,
            seen.begin,
            join_tracebacks=seen.join,
            plain_severity=seen.severity,
            **stage,
        )
        self.salt = Salt()
        self.revisions: list[papers.Revision] = []
        self.traffic: list[tuple[datetime, str, int]] = []
        self.commits: list[dict[str, Any]] = []
        self.probes: list[dict[str, Any]] = []
        self.serving: dict[str, tuple[Process, papers.Revision, Program, dict[str, Any]]] = {}
        self._numbers: dict[str, int] = {}
        self._keep = tempfile.TemporaryDirectory(prefix="corpus-")
        self.audit = Path(self._keep.name) / "audit"
        self._records: list[dict[str, Any]] = []
        self.stage.before_moving.append(self._read_audit)

    def deploy(
        self,
        service: str,
        program: Program,
        env: papers.Env,
        staged: Mapping[str, Any],
        *,
        guard: Guard | None = None,
        comes_up: bool = True,
        annotations: Mapping[str, str] | None = None,
        tag: str | None = None,
        revision: str | None = None,
    ) -> Process:
        """Deploy a revision; it takes the whole traffic of the one before when it comes up."""
        first = service not in self._numbers
        number = self._numbers.get(service, self.look.number + self.look.chance.randrange(40))
        self._numbers[service] = number + 1
        suffix = "".join(self.look.chance.choices(string.ascii_lowercase + string.digits, k=3))
        made = papers.Revision(
            service,
            revision or f"{service}-{number:05d}-{suffix}",
            self._earlier() if first else self.stage.now(),
            env,
            tag or f"1.{number}.0",
            annotations or {},
            comes_up=comes_up,
        )
        self.revisions.append(made)
        self.stage.hide(*papers.secret_values(env))
        reason = "AUTOSCALING" if first else "DEPLOYMENT_ROLLOUT"
        process = self._start(made, program, staged, guard, reason, comes_up=comes_up)
        before = self.serving.get(service)
        self._again = (made, program, dict(staged), guard)
        if not comes_up:
            return process
        self.traffic.append((made.created if first else self.stage.now(), made.name, 100))
        if before is not None:
            self.traffic.append((self.stage.now(), before[1].name, 0))
            self.stage.stop(before[0])
        self.serving[service] = (process, made, program, dict(staged))
        return process

    def _earlier(self) -> datetime:
        """Give a time before the incident at which what serves then was deployed."""
        return self.stage.now() - timedelta(hours=9 + 300 * self.look.chance.random())

    def fail_again(self) -> None:
        """Start the revision deployed last once more; it ends at once as before."""
        made, program, staged, guard = self._again
        self._start(made, program, staged, guard, "DEPLOYMENT_ROLLOUT", comes_up=False)

    def instance(self, service: str, env: papers.Env | None = None) -> Process:
        """Start one more instance of what serves; `env` if its variables now resolve otherwise."""
        before, made, program, staged = self.serving[service]
        if env is not None:
            made = replace(made, env=env)
            self.stage.hide(*papers.secret_values(env))
        return self._start(made, program, staged, before.guard, "AUTOSCALING")

    def _start(
        self,
        made: papers.Revision,
        program: Program,
        staged: Mapping[str, Any],
        guard: Guard | None,
        reason: str,
        *,
        comes_up: bool = True,
    ) -> Process:
        build = {"log_format": self.look.log_format, "audit": str(self.audit), **staged}
        env = papers.values(made.env) | {"STAGED": json.dumps(build)}
        return self.stage.start(
            made.service, made.name, program, env, comes_up=comes_up, reason=reason, guard=guard
        )

    def wait(self, minutes: float) -> None:
        """Let time pass."""
        self.stage.later(minutes * self.look.pace * 60 * (0.8 + 0.4 * self.look.chance.random()))

    def commit(
        self, subject: str, files: Sequence[str], diffstat: str = "", ago: float = 20
    ) -> None:
        """Note a commit made some minutes ago."""
        when = self.stage.now() - timedelta(minutes=ago)
        author = self.look.chance.choice(_AUTHORS)
        self.commits.append(papers.commit(when, author, subject, files, diffstat))

    def person(self) -> str:
        """Give somebody."""
        return self.look.chance.choice(_PEOPLE) + str(self.look.chance.randrange(10, 99))

    def token(self, login: Process, user: str | None = None, **members: Any) -> str:
        """Log somebody in."""
        answer = self.visit(login, "POST", "/login", {"user": user or self.person(), **members})
        return str(answer.json()["access_token"])

    def visit(
        self, to: Process, method: str, path: str, body: Any = None, bearer: str | None = None
    ) -> Answer:
        """Send a person's request."""
        agent = self.look.chance.choice(_BROWSERS)
        answer = self.stage.call(to, method, path, body, bearer=bearer, agent=agent)
        self.stage.settle()
        return answer

    def day(
        self,
        login: Process,
        api: Process | Sequence[Process],
        paths: Sequence[str],
        visits: int = 6,
        gap: float = 3,
    ) -> list[int]:
        """Have people log in and come, with what else comes by; give the statuses they got."""
        chance, statuses, held = self.look.chance, [], ""
        targets = [api] if isinstance(api, Process) else api
        for _ in range(visits):
            self.wait(gap)
            to = chance.choice(list(targets))
            if not held or chance.random() < 0.5:
                held = self.token(login)
                self.stage.later(chance.random() * 4)
            statuses.append(self.visit(to, "GET", chance.choice(list(paths)), bearer=held).status)
            if chance.random() < 0.2:
                self.stray(to, login)
        return statuses

    def stray(self, to: Process, login: Process | None = None) -> None:
        """Have one of the things happen that always happen."""
        self.stage.later(self.look.chance.random() * 40)
        kind = self.look.chance.randrange(4)
        if kind == 0:
            self.visit(to, "GET", "/favicon.ico")
        elif kind == 1 and login is not None:
            self.visit(login, "POST", "/login", {"user": self.person(), "password": "wrong"})
        elif kind == 2:
            self.stage.call(to, "GET", "/healthz", agent="GoogleHC/1.0")
        else:
            self.stage.call(to, "GET", "/robots.txt", agent="Mozilla/5.0 (compatible; bot/2.1)")

    def probe(
        self,
        name: str,
        to: Process,
        path: str,
        expect: int,
        *,
        bearer: str | None = None,
        method: str = "GET",
        body: Any = None,
        instance: str = "",
    ) -> Answer:
        """Take a probe and keep it."""
        self.wait(0.3)
        agent = "config-probe/1.2"
        answer = self.stage.call(to, method, path, body, bearer=bearer, agent=agent)
        kept = {
            n.lower(): v
            for n, v in answer.headers.items()
            if n.lower() in {"www-authenticate", "content-type", "location", "date"}
        }
        if "date" in kept:
            kept["date"] = self.stage.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        target = f"{method} {self.stage.public_url(to.where.service)}{path}{instance}"
        text = self.stage.public(answer.text)
        self.probes.append(
            papers.probe(
                self.stage.now(),
                name,
                target,
                str(expect),
                answer.status,
                ok=answer.status == expect,
                body=text,
                headers=kept,
            )
        )
        return answer

    def _read_audit(self) -> None:
        if self.audit.exists():
            lines = self.audit.read_text(encoding="utf-8").splitlines()
            self._records += [json.loads(self.stage.retimed(line)) for line in lines]
            self.audit.unlink()

    def audit_records(self) -> list[dict[str, Any]]:
        """Give what the login service recorded, with the times of the stage."""
        self._read_audit()
        return self._records

    def freeze(
        self,
        expected: Expected,
        *,
        about: str,
        holds: Mapping[str, Any],
        logs_of: Sequence[str] = (),
        besides: Sequence[Entry] = (),
    ) -> None:
        """Write the bundle; `{log:text}` in its reason becomes the line that holds the text."""
        entries = ordered([*self.stage.entries(*logs_of), *besides])
        written = [json.dumps(entry, ensure_ascii=False) for entry in entries]

        def cited(match: re.Match[str]) -> str:
            for number, line in enumerate(written, start=1):
                if match[1] in line:
                    return f"logs.ndjson:{number}"
            raise ValueError(f"{self.name}: no line holds {match[1]!r}")

        expected = replace(expected, why=_CITED.sub(cited, expected.why))
        times = [datetime.fromisoformat(entry["timestamp"]) for entry in entries]
        subject = Subject(
            about,
            self.look.environment,
            min(times) - timedelta(seconds=secrets.randbelow(90)),
            max(times) + timedelta(seconds=20 + secrets.randbelow(200)),
            self.look.project,
        )
        folder = freeze(self.name, subject, entries, holds, expected)
        size = sum(f.stat().st_size for f in folder.iterdir())
        print(f"{folder.parent.name}/{folder.name}: {len(entries)} entries, {size // 1000} kB")

    def papers(self, *which: str, services: Sequence[str] = ()) -> dict[str, Any]:
        """Give the documents of these names, of all services or of those named."""
        wanted = [r for r in self.revisions if not services or r.service in services]
        newest = {r.service: r.env for r in wanted}
        public = self.stage.public
        made: dict[str, Any] = {
            "revisions.json": papers.revisions(wanted, self.salt, public, self.look.form),
            "traffic.json": papers.traffic(
                *[t for t in self.traffic if t[1] in {r.name for r in wanted}]
            ),
            "fingerprints.json": papers.fingerprints(
                {s: {n: _public(v, public) for n, v in e.items()} for s, e in newest.items()},
                self.salt,
            ),
            "commits.json": self.commits,
            "probes.json": self.probes,
            "audit.ndjson": self.audit_records(),
        }
        return {file: made[file] for file in which}

    def close(self) -> None:
        """End everything."""
        self.stage.close()
        self._keep.cleanup()


def _public(setting: papers.Setting, public: Any) -> papers.Setting:
    return public(setting) if isinstance(setting, str) else setting
