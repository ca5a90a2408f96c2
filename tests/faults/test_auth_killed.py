"""An auth service that dies again and again while people chat."""

import asyncio
from pathlib import Path
from typing import Final

import pytest

from fakes.both_processes import both_processes
from fakes.timing import UNIT
from fakes.visitors import visiting
from netra.wire.chat_protocol import EventName

pytestmark = [pytest.mark.live, pytest.mark.long]

KILLS: Final = 5
PEOPLE: Final = 4


async def test_who_is_logged_in_is_answered_while_the_auth_service_is_dead(
    store: Path, tmp_path: Path, packages: list[Path]
) -> None:
    """Good tokens stay good, nothing is lost, and tokens it was just giving out are whole or none.

    After each death: people log in anew, sessions go on by their refresh token, and the backend
    proves its own credential.
    """
    path = tmp_path / "stamps.jsonl"
    async with (
        both_processes(tmp_path, store, packages) as both,
        visiting(both.people, [both.backend.url], path, PEOPLE) as visitors,
    ):
        person = visitors.everyone[0].person
        tokens = await both.people.tokens_of(person)
        for _ in range(KILLS):
            await visitors.ask()
            renewing = asyncio.create_task(both.people.refresh(tokens["refresh_token"]))
            await visitors.random_moment()
            await both.auth.kill()
            await asyncio.wait((renewing,))
            await visitors.served_again(within=20 * UNIT)
            await both.auth.start()
            answer = await both.people.refresh(tokens["refresh_token"])
            if renewing.exception() is None:
                tokens = renewing.result().raise_for_status().json()
                answer = await both.people.refresh(tokens["refresh_token"])
            tokens = answer.raise_for_status().json()
            assert (await both.people.tokens_of(person))["access_token"]
        await visitors.ended()

        await visitors.check(both.backend.url)
    visitors.check_once_by_each_process()
    assert set(visitors.ends()) == {EventName.AGENT_COMPLETED}
