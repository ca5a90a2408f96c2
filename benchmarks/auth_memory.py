"""What memory the auth service holds: the real program, after a migration and without one.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/auth_memory.py`.
Services get tokens over 32 connections the while; then people register besides, eight at once.
"""

import asyncio
import secrets
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx2
from client_credentials import CLIENT, free_port, listening, resident_megabytes
from http_load import load, post

from fakes.environments import auth_environment, service_registry
from netra.wire.auth_api import USERS_PATH

_CONNECTIONS: Final = 32
_REGISTRATIONS: Final = 40
_AT_ONCE: Final = 8
_SECONDS: Final = 6.0


@contextmanager
def served(environment: dict[str, str], port: int, *arguments: str) -> Iterator[int]:
    """Run the service; give its process id."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "netra_auth.main", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        asyncio.run(listening(port))
        yield process.pid
    finally:
        process.terminate()
        process.wait()


async def memory(port: int, pid: int, grant: bytes) -> str:
    """Say what the process holds while it gives tokens, and while it hashes passwords besides."""
    serving = asyncio.create_task(load(port, grant, connections=_CONNECTIONS, seconds=_SECONDS))
    tokens = await _most_resident(pid, asyncio.sleep(_SECONDS / 2))
    hashing = await _most_resident(pid, _register(port))
    await serving
    return (
        f"{tokens:.0f} MB under load, {hashing:.0f} MB while passwords are hashed as well,"
        f" {resident_megabytes(pid):.0f} MB after that;"
        f" {resident_megabytes(pid, 'VmHWM'):.0f} MB at most"
    )


async def _most_resident(pid: int, work: Coroutine[Any, Any, None]) -> float:
    doing, most = asyncio.create_task(work), 0.0
    while not doing.done():
        most = max(most, resident_megabytes(pid))
        await asyncio.sleep(0.005)
    await doing
    return most


async def _register(port: int) -> None:
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:

        async def several() -> None:
            for _ in range(_REGISTRATIONS // _AT_ONCE):
                name = secrets.token_hex(8)
                person = {"email": f"{name}@example.org", "password": secrets.token_urlsafe()}
                (await http.post(USERS_PATH, json=person)).raise_for_status()

        await asyncio.gather(*(several() for _ in range(_AT_ONCE)))


def main() -> None:
    secret = secrets.token_urlsafe(32)
    basic = {"Authorization": f"Basic {b64encode(f'{CLIENT}:{secret}'.encode()).decode()}"}
    grant = post(
        "/token", "grant_type=client_credentials&scope=profile%3Aread%20sessions%3Aopen", basic
    )
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = auth_environment(
            PORT=str(port),
            ISSUER_URL=f"http://127.0.0.1:{port}",
            REQUEST_LIMIT_FACTOR="100",
            DATABASE_URL=f"sqlite+aiosqlite:///{folder}/auth.db",
            SERVICE_REGISTRY=service_registry({CLIENT: secret}),
        )
        for what, arguments in (("after a migration", ("--migrate",)), ("without one", ())):
            with served(environment, port, *arguments) as pid:
                print(f"{what}: {asyncio.run(memory(port, pid, grant))}")


if __name__ == "__main__":
    main()
