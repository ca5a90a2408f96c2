"""One running auth service per test, with a clock that the test moves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fakes.clock import ManualClock
from fakes.running_auth import RunningAuth, running_auth_service


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still until it is moved."""
    return ManualClock()


@pytest.fixture
async def auth(tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningAuth]:
    """Run the real service on a real socket and a real SQLite file."""
    async with running_auth_service(tmp_path, clock=clock) as running:
        yield running
