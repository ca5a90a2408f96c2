"""A front that does not run yet, and where its service is to be reached."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from fakes.front import stopped_at_end
from fakes.service_process import free_port
from fakes.timing import UNIT
from netra_ops.platform.local.front.front import Front


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """Give a front in a folder of its own; it is stopped at the end."""
    with stopped_at_end(tmp_path / "front") as front:
        yield front


@pytest.fixture
def port() -> int:
    """Give where the service is to be reached."""
    return free_port()


@pytest.fixture
async def client(port: int) -> AsyncIterator[httpx2.AsyncClient]:
    """Give a client of the service that keeps its connection."""
    base = f"http://127.0.0.1:{port}"
    async with httpx2.AsyncClient(base_url=base, trust_env=False, timeout=10 * UNIT) as client:
        yield client
