"""An agent with one tool that waits for its person's yes, and the questions it has asked."""

from dataclasses import dataclass, field
from typing import Any, Final

from fakes.run_engines import SUBPROTOCOL, Journal, Journaled, RunningEngine, person
from fakes.scripted_agents import Words, catalogue, tool
from fakes.timing import UNIT, eventually
from netra.agent_api import NotApproved, Question, Run, ToolContext
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import Approval, EventName
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.chat.turn import AcceptedTurn
from netra_backend.app.runs.approvals.service import Answered

NEEDED: Final = EventName.APPROVAL_NEEDED
GIVEN: Final = EventName.APPROVAL_GIVEN
REFUSED: Final = EventName.APPROVAL_REFUSED
ANSWERED: Final = frozenset({GIVEN, REFUSED})


@dataclass
class Careful:
    """Burns what it is told to, if its person approves.

    Attributes:
        used: What was burnt, each time.
        begun: How often the agent was begun.
    """

    used: list[str] = field(default_factory=list)
    begun: int = 0

    async def burn(self, words: Words, _context: ToolContext) -> object:
        """Burn something."""
        self.used.append(words.text)
        return {"burnt": words.text}

    async def answer(self, question: Question, run: Run) -> str:
        """Burn what the question names."""
        self.begun += 1
        await run.think("May I?")
        try:
            result = await run.call("burn", {"text": question.text})
        except NotApproved as refused:
            return f"Left alone: {refused}"
        return f"Burnt {result['burnt']}."

    @property
    def agents(self) -> AgentCatalogue:
        """Give a catalogue of this agent."""
        return catalogue(self.answer, tool("burn", self.burn, needs_approval=True))


def question_of(journal: Journal, run_id: str) -> Journaled | None:
    """Read what a run asked last."""
    asked = [one for one in journal.events(run_id) if one.name is NEEDED]
    return asked[-1] if asked else None


async def asked(journal: Journal, turn: AcceptedTurn) -> Journaled:
    """Wait until a run has asked and waits for the answer, held by nobody."""
    await eventually(lambda: is_parked(journal, turn.run_id), within=10 * UNIT)
    question = question_of(journal, turn.run_id)
    assert question is not None
    return question


def is_parked(journal: Journal, run_id: str) -> bool:
    """Tell whether a run waits, with a question asked."""
    rows = journal.rows(
        "SELECT expires_at FROM t_run_leases WHERE run_id = ? AND holder IS NULL AND slot IS NULL",
        run_id,
    )
    return bool(rows and rows[0][0]) and question_of(journal, run_id) is not None


async def answer(
    running: RunningEngine,
    question: Journaled,
    *,
    approve: bool = True,
    who: UserPrincipal | None = None,
    **other: Any,
) -> Answered:
    """Answer a question."""
    said = {
        "run_id": question.run_id,
        "approval_id": question.payload["approval_id"],
        "approve": approve,
        **other,
    }
    return await running.chat.answer(who or person(), SUBPROTOCOL, Approval(**said))
