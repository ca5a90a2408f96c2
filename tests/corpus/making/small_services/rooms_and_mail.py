"""How two small Python services are run: bookings (FastAPI, uvicorn) and mailroom (gunicorn).

They need an environment of their own; the variable INCIDENT_PYTHON names its interpreter.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from corpus.making.code_copies import python_copy
from corpus.making.freezing import Salt, hex_id
from corpus.making.platform_documents import (
    SecretOf,
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
