"""Operators ask about the installation they are in, with both services as real processes."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.chat_socket import ChatSocket, chat_socket
from fakes.installation import Installation
from fakes.timing import UNIT
from netra.wire.chat_protocol import TERMINAL, EventName, RunEvent

pytestmark = pytest.mark.live

PASSWORD: Final = "correct horse battery staple"
OPERATOR: Final = "operator@example.org"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that runs, with an operator."""
    installation = Installation(tmp_path_factory.mktemp("running") / "state")
    started = installation.up()
    assert started.returncode == 0, started.stderr
    added = installation.run(
        *("users", "add", OPERATOR, "--password-stdin", "--role", "operator"), stdin=PASSWORD
    )
    assert added.returncode == 0, added.stderr
    yield installation
    installation.end()


async def answered(chat: ChatSocket, text: str) -> tuple[list[EventName], str]:
    """Ask the operators' agent, and give the tools' events and the answer."""
    accepted = await chat.say(text, agent="operator")
    async with asyncio.timeout(120 * UNIT):
        while True:
            events = [event for event in chat.events if event.run_id == accepted.run_id]
            if events and events[-1].type in TERMINAL:
                return [e.type for e in events if "tool" in e.type], _text(events[-1])
            try:
                await chat.next()
            except TimeoutError:
                continue


def _reports(installation: Installation) -> list[Path]:
    return list((installation.state / "asked").glob("*/report.html"))


def _text(event: RunEvent) -> str:
    payload: Any = event.payload
    return str(payload.get("text", payload))


async def test_an_operator_asks_about_the_installation(running: Installation) -> None:
    """What serves, whether anything is wrong, and what the logs say, of this very installation."""
    token = running.run("token", "--email", OPERATOR, "--password-stdin", stdin=PASSWORD).stdout
    url = running.status()["url"]
    async with chat_socket(url, token.strip()) as chat:
        await chat.resume()
        _, serving = await answered(chat, "What serves?")
        tools, diagnosis = await answered(chat, "What is wrong? Diagnose the last hour.")
        _, logs = await answered(chat, "What happened in the logs?")

    assert "**netra-backend**: 100 % netra-backend-00001-" in serving
    assert "does not run" not in serving
    assert tools == [EventName.TOOL_EXECUTING, EventName.TOOL_COMPLETED]
    assert diagnosis.startswith("**"), diagnosis
    assert "Cause found" not in diagnosis
    found = re.search(r"The report: `([^`]+)`", diagnosis)
    assert found is not None
    assert Path(found[1]) in _reports(running)
    assert "The evidence, of the last 1,440 minutes: `" in logs
    for secret in (running.env("netra-backend"), running.env("netra-auth")):
        for name in ("SERVICE_SECRET", "KEYRING_ENCRYPTION_KEY"):
            assert secret.get(name, "no such secret") not in serving + diagnosis + logs
