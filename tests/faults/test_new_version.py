"""Runs that are in flight when their backend comes back with other code."""

from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from fakes import slow_agent
from fakes.backend_process import both_services
from fakes.timing import UNIT, eventually
from fakes.visitors import Visitors, visiting
from netra.wire.chat_protocol import EventName

pytestmark = [pytest.mark.live, pytest.mark.long]

PEOPLE: Final = 4
CALLS: Final = 3


async def test_the_next_version_goes_on_with_the_runs_of_the_last(
    store: Path, tmp_path: Path, packages: list[Path]
) -> None:
    """What was done is kept, what is new is done once, and everything is answered."""
    path = tmp_path / "stamps.jsonl"
    async with (
        both_services(tmp_path, packages, store=store) as (auth, backend),
        visiting(auth, [backend.url], path, PEOPLE) as visitors,
    ):
        await _asked_and_begun(visitors)
        await backend.kill()
        slow_agent.upgraded(packages[0])
        await backend.start()
        await visitors.served_again(within=20 * UNIT)
        await visitors.ended()

        await visitors.check(backend.url)
    visitors.check_once_by_each_process()
    assert set(visitors.ends()) == {EventName.AGENT_COMPLETED}
    assert visitors.taken_over() > 0
    calls = Counter(s.mark for s in {(s.mark, s.call): s for s in slow_agent.stamps(path)}.values())
    assert max(calls.values()) == CALLS + 1


async def test_runs_of_an_agent_that_is_gone_end_and_say_so(
    store: Path, tmp_path: Path, packages: list[Path]
) -> None:
    """Nobody waits for an agent that the next version does not have."""
    path = tmp_path / "stamps.jsonl"
    async with (
        both_services(tmp_path, packages, store=store) as (auth, backend),
        visiting(auth, [backend.url], path, PEOPLE) as visitors,
    ):
        await _asked_and_begun(visitors)
        await backend.kill()
        slow_agent.uninstalled(packages[0])
        await backend.start()
        await visitors.ended(within=20 * UNIT)

        await visitors.check(backend.url)
    assert visitors.ends()[EventName.AGENT_FAILED] > 0


async def _asked_and_begun(visitors: Visitors) -> None:
    """Let everyone ask, and wait until somebody's tool was used and everything was accepted."""
    await visitors.ask()
    await eventually(
        lambda: (
            any(v.heard_done for v in visitors.everyone)
            and all(len(v.client.accepted) == len(v.client.said) for v in visitors.everyone)
        ),
        within=20 * UNIT,
    )
    assert visitors.are_waiting
