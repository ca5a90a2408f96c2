"""Work that one process of a database does at a time.

On PostgreSQL a session lock says so, on SQLite a locked file beside it; either ends with the
process, however it dies. If the session is lost meanwhile, another process may begin: the work must
bear that.
"""

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url

from netra.secret import Secret
from netra_backend.app.db.engine import open_engine
from netra_backend.app.db.outage import outage_translated

_TRY: Final = "SELECT pg_try_advisory_lock($1)"


@asynccontextmanager
async def alone_at(url: Secret, work: str) -> AsyncIterator[bool]:
    """Say whether no other process does a piece of work, and keep it so until the block ends.

    Args:
        url: The database.
        work: The name of the work.

    Raises:
        DatabaseUnavailable: The database, or its folder, does not answer.
    """
    address = make_url(url.reveal())
    if address.get_backend_name() == "sqlite":
        file = Path(str(address.database))
        with outage_translated():
            descriptor = os.open(
                file.with_name(f"{file.name}-{work}"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        try:
            yield _is_locked(descriptor)
        finally:
            os.close(descriptor)
        return
    engine = open_engine(url, pool_size=1)
    try:
        with outage_translated():
            connection = await engine.connect()
        try:
            with outage_translated():
                driver: Any = (await connection.get_raw_connection()).driver_connection
                is_alone = bool(await driver.fetchval(_TRY, _key(work)))
            yield is_alone
        finally:
            # The lock ends with its session.
            with outage_translated():
                await connection.invalidate()
                await connection.close()
    finally:
        await engine.dispose()


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _key(work: str) -> int:
    digest = blake2b(b"work:" + work.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
