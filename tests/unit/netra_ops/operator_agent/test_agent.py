"""The operators' agent without a language model: intents, tools, replies, and what it costs."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from fakes.agent_run import FakeRun
from fakes.clock import ManualClock
from fakes.log_lines import log_lines
from fakes.own_records import FakeRecords
from netra.agent_api import Asker, Question, Surroundings
from netra.policy import CredentialMethod, permissions_of
from netra.principal import Role, UserPrincipal
from netra.wire.chat_protocol import EventName
from netra_ops.operator_agent.package import PACKAGE

TUNING: Final = Path(__file__).parents[3] / "corpus" / "incidents" / "tuning"
INCIDENT: Final = TUNING / "critical-auth-failure-flood"
CAUSE: Final = "caller_without_credential"
SIMPLE: Final = [
    EventName.AGENT_THINKING,
    EventName.TOOL_EXECUTING,
    EventName.TOOL_COMPLETED,
    EventName.TEXT_DELTA,
]
LIGHT: Final = """
import sys
import netra.agent_api, netra.telemetry.log_events, netra_ops
before = set(sys.modules)
import netra_ops.operator_agent.package
print(sorted(
    name for name in set(sys.modules) - before
    if name.startswith(("netra_ops", "yaml", "rich", "typer", "httpx2", "zstandard"))
))
"""


def asker(*roles: Role) -> Asker:
    """Give somebody who asks over a socket."""
    who = UserPrincipal(
        "usr_olga", "ses_olga", "netra-chat", frozenset(), frozenset(roles), "tok_olga", 2e9
    )
    return Asker(who, frozenset(permissions_of(who, CredentialMethod.SUBPROTOCOL)))


async def asked(
    text: str, surroundings: Surroundings, who: Asker | None = None
) -> tuple[FakeRun, str]:
    """Ask, and give the run with the answer."""
    agent = PACKAGE.placed(surroundings).make("operator", who or asker(Role.OPERATOR))
    run = FakeRun(agent, Question(text, "thr_1", "msg_1"), FakeRecords(), ManualClock())
    answer = await run.answered()
    assert run.shown == answer
    return run, answer


async def test_it_diagnoses_a_bundle_with_its_evidence() -> None:
    """Asked why calls fail, it names the cause of a prepared incident, with file and line."""
    with log_lines() as lines:
        run, answer = await asked(
            "Why are service calls failing?", Surroundings(bundle=str(INCIDENT))
        )

    assert run.names == SIMPLE
    assert f"Cause found.** `{CAUSE}`" in answer
    assert "`logs.ndjson:" in answer
    assert "1. Why is it called an incident?" in answer
    assert "**What mends it**" in answer
    assert str(INCIDENT) in answer
    (told,) = [line for line in lines.all() if line["event"] == "operations_looked"]
    assert (told["user_id"], told["what"], told["outcome"]) == ("usr_olga", "diagnosis", "found")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("What would prove it?", ["**It is proven when**", "netra prove BUNDLE"]),
        ("How do we fix it?", ["**What mends it**"]),
        ("What happened in the logs?", ["`logs.ndjson:", "times, since"]),
        ("What serves?", ["%"]),
    ],
)
async def test_it_answers_the_other_questions_of_a_bundle(text: str, parts: list[str]) -> None:
    """Proof, repair, the logs and who serves are told of the same evidence."""
    _, answer = await asked(text, Surroundings(bundle=str(INCIDENT)))

    assert [part for part in parts if part not in answer] == []


async def test_nothing_is_written_into_a_bundle_that_was_named() -> None:
    """Evidence that somebody froze stays as it is, and nothing is put beside it."""
    before = sorted(INCIDENT.parent.iterdir()), sorted(INCIDENT.iterdir())
    await asked("What is wrong?", Surroundings(bundle=str(INCIDENT)))

    assert (sorted(INCIDENT.parent.iterdir()), sorted(INCIDENT.iterdir())) == before


async def test_where_it_cannot_look_it_says_so() -> None:
    """Without a state directory and without a bundle there is no answer, and the reason."""
    run, answer = await asked("What is wrong?", Surroundings())

    assert run.names == SIMPLE
    assert "I cannot look here" in answer
    assert "OPERATIONS\\_STATE" in answer


async def test_a_bundle_that_is_none_is_told(tmp_path: Path) -> None:
    """What the toolkit refuses is said in its words."""
    _, answer = await asked("What is wrong?", Surroundings(bundle=str(tmp_path / "gone")))

    assert "is no directory that can be read" in answer


async def test_a_plain_person_is_given_no_tool() -> None:
    """Should an agent be made for somebody else all the same, every tool is refused."""
    run, answer = await asked("What is wrong?", Surroundings(bundle=str(INCIDENT)), asker())

    assert run.tools == ()
    assert CAUSE not in answer


async def test_what_it_does_not_understand_it_says() -> None:
    """Anything else is answered with what can be asked, and no tool is used."""
    run, answer = await asked("Sing me a song", Surroundings(bundle=str(INCIDENT)))

    assert run.names == [EventName.TEXT_DELTA]
    assert "I did not understand" in answer
    assert "Why are service calls failing?" in answer


def test_importing_the_package_loads_nothing_of_the_toolkit() -> None:
    """A backend that has it installed pays for a handful of small modules and no library."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-W", "error", "-c", LIGHT], check=True, capture_output=True, text=True
    )

    assert eval(done.stdout) == [  # noqa: S307 - a list that our own code printed
        "netra_ops.findings",
        "netra_ops.operator_agent",
        "netra_ops.operator_agent.agent",
        "netra_ops.operator_agent.looking",
        "netra_ops.operator_agent.looks",
        "netra_ops.operator_agent.package",
        "netra_ops.operator_agent.replies",
        "netra_ops.operator_agent.tools",
        "netra_ops.operator_agent.understanding",
        "netra_ops.reports",
        "netra_ops.reports.as_markdown",
        "netra_ops.reports.document",
    ]
