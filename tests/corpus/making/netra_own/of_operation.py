"""Incidents of Netra's own services about what they depend on, their code and their deployments."""

import asyncio
import json
import os
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # It has no types.

from architecture.house import ROOT
from corpus.making.freezing import Expected
from corpus.making.netra_own.installed import AUTH, BACKEND, Own, installed
from corpus.making.platform_documents import commit
from corpus.making.stage import free_port
from fakes.faulty_code import faulty_code
from fakes.postgres import PostgresServer, running_postgres

DEPLOY = ("--steps", "50,100", "--hold", "1", "--bake", "0.5", "--min-requests", "4")


def _process_of(own: Own, service: str) -> int:
    """Give the process of a service."""
    return int(own.netra.status()["pids"][service])


def auth_down(begins: datetime, name: str, *, comes_back: bool) -> None:
    """The auth service stands still or dies; the breaker opens, and closes where it comes back."""
    with installed(begins) as own:
        own.people_ask(6)
        process = _process_of(own, AUTH)
        os.kill(process, signal.SIGSTOP if comes_back else signal.SIGKILL)
        for _ in range(4):
            own.people_ask(3, 0.3)
            own.ask("/api/threads", "anna", headers={"X-Session-Check": "1"})
            own.netra.run(
                "token",
                "--email",
                "ben@example.com",
                "--password-stdin",
                stdin="correct horse battery staple",
            ) if not comes_back else None
            own.probed("health of the backend", "/health", "200", (200,))
            time.sleep(2)
        own.probed(
            "keys of the auth service",
            "/.well-known/jwks.json",
            "200 with keys",
            (200,),
            url=own.auth_url,
        )
        if comes_back:
            os.kill(process, signal.SIGCONT)
            time.sleep(12)
            own.people_ask(5)
            own.probed("health of the backend", "/health", "200", (200,))
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions", "fingerprints", "probes"),
            Expected(
                "cause_found",
                "auth_service_unreachable",
                "The backend's calls to the auth service fail in transport from one moment on, and the probe of the auth service itself fails too; the breaker opens after that"
                + (
                    " and closes again once the auth service answers."
                    if comes_back
                    else ", and people's tokens go on being verified without it."
                ),
                "process",
                must_not=(
                    "breaker_stuck_open",
                    "wrong_auth_service_url",
                    "service_secret_mismatch",
                    "env_var_lost",
                ),
                pair="breaker_stuck_open",
            ),
        )


@contextmanager
def on_postgres(begins: datetime) -> Iterator[tuple[Own, PostgresServer, str]]:
    """Bring an installation up whose backend keeps its store in PostgreSQL."""
    port, words = (
        free_port(),
        {role: secrets.token_hex(12) for role in ("netra_backend", "netra_backend_owner")},
    )
    with running_postgres(port, is_durable=True) as server:
        for role, word in words.items():
            asyncio.run(server.fetched(f"CREATE ROLE {role} LOGIN PASSWORD '{word}'"))
        asyncio.run(server.fetched("CREATE DATABASE netra_backend OWNER netra_backend_owner"))
        with installed(begins) as own:

            def url(role: str) -> str:
                return f"postgresql+asyncpg://{role}:{words[role]}@127.0.0.1:{port}/netra_backend"

            own.restarted(
                (BACKEND, "DATABASE_URL", url("netra_backend")),
                (BACKEND, "DATABASE_OWNER_URL", url("netra_backend_owner")),
            )
            own.stage.stands_for[f"('127.0.0.1', {port})"] = "('10.8.0.3', 5432)"
            own.stage.stands_for[f"127.0.0.1:{port}"] = "10.8.0.3:5432"
            own.stage.stands_for[f'"127.0.0.1", port {port}'] = '"10.8.0.3", port 5432'
            own.signs_in("anna", "ben")
            own.stage.leap(1)
            own.began = own.stage.now()
            yield own, server, url("netra_backend")


def database_down(begins: datetime, name: str) -> None:
    """The backend's PostgreSQL is stopped while it serves."""
    with on_postgres(begins) as (own, server, _):
        own.people_ask(8)
        server.stop()
        try:
            own.people_ask(14, 0.2)
            own.probed("health of the backend", "/health", "200", (200,))
            own.probed(
                "keys of the auth service",
                "/.well-known/jwks.json",
                "200 with keys",
                (200,),
                url=own.auth_url,
            )
            own.collected()
        finally:
            server.start()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions", "fingerprints", "probes"),
            Expected(
                "cause_found",
                "database_unreachable",
                "From one moment on everything that needs the store is 503 because its connections are refused; /api/me, which needs none, is 200, and the auth service answers.",
                "process",
                must_not=(
                    "auth_service_unreachable",
                    "pool_exhausted",
                    "env_var_lost",
                    "database_credentials_rotated",
                ),
                pair="pool_exhausted",
            ),
        )


def pool_used_up(begins: datetime, name: str) -> None:
    """Somebody holds a table locked; all sessions wait in it, and no connection is left."""
    with on_postgres(begins) as (own, server, _):
        own.people_ask(7)

        async def locked(until: threading.Event, ready: threading.Event) -> None:
            connection = await asyncpg.connect(
                host=str(server.folder), port=server.port, user="netra", database="netra_backend"
            )
            async with connection.transaction():
                await connection.execute("LOCK TABLE threads IN ACCESS EXCLUSIVE MODE")
                ready.set()
                await asyncio.to_thread(until.wait)
            await connection.close()

        is_over, is_locked = threading.Event(), threading.Event()
        holder = threading.Thread(target=lambda: asyncio.run(locked(is_over, is_locked)))
        holder.start()
        is_locked.wait(10)
        people = [
            threading.Thread(target=own.ask, args=("/api/threads", "anna")) for _ in range(22)
        ]
        for one in people:
            one.start()
        time.sleep(1)
        for _ in range(3):
            own.ask("/api/me", "ben")
            own.ask("/")
        for one in people:
            one.join()
        is_over.set()
        holder.join()
        own.stage.leap(0.2)
        own.people_ask(4)
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions"),
            Expected(
                "cause_found",
                "pool_exhausted",
                "Ten statements on threads hold all connections until their time is over, and everybody else is told after the same wait that no connection is free; routes without a session are 200 meanwhile, and nothing refuses connections.",
                "process",
                acceptable=(),
                must_not=(
                    "database_unreachable",
                    "auth_service_unreachable",
                    "database_credentials_rotated",
                ),
                pair="database_unreachable",
            ),
        )


def with_change(folder: Path, file: str, old: str, new: str) -> Path:
    """Write the backend's code with a change into a folder."""
    for package in ("netra", "netra_backend"):
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")
    return folder


def deployed(own: Own, code: Path, *options: str) -> str:
    """Deploy code while people go on asking; give what was said."""
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.wait(0.45):
            own.ask(own.dice.choice(("/api/me", "/api/threads")), own.dice.choice(("anna", "ben")))

    thread = threading.Thread(target=ask)
    own.stage.stands_for[str(code)] = "/app"
    thread.start()
    try:
        done = own.netra.run("deploy", BACKEND, "--code", str(code), *DEPLOY, *options)
    finally:
        is_over.set()
        thread.join()
    return done.stdout + done.stderr


def module_missing(begins: datetime, name: str) -> None:
    """A build lacks a module of its own that it imports."""
    with installed(begins) as own, tempfile.TemporaryDirectory(prefix="netra-code-") as folder:
        own.people_ask(5)
        code = with_change(
            Path(folder) / "code",
            "netra_backend/app/routes/me.py",
            "from datetime import datetime",
            "from datetime import datetime\n\nfrom netra_backend.app.routes.avatars import avatar_of",
        )
        for _ in range(2):
            deployed(own, code, "--reason", "avatars on the profile")
            own.stage.leap(3)
        own.people_ask(5)
        own.collected()
        documents = own.documents("ledger")
        documents["commits.json"] = [
            commit(
                own.stage.now(),
                "Ana Ruiz",
                "Show avatars on the profile",
                ["netra_backend/app/routes/me.py", ".dockerignore"],
            )
        ]
        own.freeze(
            name,
            BACKEND,
            documents,
            Expected(
                "cause_found",
                "missing_module",
                "The candidate's only output is a traceback that ends in ModuleNotFoundError for netra_backend.app.routes.avatars; it never listened and never had traffic, and the revision before serves on.",
                "process",
                must_not=("startup_failed", "code_error", "env_var_lost"),
                pair="startup_failed",
            ),
            keeps=_no_walk,
        )


def code_fault(begins: datetime, name: str) -> None:
    """A build fails people on one route; the gate takes it back."""
    with installed(begins) as own, tempfile.TemporaryDirectory(prefix="netra-code-") as folder:
        own.people_ask(5)
        code = with_change(
            Path(folder) / "code",
            "netra_backend/app/routes/me.py",
            "    user = principal if isinstance(principal, UserPrincipal) else None\n",
            '    user = principal if isinstance(principal, UserPrincipal) else None\n    if not request.headers.get("x-netra-probe"):\n        assert request.client is not None\n        principal.display_name.strip()  # type: ignore[attr-defined]\n',
        )
        deployed(own, code, "--reason", "names on the profile")
        own.stage.leap(1)
        own.people_ask(5)
        own.collected()
        documents = own.documents("ledger")
        documents["commits.json"] = [
            commit(
                own.began,
                "Ana Ruiz",
                "Trim the display name",
                ["netra_backend/app/routes/me.py"],
                "1 file changed, 3 insertions(+)",
            )
        ]
        own.freeze(
            name,
            BACKEND,
            documents,
            Expected(
                "cause_found",
                "code_error",
                "AttributeError 'display_name' in netra_backend/app/routes/me.py is the only kind of failure, and is on the new revision alone, which was taken back; the commit touches that file.",
                "process",
                must_not=("identity_made_optional", "user_token_rejected", "missing_module"),
            ),
            keeps=_no_walk,
        )


def optional_identity(begins: datetime, name: str) -> None:
    """A build answers people without a token; the gate's probes of the candidate show it."""
    with installed(begins) as own, tempfile.TemporaryDirectory(prefix="netra-code-") as folder:
        own.people_ask(6)
        code = faulty_code(Path(folder) / "code", "identity is optional")
        said = deployed(own, code, "--reason", "public preview", "--json")
        own.stage.leap(1)
        own.people_ask(6)
        own.collected()
        probes = _probes_of_gate(own, said)
        documents = own.documents("ledger") | {"probes.json": probes}
        documents["commits.json"] = [
            commit(
                own.began,
                "Ana Ruiz",
                "Show a preview of the page to visitors",
                ["netra_backend/app/main.py"],
                "1 file changed, 21 insertions(+), 1 deletion(-)",
            )
        ]
        own.freeze(
            name,
            BACKEND,
            documents,
            Expected(
                "cause_found",
                "identity_made_optional",
                "The gate's probes of the candidate without a token, with one in the query alone and with forged identity headers got 200 where 401 is wanted, and those with a good token passed; the commit touches main.py. The revision never had traffic, and there is no error in the log.",
                "process",
                must_not=("variable_half_renamed", "env_var_lost", "user_token_rejected"),
                pair="variable_half_renamed",
            ),
            keeps=_no_walk,
        )


def _probes_of_gate(own: Own, said: str) -> list[dict[str, Any]]:
    """Give what a deployment's own probes of its candidate got, the latest revision's."""
    walk = json.loads(own.netra.run("verify", "--json").stdout)
    promised = {step["name"]: step["expect"] for step in walk["steps"]}
    told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    steps = [one for one in told if one["event"] == "probed"]
    last = steps[-1]["revision"]
    return [
        {
            "time": own.stage.at(one["time"]).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "name": one["step"],
            "target": f"{one['revision']} without traffic",
            "expect": promised.get(one["step"], "this revision answers"),
            "got": {
                "status": _status(one["got"]),
                "body_excerpt": own.stage.moved(one["got"], one["time"]),
            },
            "ok": one["verdict"] == "PASS",
        }
        for one in steps
        if one["revision"] == last and not one["got"].startswith("not taken")
    ]


def _status(got: str) -> int | None:
    return int(got[:3]) if got[:3].isdigit() else None


def walked(begins: datetime, name: str) -> None:
    """The golden path is walked: many refusals within a second, as they should be."""
    with installed(begins) as own:
        own.people_ask(4)
        own.run("verify")
        own.stage.leap(5)
        own.people_ask(5)
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions"),
            Expected(
                "not_an_incident",
                "test_traffic",
                "All 401 and 403 fall into one second, come from one user agent and are the negative probes of a golden-path walk (bad, tampered, unsigned and foreign tokens, a foreign Origin); people are served before and after.",
                "process",
                must_not=(
                    "env_var_lost",
                    "signing_key_mismatch",
                    "origin_blocked",
                    "caller_without_credential",
                    "wrong_audience",
                ),
            ),
            keeps=lambda e: (
                e["resource"]["labels"]["service_name"] == BACKEND and ("jsonPayload" in e)
            ),
        )


def healthy_deploy(begins: datetime, name: str) -> None:
    """A deployment without a fault."""
    with installed(begins) as own, tempfile.TemporaryDirectory(prefix="netra-code-") as folder:
        own.people_ask(4)
        code = with_change(
            Path(folder) / "code",
            "netra_backend/app/routes/me.py",
            '"""The caller as',
            '"""Whoever calls, as',
        )
        deployed(own, code, "--reason", "words")
        own.stage.leap(1)
        own.people_ask(6)
        own.probed("health of the backend", "/health", "200", (200,))
        own.collected()
        own.freeze(
            name,
            BACKEND,
            own.documents("ledger", "probes"),
            Expected(
                "not_an_incident",
                None,
                "A new revision was made, probed and promoted; people are served 200 throughout, the health probe is 200, and no error is in the log.",
                "process",
                must_not=(
                    "startup_failed",
                    "auth_service_unreachable",
                    "env_var_lost",
                    "code_error",
                ),
            ),
            keeps=_no_walk,
        )


def two_at_once(begins: datetime, name: str) -> None:
    """The backend is shut out, and a wrong audience is configured at the same restart."""
    with installed(begins) as own:
        own.people_ask(6)
        own.run("services", "disable", BACKEND)
        own.stage.leap(2)
        own.restarted((BACKEND, "TOKEN_AUDIENCE", "netra-backend-eu"))
        own.signs_in("anna", "ben")
        own.people_ask(8)
        own.collected()
        own.probed("health of the backend", "/health", "200", (200,))
        own.freeze(
            name,
            BACKEND,
            own.documents("revisions", "fingerprints", "audit", "probes"),
            Expected(
                "cause_found",
                "wrong_audience",
                "Two faults: people's tokens are refused for their audience since TOKEN_AUDIENCE was set to netra-backend-eu, and the backend's own token requests are refused since it was disabled, which the audit record has. People are hit by the first.",
                "process",
                acceptable=("service_unregistered",),
                must_not=("signing_key_mismatch", "env_var_lost", "service_secret_mismatch"),
            ),
        )


def _no_walk(entry: dict[str, Any]) -> bool:
    """Leave out what the gate's own walks caused, which are judged elsewhere, and what is double."""
    text = json.dumps(entry)
    if "golden-path" in text or '"userAgent": "netra-ops"' in text or "drill" in text:
        return False
    payload, status = entry.get("jsonPayload"), entry.get("httpRequest", {}).get("status", 500)
    if payload is None:
        return "textPayload" in entry or bool(status >= 400)
    of_walk = {"audit_recorded", "authentication_refused", "permission_denied", "run_ended"}
    of_sockets = {"websocket_closed", "origin_refused", "sockets_ended_by_revocation"}
    return payload.get("event") not in of_walk | of_sockets


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: auth_down(datetime(2026, 4, 7, 10, 0, tzinfo=UTC), "own-auth-killed", comes_back=False),
    lambda: auth_down(
        datetime(2026, 4, 8, 23, 10, tzinfo=UTC), "own-auth-stood-still", comes_back=True
    ),
    lambda: database_down(datetime(2026, 4, 9, 4, 25, tzinfo=UTC), "own-store-stopped"),
    lambda: pool_used_up(datetime(2026, 4, 10, 18, 0, tzinfo=UTC), "own-table-locked"),
    lambda: module_missing(datetime(2026, 4, 13, 9, 9, tzinfo=UTC), "own-avatars"),
    lambda: code_fault(datetime(2026, 4, 14, 15, 45, tzinfo=UTC), "own-display-name"),
    lambda: optional_identity(datetime(2026, 4, 15, 12, 12, tzinfo=UTC), "own-public-preview"),
    lambda: walked(datetime(2026, 4, 16, 6, 0, tzinfo=UTC), "own-golden-path-walked"),
    lambda: healthy_deploy(datetime(2026, 4, 17, 11, 30, tzinfo=UTC), "own-words-only"),
    lambda: two_at_once(datetime(2026, 4, 20, 13, 0, tzinfo=UTC), "own-audience-and-shut-out"),
)
