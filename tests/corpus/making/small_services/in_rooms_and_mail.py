"""Incidents of two small Python services: bookings (FastAPI, uvicorn) and mailroom (gunicorn).

They need an environment of their own with fastapi, uvicorn, gunicorn, asyncpg, itsdangerous and
httpx (made with Python 3.12); the variable INCIDENT_PYTHON names its interpreter.
"""

import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from corpus.making.code_copies import python_copy
from corpus.making.freezing import Entry, Expected, Salt, hex_id
from corpus.making.platform_documents import (
    Revision,
    SecretOf,
    commit,
    probe,
    revisions_v1,
    revisions_v2,
    shift,
)
from corpus.making.stage import BROWSERS, PUBLIC_IPS, Process, Stage, running

DICE = random.Random(23)
PYTHON = os.environ.get("INCIDENT_PYTHON", "python3")
UVICORN = (PYTHON, "-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port", "{port}")
GUNICORN = (
    PYTHON,
    "-m",
    "gunicorn",
    "wsgi:application",
    "--bind",
    "127.0.0.1:{port}",
    "--workers",
    "1",
)
KEY = "k-4f1b"
NOT_READY = "The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout."


@contextmanager
def rooms(
    stage: Stage, revision: str, folder: Path | None = None, **variables: str
) -> Iterator[Process]:
    """Have an instance of bookings serve."""
    where = stage.where("bookings", revision)
    with running(
        stage,
        where,
        UVICORN,
        folder or python_copy("bookings"),
        variables,
        host="bookings-t5k3ujw2oa-lz.a.run.app",
    ) as process:
        stage.says(
            where,
            'Default STARTUP TCP probe succeeded after 1 attempt for container "bookings" on port 8080.',
        )
        yield process


@contextmanager
def mail(
    stage: Stage, revision: str, folder: Path | None = None, **variables: str
) -> Iterator[Process]:
    """Have an instance of mailroom serve."""
    where = stage.where("mailroom", revision)
    with running(
        stage,
        where,
        GUNICORN,
        folder or python_copy("mailroom"),
        {"MAILROOM_API_KEY": KEY, **variables},
        host="mailroom-pq4b7r2xya-uc.a.run.app",
    ) as process:
        stage.says(
            where,
            'Default STARTUP TCP probe succeeded after 1 attempt for container "mailroom-1" on port 8080.',
        )
        yield process


def mail_fails_to_start(
    stage: Stage, revision: str, folder: Path, times: int = 2, **variables: str
) -> None:
    """Have a revision of mailroom be tried that does not start."""
    for _ in range(times):
        where = stage.where("mailroom", revision)
        with running(
            stage, where, GUNICORN, folder, {"MAILROOM_API_KEY": KEY, **variables}, waits=False
        ) as process:
            code = process.ended()
        stage.says(where, f"Container called exit({code}).", "WARNING")
        stage.says(
            where,
            'Default STARTUP TCP probe failed 1 time consecutively for container "mailroom-1" on port 8080. The instance was not started.',
            "ERROR",
        )
        stage.leap(0.5)


def visit(
    process: Process,
    times: int,
    minutes: float = 0.5,
    paths: tuple[str, ...] = (
        "/rooms",
        "/rooms/atlas/quote",
        "/rooms/borea/quote?hours=3",
        "/health",
    ),
) -> None:
    """Ask bookings as people do."""
    for _ in range(times):
        path = DICE.choice(paths)
        headers = (
            {}
            if path == "/health"
            else {"Authorization": f"Bearer {DICE.choice(('tok-mira', 'tok-paul'))}"}
        )
        process.ask(
            path,
            headers=headers,
            agent="GoogleHC/1.0" if path == "/health" else DICE.choice(BROWSERS),
            ip=DICE.choice(PUBLIC_IPS),
        )
        process.stage.leap(minutes * DICE.uniform(0.4, 1.6))


def post(
    process: Process,
    times: int,
    minutes: float = 0.5,
    kinds: tuple[str, ...] = ("letter?name=Kim", "invoice?name=Lou", "letter"),
) -> None:
    """Ask mailroom as its callers do."""
    for _ in range(times):
        process.ask(
            f"/letters/{DICE.choice(kinds)}",
            DICE.choice(("GET", "POST")),
            headers={"X-Api-Key": KEY},
            agent="billing-batch/4.2",
            ip="10.128.0.14",
        )
        if DICE.random() < 0.25:
            process.ask("/ping", agent="kube-probe/1.30", ip="10.128.0.2")
        process.stage.leap(minutes * DICE.uniform(0.4, 1.6))


def of_rooms(salt: Salt, **more: str | SecretOf) -> dict[str, str | SecretOf]:
    """Give the variables of bookings as an export has them."""
    return {
        "BOOKINGS_STORE": SecretOf("bookings-store", "6"),
        "STORE_TIMEOUT_SECONDS": "3",
        "AUTH_KEY": SecretOf("rooms-auth-key", "2"),
        "LANG": salt.plain("C.UTF-8"),
        **more,
    }


def of_mail(**more: str | SecretOf) -> dict[str, str | SecretOf]:
    """Give the variables of mailroom as an export has them."""
    return {
        "MAILROOM_API_KEY": SecretOf("mailroom-api-key", "latest"),
        "PRINTER_QUEUE": "projects/letterbox-prod/topics/print",
        **more,
    }


def picture(service: str) -> str:
    """Name an image."""
    return f"us-central1-docker.pkg.dev/letterbox-prod/svc/{service}@sha256:{hex_id(64)}"


def store_silent(name: str, *, as_pool: bool) -> None:
    """The store takes connections and says nothing: each session look-up ends at its limit."""
    stage = Stage(
        datetime(2026, 1, 13, 17, 25, tzinfo=UTC), "roomly-prod", "europe-north1", joined=as_pool
    )
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        port = silent.getsockname()[1]
        stage.stands_for[f"127.0.0.1:{port}"] = "10.30.4.8:5432"
        store = f"postgresql://bookings@127.0.0.1:{port}/bookings?sslmode=disable"
        with rooms(
            stage, "bookings-00044-rac", BOOKINGS_STORE=store, STORE_TIMEOUT_SECONDS="3"
        ) as process:
            for _ in range(4 if as_pool else 3):
                visit(process, 1, 0.2, ("/rooms", "/rooms/atlas/quote"))
                visit(process, 1, 0.2, ("/health",))
            seen = stage.now()
    documents: dict[str, Any] = {
        "revisions.json": revisions_v1(
            "bookings",
            stage.project,
            stage.location,
            [
                Revision(
                    "bookings-00043-lox",
                    stage.begins - timedelta(days=12),
                    picture("bookings"),
                    of_rooms(Salt()),
                ),
                Revision(
                    "bookings-00044-rac",
                    stage.begins - timedelta(days=4),
                    picture("bookings"),
                    of_rooms(Salt()),
                ),
            ],
        ),
        "probes.json": [
            probe(
                seen,
                "bookings health",
                "https://bookings-t5k3ujw2oa-lz.a.run.app/health",
                "200",
                200,
                ok=True,
                body='{"status":"ok"}',
            ),
            probe(
                seen,
                "store answers",
                "postgresql://10.30.4.8:5432/bookings",
                "ready for a query",
                None,
                ok=False,
                error="no answer to the start-up message within 10 s",
            ),
        ],
    }
    stage.freeze(
        name,
        "bookings",
        "production",
        documents,
        Expected(
            "cause_found",
            "database_unreachable",
            "Each 401 comes after 3.0 s, which is STORE_TIMEOUT_SECONDS, with a TimeoutError out of asyncpg.connect while the session is loaded; /health is 200 at once, and the probe of the store gets no answer. There is no pool.",
            "process",
            must_not=(
                "user_token_rejected",
                "pool_exhausted",
                "auth_service_unreachable",
                "signing_key_mismatch",
            ),
            pair="pool_exhausted",
        ),
    )


def owner_of_none(name: str, *, with_decoy: bool) -> None:
    """A change reads a member of something that is None for one room."""
    stage = Stage(
        datetime(2026, 8, 18, 9, 50, tzinfo=UTC), "roomly-prod", "europe-north1", joined=True
    )
    old, new = "bookings-00051-wik", "bookings-00052-jun"
    broken = python_copy(
        "bookings",
        {
            "rates.py": (
                "    return seats",
                '    if room["owner"].get("name") == "Sales":\n        return 0\n    return seats',
            )
        },
    )
    paths = ("/rooms", "/rooms/atlas/quote", "/rooms/cedar/quote", "/rooms/borea/quote?hours=2")
    with rooms(stage, old) as before:
        visit(before, 6, paths=paths)
        deployed = stage.now()
        with rooms(stage, new, broken) as after:
            visit(before, 1, paths=paths)
            moved = stage.now()
            visit(after, 11 if with_decoy else 5, paths=paths)
            after.ask("/rooms", headers={"Authorization": "Bearer tok-old"})
            visit(after, 3, paths=("/rooms/cedar/quote", "/rooms"))
    env = of_rooms(Salt())
    documents: dict[str, Any] = {
        "revisions.json": revisions_v1(
            "bookings",
            stage.project,
            stage.location,
            [
                Revision(old, stage.begins - timedelta(days=2), picture("bookings"), env),
                Revision(
                    new,
                    deployed,
                    picture("bookings"),
                    {**env, "AUTH_KEY": SecretOf("rooms-auth-key", "3")} if with_decoy else env,
                ),
            ],
        ),
        "traffic.json": [
            shift(stage.begins - timedelta(days=2), old, 100),
            shift(moved, old, 0),
            shift(moved, new, 100),
        ],
        "commits.json": [
            commit(
                deployed - timedelta(minutes=20),
                "Aino Salo",
                "Sales pays nothing for its own room",
                ["rates.py"],
                "1 file changed, 2 insertions(+)",
            ),
            commit(
                deployed - timedelta(minutes=65),
                "Juho Laine",
                "Log in English",
                ["main.py"],
                "1 file changed, 3 insertions(+), 3 deletions(-)",
            ),
        ],
    }
    stage.freeze(
        name,
        "bookings",
        "production",
        documents,
        Expected(
            "cause_found",
            "code_error",
            f"AttributeError: 'NoneType' object has no attribute 'get' in /app/rates.py on {new} alone and for the room cedar alone; commits.json/0 touches rates.py. Signed-in callers are known on both revisions"
            + (", so the new version of AUTH_KEY is innocent." if with_decoy else "."),
            "process",
            must_not=(
                "user_token_rejected",
                "key_rotated_without_overlap",
                "missing_module",
                "env_var_lost",
            ),
        ),
    )


def only_refusals(name: str, *, with_revisions: bool) -> None:
    """All there is are lines that say 403 Not authenticated."""
    stage = Stage(datetime(2025, 9, 19, 17, 58, tzinfo=UTC), "roomly-stage", "europe-north1")
    revision = "bookings-00139-g4t"
    with rooms(stage, revision) as process:
        stage.leap(3)
        since = stage.now().strftime("%Y-%m-%dT%H:%M:%S")
        for _ in range(14):
            process.ask(
                DICE.choice(("/rooms", "/bookings")),
                DICE.choice(("GET", "POST")),
                agent="python-httpx/0.28.1",
                ip="169.254.169.126",
            )
            stage.leap(DICE.uniform(0.2, 2))
        until = stage.now().strftime("%Y-%m-%dT%H:%M:%S")
    documents = (
        {}
        if not with_revisions
        else {
            "revisions.json": revisions_v2(
                "bookings",
                stage.project,
                stage.location,
                [
                    Revision(
                        "bookings-00111-cr2",
                        stage.begins - timedelta(days=3),
                        picture("bookings"),
                        of_rooms(Salt()),
                    ),
                    Revision(
                        revision,
                        stage.begins - timedelta(hours=2),
                        picture("bookings"),
                        of_rooms(Salt()),
                    ),
                ],
            ),
        }
    )

    def kept(entry: Entry) -> bool:
        of_text = "403 Not authenticated" in str(entry.get("textPayload"))
        return since <= entry["timestamp"] <= until and of_text

    stage.freeze(
        name,
        "bookings",
        "staging",
        documents,
        Expected(
            "insufficient_evidence",
            None,
            "All lines are the one text `403 Not authenticated` without caller, route or reason"
            + (", and the two revisions have the same variables" if with_revisions else "")
            + "; a lost secret, a caller without a credential and much else look like this.",
            "process",
            acceptable=("caller_without_credential",) if with_revisions else (),
            must_not=(
                "env_var_lost",
                "service_secret_mismatch",
                "signing_key_mismatch",
                "identity_made_optional",
                "middleware_order",
                "secret_reference_lost",
            ),
        ),
        keeps=kept,
    )


def tests_of_ci() -> None:
    """A test run calls the deployed service: known test users, unknown paths, wrong methods."""
    stage = Stage(datetime(2026, 10, 5, 1, 30, tzinfo=UTC), "roomly-stage", "europe-north1")
    with rooms(stage, "bookings-00160-hav") as process:
        visit(process, 7)
        for path, method in (
            ("/rooms", "DELETE"),
            ("/rooms/nowhere/quote", "GET"),
            ("/rooms", "GET"),
            ("/bookings", "PUT"),
            ("/bookings", "POST"),
            ("/rooms/atlas/quote?hours=x", "GET"),
            ("/room", "GET"),
            ("/rooms/atlas/quote", "PATCH"),
            ("/rooms/cedar/quote", "GET"),
        ):
            for token in ("tok-ci", "tok-invalid"):
                process.ask(
                    path,
                    method,
                    headers={"Authorization": f"Bearer {token}", "X-Test-Run": "nightly-2291"},
                    agent="pytest-httpx/bookings-contract",
                    ip="198.51.100.200",
                )
                stage.leap(0.01)
        stage.leap(4)
        visit(process, 7)
    stage.freeze(
        "bookings-contract-tests",
        "bookings",
        "staging",
        {},
        Expected(
            "not_an_incident",
            "test_traffic",
            "401, 404, 405 and 422 come within a minute from one address with the user agent of a test suite, for test-user-7 and an invalid token by turns; others are served before and after.",
            "process",
            must_not=("user_token_rejected", "env_var_lost", "code_error"),
        ),
    )


def _of_deploy(
    stage: Stage,
    old: str,
    new: str,
    deployed: datetime,
    commits: list[dict[str, Any]],
    **more: str | SecretOf,
) -> dict[str, Any]:
    return {
        "revisions.json": revisions_v2(
            "mailroom",
            stage.project,
            stage.location,
            [
                Revision(old, stage.begins - timedelta(days=5), picture("mailroom"), of_mail()),
                Revision(new, deployed, picture("mailroom"), of_mail(**more), NOT_READY),
            ],
        ),
        "commits.json": commits,
    }


def worker_without_module(name: str, *, optional_too: bool) -> None:
    """A worker cannot import a package; with `optional_too` another import is caught before it."""
    stage = Stage(
        datetime(2026, 2, 3, 14, 0, tzinfo=UTC),
        "letterbox-prod",
        "us-central1",
        joined=optional_too,
    )
    old, new = "mailroom-00019-paz", "mailroom-00020-sev"
    change = "import weasyprint\nfrom pathlib import Path"
    if optional_too:
        change = 'import logging\nfrom pathlib import Path\n\ntry:\n    import orjson\nexcept ImportError as error:\n    logging.getLogger("letters").warning("orjson is not there (%s); using json", error)\n\nimport weasyprint'
    with mail(stage, old) as before:
        post(before, 8)
        deployed = stage.now()
        mail_fails_to_start(
            stage,
            new,
            python_copy("mailroom", {"letters.py": ("from pathlib import Path", change)}),
            2 if optional_too else 1,
        )
        post(before, 7)
    stage.freeze(
        name,
        "mailroom",
        "production",
        _of_deploy(
            stage,
            old,
            new,
            deployed,
            [
                commit(
                    deployed - timedelta(minutes=12),
                    "Dele Okafor",
                    "Print letters as PDF",
                    ["letters.py"],
                    "1 file changed, 1 insertion(+)",
                ),
            ],
        ),
        Expected(
            "cause_found",
            "missing_module",
            "Each start: ModuleNotFoundError: No module named 'weasyprint' in /app/letters.py, then 'Worker failed to boot' and exit 3, then the platform's probe; requirements are not among the commit's files."
            + (" orjson is missing too, but is caught and only warned of." if optional_too else ""),
            "process",
            must_not=("startup_failed", "code_error"),
            pair="startup_failed",
        ),
    )


def name_not_in_library() -> None:
    """A library was upgraded and has a name no more."""
    stage = Stage(datetime(2026, 7, 21, 6, 40, tzinfo=UTC), "letterbox-prod", "us-central1")
    old, new = "mailroom-00031-zat", "mailroom-00032-kix"
    broken = python_copy(
        "mailroom",
        {
            "letters.py": (
                "from pathlib import Path",
                "from itsdangerous import JSONWebSignatureSerializer\nfrom pathlib import Path",
            )
        },
    )
    with mail(stage, old) as before:
        post(before, 7)
        deployed = stage.now()
        mail_fails_to_start(stage, new, broken, 1)
        post(before, 6)
    stage.freeze(
        "mailroom-itsdangerous-name",
        "mailroom",
        "production",
        _of_deploy(
            stage,
            old,
            new,
            deployed,
            [
                commit(
                    deployed - timedelta(minutes=30),
                    "dependency-bot",
                    "Bump itsdangerous from 1.1.0 to 2.2.0",
                    ["requirements.txt"],
                    "1 file changed, 1 insertion(+), 1 deletion(-)",
                ),
            ],
        ),
        Expected(
            "cause_found",
            "missing_module",
            "ImportError: cannot import name 'JSONWebSignatureSerializer' from 'itsdangerous' stops each worker; the only commit raised that package's version.",
            "process",
            acceptable=("dependency_upgrade",),
            must_not=("startup_failed", "code_error", "env_var_lost"),
            pair="dependency_upgrade",
        ),
    )


def template_absent(name: str, *, tolerated: bool) -> None:
    """A start-up check finds a template missing; it stops the start, or is overridden."""
    stage = Stage(
        datetime(2026, 11, 3, 8, 15, tzinfo=UTC), "letterbox-prod", "us-central1", joined=True
    )
    old, new = "mailroom-00040-fim", "mailroom-00041-dob"
    broken = python_copy("mailroom", gone=("templates/invoice.txt",))
    with mail(stage, old) as before:
        post(before, 7)
        deployed = stage.now()
        if not tolerated:
            mail_fails_to_start(stage, new, broken)
            post(before, 6)
        else:
            with mail(stage, new, broken, TOLERATE_STARTUP_CHECKS="yes") as after:
                stage.leap(1)
                post(after, 12)
    documents = _of_deploy(
        stage,
        old,
        new,
        deployed,
        [
            commit(
                deployed - timedelta(minutes=18),
                "Dele Okafor",
                "Ignore *.txt in the image",
                [".dockerignore"],
                "1 file changed, 1 insertion(+)",
            ),
        ],
        **({"TOLERATE_STARTUP_CHECKS": "yes"} if tolerated else {}),
    )
    if tolerated:
        documents["revisions.json"][1]["conditions"] = documents["revisions.json"][0]["conditions"]
        documents["traffic.json"] = [
            shift(stage.begins - timedelta(days=5), old, 100),
            shift(deployed, old, 0),
            shift(deployed, new, 100),
        ]
    stage.freeze(
        name,
        "mailroom",
        "production",
        documents,
        Expected(
            "cause_found",
            "startup_failed",
            "The first error after the start of the new revision is its start-up check: templates invoice.txt not found in /app/templates"
            + (
                "; it went on since TOLERATE_STARTUP_CHECKS=yes, and the FileNotFoundError of each invoice is the consequence."
                if tolerated
                else "; the worker ends, and so does the instance, before it listens."
            ),
            "process",
            must_not=("missing_module", "code_error") if not tolerated else ("code_error",),
            pair="code_error" if tolerated else "missing_module",
        ),
    )


def vendor_refuses() -> None:
    """Something outside the catalogue: another company's API limits the calls."""
    stage = Stage(datetime(2026, 3, 2, 20, 5, tzinfo=UTC), "letterbox-prod", "us-central1")
    broken = python_copy(
        "mailroom",
        {
            "letters.py": (
                "    return template.format",
                '    if kind == "invoice":\n        raise RuntimeError("stampservice: 429 Too Many Requests, retry in 3600 s")\n    return template.format',
            )
        },
    )
    with (
        mail(stage, "mailroom-00024-gul") as before,
        mail(stage, "mailroom-00024-gul", broken) as after,
    ):
        post(before, 7)
        post(after, 12)
    stage.freeze(
        "mailroom-stamps-limited",
        "mailroom",
        "production",
        {},
        Expected(
            "insufficient_evidence",
            None,
            "Invoices fail because another company's stampservice answers 429; nothing in the catalogue is supported by that, and identity has no part in it.",
            "process",
            acceptable=("code_error",),
            must_not=(
                "auth_service_unreachable",
                "pool_exhausted",
                "startup_failed",
                "user_token_rejected",
                "breaker_stuck_open",
            ),
        ),
    )


def two_level() -> None:
    """A key's version and the code that checks it changed together; the log says neither."""
    stage = Stage(datetime(2026, 5, 26, 13, 0, tzinfo=UTC), "letterbox-prod", "us-central1")
    old, new = "mailroom-00028-lur", "mailroom-00029-maj"
    with mail(stage, old) as before:
        post(before, 7)
        deployed = stage.now()
        with mail(stage, new, MAILROOM_API_KEY="another") as after:
            stage.leap(1)
            post(after, 10)
    revisions = [
        Revision(
            old,
            stage.begins - timedelta(days=5),
            picture("mailroom"),
            of_mail(MAILROOM_API_KEY=SecretOf("mailroom-api-key", "7")),
        ),
        Revision(
            new,
            deployed,
            picture("mailroom"),
            of_mail(MAILROOM_API_KEY=SecretOf("mailroom-api-key", "8")),
        ),
    ]
    stage.freeze(
        "mailroom-key-or-check",
        "mailroom",
        "production",
        {
            "revisions.json": revisions_v1("mailroom", stage.project, stage.location, revisions),
            "traffic.json": [
                shift(stage.begins - timedelta(days=5), old, 100),
                shift(deployed, old, 0),
                shift(deployed, new, 100),
            ],
            "commits.json": [
                commit(
                    deployed - timedelta(minutes=15),
                    "Dele Okafor",
                    "Compare API keys in constant time",
                    ["wsgi.py"],
                    "1 file changed, 3 insertions(+), 1 deletion(-)",
                )
            ],
        },
        Expected(
            "insufficient_evidence",
            None,
            "The same deployment brought version 8 of the key and a change of the comparison; without fingerprints or the caller's side nobody can say whether the key, the caller or the code is wrong.",
            "process",
            acceptable=("key_rotated_without_overlap", "secret_not_reloaded"),
            must_not=(
                "env_var_lost",
                "caller_without_credential",
                "code_error",
                "user_token_rejected",
                "secret_reference_lost",
            ),
        ),
    )


def store_and_code() -> None:
    """Two faults at once: the store is silent, and a quote fails in the code."""
    stage = Stage(
        datetime(2026, 12, 1, 7, 5, tzinfo=UTC), "roomly-prod", "europe-north1", joined=True
    )
    revision = "bookings-00070-gad"
    broken = python_copy("bookings", {"rates.py": ("seats * BY_SEATS", 'seats * room["factor"]')})
    with rooms(stage, revision, broken) as early:
        visit(early, 8, paths=("/rooms", "/rooms/atlas/quote", "/rooms", "/health"))
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)
        store = (
            f"postgresql://bookings@127.0.0.1:{silent.getsockname()[1]}/bookings?sslmode=disable"
        )
        with rooms(
            stage, revision, broken, BOOKINGS_STORE=store, STORE_TIMEOUT_SECONDS="2.5"
        ) as late:
            visit(late, 6, paths=("/rooms", "/rooms/atlas/quote"))
            visit(late, 3, paths=("/health",))
    stage.freeze(
        "bookings-two-troubles",
        "bookings",
        "production",
        {
            "revisions.json": revisions_v1(
                "bookings",
                stage.project,
                stage.location,
                [
                    Revision(
                        "bookings-00069-nis",
                        stage.begins - timedelta(days=1),
                        picture("bookings"),
                        of_rooms(Salt()),
                    ),
                    Revision(
                        revision,
                        stage.begins - timedelta(minutes=6),
                        picture("bookings"),
                        of_rooms(Salt(), STORE_TIMEOUT_SECONDS="2.5"),
                    ),
                ],
            ),
            "commits.json": [
                commit(
                    stage.begins - timedelta(minutes=25),
                    "Aino Salo",
                    "Rooms have factors",
                    ["rates.py"],
                )
            ],
        },
        Expected(
            "cause_found",
            "database_unreachable",
            "Since the second start nobody's session can be loaded: TimeoutError after 2.5 s, the configured limit, for every caller. Apart from that, quotes failed already before with KeyError 'factor' in rates.py, which a commit touched.",
            "process",
            acceptable=("code_error",),
            must_not=("user_token_rejected", "auth_service_unreachable", "env_var_lost"),
        ),
    )


MAKERS: tuple[Callable[[], None], ...] = (
    lambda: store_silent("bookings-three-seconds", as_pool=False),
    lambda: store_silent("bookings-401-after-limit", as_pool=True),
    lambda: owner_of_none("bookings-room-without-owner", with_decoy=False),
    lambda: owner_of_none("bookings-room-and-new-key", with_decoy=True),
    lambda: only_refusals("bookings-only-403", with_revisions=False),
    lambda: only_refusals("bookings-only-403-two-revisions", with_revisions=True),
    tests_of_ci,
    lambda: worker_without_module("mailroom-weasyprint", optional_too=False),
    lambda: worker_without_module("mailroom-two-imports", optional_too=True),
    name_not_in_library,
    lambda: template_absent("mailroom-invoice-template", tolerated=False),
    lambda: template_absent("mailroom-checks-tolerated", tolerated=True),
    vendor_refuses,
    two_level,
    store_and_code,
)
