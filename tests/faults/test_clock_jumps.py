"""A backend whose clock is wrong for a while, in either direction."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from fakes import slow_agent
from fakes.running_auth import SERVICE_SECRETS, running_auth_service
from fakes.running_backend import backend_settings, running_backend
from fakes.timing import UNIT
from fakes.visitors import visiting
from netra.clock import SystemClock
from netra_backend.app.agents.catalogue import AgentCatalogue

pytestmark = [pytest.mark.live, pytest.mark.long]

PEOPLE: Final = 4
ROUNDS: Final = 4


class JumpingClock(SystemClock):
    """The machine's clock, set wrong by some seconds; what counts only forward is right."""

    def __init__(self) -> None:
        self.wrong_by = 0.0

    def timestamp(self) -> float:
        """Give the wrong time."""
        return super().timestamp() + self.wrong_by


@pytest.mark.parametrize("seconds", [12, 7200, -7200])
async def test_a_clock_that_jumps_there_and_back_loses_and_doubles_nothing(
    store: Path, tmp_path: Path, seconds: int
) -> None:
    """Tokens are judged by the wrong time, so people may be told to come back; no run suffers."""
    path = tmp_path / "stamps.jsonl"
    clock = JumpingClock()
    agents = AgentCatalogue({slow_agent.NAME: slow_agent.PACKAGE})
    async with running_auth_service(tmp_path) as auth:
        settings = backend_settings(
            store, AUTH_SERVICE_URL=auth.url, SERVICE_SECRET=SERVICE_SECRETS["netra-backend"]
        )
        async with (
            running_backend(
                store, settings=settings, clock=clock, catalogue=agents, fetches_keys=True
            ) as backend,
            visiting(auth, [backend.url], path, PEOPLE) as visitors,
        ):
            for _ in range(ROUNDS):
                await visitors.ask()
                await visitors.random_moment()
                clock.wrong_by = seconds
                await visitors.ask()
                await asyncio.sleep(UNIT)
                clock.wrong_by = 0
                await visitors.served_again(within=30 * UNIT)
            await visitors.ended()

            await visitors.check(backend.url)
