"""Backends that die at any moment: each message ends in one answer or one honest failure.

Both services are real; the backend is a process that is killed (signal 9) in the middle of runs.
"""

from pathlib import Path
from typing import Final

import pytest

from fakes.backend_process import both_services
from fakes.timing import UNIT, eventually
from fakes.visitors import visiting
from netra.wire.chat_protocol import EventName

pytestmark = [pytest.mark.live, pytest.mark.long]

KILLS: Final = 16
"""So many processes die with a run that was accepted and has not ended."""
PEOPLE: Final = 6


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_lost_or_doubled_by_kills(
    store: Path, tmp_path: Path, packages: list[Path], seed: int
) -> None:
    """Numbers are gapless, runs whole, answers stored once, and no finished step is redone."""
    path = tmp_path / "stamps.jsonl"
    async with (
        both_services(tmp_path, packages, store=store) as (auth, backend),
        visiting(auth, [backend.url], path, PEOPLE, seed=seed) as visitors,
    ):
        rounds = into_runs = 0
        while into_runs < KILLS:
            rounds += 1
            assert rounds <= 2 * KILLS, f"only {into_runs} kills fell into a run"
            await visitors.ask()
            await visitors.random_moment()
            into_runs += visitors.are_waiting
            await backend.kill()
            await backend.start()
        await visitors.ended()

        await visitors.check(backend.url)
    visitors.check_once_by_each_process()
    assert visitors.taken_over() >= KILLS // 3, "too few kills fell into a run"
    ends = visitors.ends()
    assert ends.total() == rounds * PEOPLE
    # A run that was killed again and again before its next step may give up, and say so.
    assert ends[EventName.AGENT_COMPLETED] > ends[EventName.AGENT_FAILED], ends


async def test_a_stop_in_the_middle_of_runs_loses_nothing(
    store: Path, tmp_path: Path, packages: list[Path]
) -> None:
    """Told to end, the backend says 1012, ends well, and its successor goes on with the runs."""
    path = tmp_path / "stamps.jsonl"
    async with (
        both_services(tmp_path, packages, store=store) as (auth, backend),
        visiting(auth, [backend.url], path, 1) as visitors,
    ):
        [visitor] = visitors.everyone
        for _ in range(3):
            await visitor.ask(path)
            await visitor.ask(path)
            begun = len(visitor.heard_done)
            await eventually(lambda: len(visitor.heard_done) > begun, within=20 * UNIT)  # noqa: B023 - asked within the round
            assert await backend.stop() == 0
            await backend.start()
        await visitors.ended()

        await visitors.check(backend.url)
    visitors.check_once_by_each_process()
    assert visitor.client.closes[:3] == [1012, 1012, 1012]
