"""What a service's token costs: beside Authlib's server core, on one machine and in one run.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/client_credentials.py`.
Both servers keep SQLite files in WAL mode, sign ES256 and commit an audit row per token; ours logs
two events per request besides.
"""

import argparse
import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from http_load import Load, answer_to, load, post

from fakes.serving import listening_socket
from netra.secret import Secret
from netra_auth.store.engine import Database
from netra_auth.store.migrations.upgrade import upgrade_to_head

CLIENT: Final = "netra-backend"
FOLDER: Final = Path(__file__).parent
_CONNECTIONS: Final = 32
_MORE_CONNECTIONS: Final = 64
_ROUNDS: Final = 3
_START_SECONDS: Final = 30


def free_port() -> int:
    with listening_socket() as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def running(script: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """Run a server of this folder; give its port and process id."""
    port = free_port()
    command = [sys.executable, str(FOLDER / script), str(port), *arguments]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - our own scripts
        try:
            asyncio.run(listening(port))
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


async def listening(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def resident_megabytes(pid: int, what: str = "VmRSS") -> float:
    """Give the memory a process holds, or (VmHWM) the most it ever held."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024


async def migrated(url: str) -> str:
    database = Database(Secret(url))
    await upgrade_to_head(database)
    await database.close()
    return url


def measured(port: int, request: bytes, seconds: float, connections: int = _CONNECTIONS) -> Load:
    return asyncio.run(load(port, request, connections=connections, seconds=seconds))


def told(what: str, found: Load) -> None:
    print(
        f"{what:<52} {found.per_second:8.0f}/s   median {found.median:6.2f} ms"
        f"   p99 {found.p99:6.2f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4.0, help="per measurement")
    parser.add_argument("--database-url", help="ours on another store, such as PostgreSQL")
    arguments = parser.parse_args()
    secret = secrets.token_urlsafe(32)
    basic = {"Authorization": f"Basic {b64encode(f'{CLIENT}:{secret}'.encode()).decode()}"}
    grant = post(
        "/token", "grant_type=client_credentials&scope=profile%3Aread%20sessions%3Aopen", basic
    )
    with tempfile.TemporaryDirectory() as folder:
        url = arguments.database_url or f"sqlite+aiosqlite:///{folder}/ours.db"
        ours_url = asyncio.run(migrated(url))
        with (
            running("auth_service.py", ours_url, secret) as (ours, _),
            running("authlib_service.py", f"{folder}/peer.db", secret) as (peer, _),
        ):
            for port in (ours, peer):
                measured(port, grant, 1)
            for connections in (_CONNECTIONS, _MORE_CONNECTIONS):
                client_credentials(ours, peer, grant, arguments.seconds, connections)
            introspection(ours, grant, basic, arguments.seconds)


def client_credentials(
    ours: int, peer: int, grant: bytes, seconds: float, connections: int
) -> None:
    ratios = []
    for _ in range(_ROUNDS):
        by_us = measured(ours, grant, seconds, connections)
        by_peer = measured(peer, grant, seconds, connections)
        told("client_credentials, audited and chained", by_us)
        told("the same on Authlib's core in a thread pool", by_peer)
        ratios.append(by_us.per_second / by_peer.per_second)
    print(
        f"client_credentials: x{median(ratios):.2f} of Authlib's throughput"
        f" over {connections} connections"
    )


def introspection(port: int, grant: bytes, basic: dict[str, str], seconds: float) -> None:
    token = json.loads(asyncio.run(answer_to(port, grant)))["access_token"]
    asked = post("/introspect", f"token={token}", basic)
    by_secret = post("/empty/client", f"token={token}", basic)
    by_token = post("/empty/token", "", {"Authorization": f"Bearer {token}"})
    ratios: dict[str, list[float]] = {"secret": [], "token": []}
    for _ in range(_ROUNDS):
        found = measured(port, asked, seconds)
        told("introspection, audited and chained", found)
        for name, request in (("secret", by_secret), ("token", by_token)):
            empty = measured(port, request, seconds)
            told(f"an empty route, authenticated by {name}", empty)
            ratios[name].append(empty.per_second / found.per_second)
    for name, several in ratios.items():
        print(f"introspection: x{median(several):.2f} of an empty route authenticated by {name}")


if __name__ == "__main__":
    main()
