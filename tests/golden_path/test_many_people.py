"""A hundred people at once, on two devices each: all are answered, and hear only their own."""

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import msgspec
import pytest

from fakes.backend_process import both_services
from fakes.chat_client import ChatClient
from fakes.running_auth import Person
from fakes.timing import UNIT, eventually
from netra.ids import random_token
from netra.wire.chat_protocol import EventName
from netra_ops.validation.chat import QUESTION
from netra_ops.validation.run_events import golden_flaw, member, run_flaw, said_by_tool

pytestmark = [pytest.mark.live, pytest.mark.long]

PEOPLE: Final = 100
MESSAGES: Final = 4
_USER_ID: Final = re.compile(r"usr_[0-9a-z]{26}")
_MARK: Final = re.compile(r"mark-[0-9a-z]{12}")


class Visitor:
    """A person with two devices and a word that nobody else has."""

    def __init__(self, person: Person, url: str, token: str) -> None:
        self.person = person
        self.mark = f"mark-{re.sub('[^0-9a-z]', '0', random_token().lower())[:12]}"
        self.devices = (ChatClient(url, token), ChatClient(url, token))

    @property
    def questions(self) -> list[str]:
        """What is asked: after the first, answers come from the person's own records."""
        return [
            f"{self.mark} is my secret word",
            QUESTION,
            f"search my messages for {self.mark}",
            "list my threads",
        ][:MESSAGES]

    async def talk(self) -> None:
        """Say everything, by one device and the other in turn, and wait for each answer."""
        for number, question in enumerate(self.questions):
            device = self.devices[number % 2]
            client_id = await device.say(question)
            await eventually(lambda: device.has_ended(client_id), within=60 * UNIT)  # noqa: B023 - asked within the round
        last = max(device.seq for device in self.devices)
        await eventually(lambda: all(d.seq == last for d in self.devices), within=10 * UNIT)

    @property
    def heard(self) -> str:
        """Everything that came to either device, as text."""
        return msgspec.json.encode([device.events for device in self.devices]).decode()


async def test_a_hundred_people_at_once_are_answered_and_kept_apart(folder: Path) -> None:
    """All runs complete, both devices hear the same, and nothing of anybody else's."""
    async with both_services(folder) as (auth, backend), AsyncExitStack() as stack:
        people = await asyncio.gather(*(auth.registered_person() for _ in range(PEOPLE)))
        tokens = await asyncio.gather(*(auth.tokens_of(person) for person in people))
        visitors = [
            Visitor(person, backend.url, token["access_token"])
            for person, token in zip(people, tokens, strict=True)
        ]
        devices = [device for visitor in visitors for device in visitor.devices]
        for device in devices:
            await stack.enter_async_context(device.online())
        await asyncio.gather(*(visitor.talk() for visitor in visitors))

    assert {device.connections for device in devices} == {1}
    assert [flaw for device in devices for flaw in device.flaws] == []
    assert [refused for device in devices for refused in device.refusals] == []
    for visitor in visitors:
        _check(visitor)


def _check(visitor: Visitor) -> None:
    one, other = visitor.devices
    assert one.events == other.events
    runs = {a.run_id for device in visitor.devices for a in device.accepted.values()}
    assert {event.run_id for event in one.events} == runs
    assert len(runs) == MESSAGES
    for device in visitor.devices:
        for client_id in device.said:
            run = device.run_of(client_id)
            assert run_flaw(run) is None
            assert run[-1].type is EventName.AGENT_COMPLETED
            assert member(run[0], "client_id") == client_id
            if device.said[client_id].text == QUESTION:
                assert golden_flaw(run) is None
                assert visitor.person.user_id in said_by_tool(run)
    assert set(_USER_ID.findall(visitor.heard)) == {visitor.person.user_id}
    assert set(_MARK.findall(visitor.heard)) == {visitor.mark}
