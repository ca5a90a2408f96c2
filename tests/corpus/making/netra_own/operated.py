"""What incidents of Netra's own services are staged with: other stores, other code, deployments."""

import asyncio
import secrets
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from corpus.making.netra_own.installed import BACKEND, Own, installed
from corpus.making.stage import free_port

from architecture.house import ROOT
from fakes.postgres import PostgresServer, running_postgres

DEPLOY = ("--steps", "50,100", "--hold", "1", "--bake", "0.5", "--min-requests", "4")


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
