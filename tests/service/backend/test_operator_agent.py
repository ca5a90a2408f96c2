"""The operators' agent in the chat: for operators by the policy, and for nobody else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from fakes.chat_socket import ChatSocket, chat_socket
from fakes.log_lines import LogLines
from fakes.running_backend import RunningBackend, backend_settings, running_backend
from fakes.timing import UNIT
from netra.principal import Role
from netra.wire.chat_protocol import TERMINAL, EventName, Failed, RunEvent, SendMessage

INCIDENT: Final = (
    Path(__file__).parents[2] / "corpus" / "incidents" / "tuning" / "critical-auth-failure-flood"
)
QUESTION: Final = "Why are service calls failing?"


@pytest.fixture
async def backend(store: Path) -> AsyncIterator[RunningBackend]:
    """Run the backend with a prepared incident to be asked about."""
    settings = backend_settings(store, OPERATIONS_BUNDLE=str(INCIDENT))
    async with running_backend(store, settings=settings) as running:
        yield running


def operator_token(backend: RunningBackend) -> str:
    """Give an operator's token."""
    return backend.issuer.user_token(
        "usr_olga", session_id="ses_olga", roles=frozenset({Role.OPERATOR})
    )


async def ending(chat: ChatSocket, run_id: str) -> RunEvent:
    """Hear until the run ends; the look itself takes longer than a frame usually does."""
    async with asyncio.timeout(90 * UNIT):
        while True:
            for event in chat.events:
                if event.run_id == run_id and event.type in TERMINAL:
                    return event
            try:
                await chat.next()
            except TimeoutError:
                continue


async def test_an_operator_is_told_the_cause_with_its_evidence(
    backend: RunningBackend, logged: LogLines
) -> None:
    """In the chat an operator asks and gets the diagnosis by one tool, told in the log."""
    async with chat_socket(backend.url, operator_token(backend)) as chat:
        ready = await chat.resume()
        accepted = await chat.say(QUESTION, agent="operator")
        last = await ending(chat, accepted.run_id)

    assert ready.agents == ("assistant", "operator")
    names = [event.type for event in chat.events if event.type is not EventName.TEXT_DELTA]
    assert names == [
        EventName.AGENT_STARTED,
        EventName.AGENT_THINKING,
        EventName.TOOL_EXECUTING,
        EventName.TOOL_COMPLETED,
        EventName.AGENT_COMPLETED,
    ]
    payload: Any = last.payload
    assert "`caller_without_credential`" in payload["text"]
    assert "`logs.ndjson:" in payload["text"]
    (told,) = [line for line in logged.all() if line["event"] == "operations_looked"]
    assert (told["user_id"], told["what"], told["outcome"]) == ("usr_olga", "diagnosis", "found")


async def test_a_plain_person_neither_sees_it_nor_can_ask_it(backend: RunningBackend) -> None:
    """Without the role it is not listed, and asking it by name is as asking for any other name."""
    async with chat_socket(backend.url, backend.issuer.user_token()) as chat:
        ready = await chat.resume()
        refusals = []
        for number, agent in enumerate(("operator", "nobody")):
            said = SendMessage(client_id=f"cli_0000000{number}", text=QUESTION, agent=agent)
            await chat.send(said)
            refusals.append(await chat.hear(Failed))

    assert ready.agents == ("assistant",)
    assert [(one.code, one.message) for one in refusals] == [
        ("not_found", "There is no agent of this name.")
    ] * 2
    assert chat.events == []


async def test_the_assistant_answers_an_operator_who_names_nobody(backend: RunningBackend) -> None:
    """Who may ask more agents is still answered by the same one by default."""
    async with chat_socket(backend.url, operator_token(backend)) as chat:
        await chat.resume()
        accepted = await chat.say("who am I")
        last = await chat.hear_end(accepted.run_id)

    assert last.agent_name == "assistant"
