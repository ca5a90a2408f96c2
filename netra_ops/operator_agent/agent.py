"""The operators' agent: it answers fixed kinds of questions and is no language model.

What a text wants is told in `understanding`, what is said in `replies`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netra.agent_api import Asker, Question, Run, Tool, ToolRefused
from netra_ops.operator_agent import replies, tools
from netra_ops.operator_agent.understanding import (
    Diagnose,
    Help,
    Intent,
    Logs,
    Mend,
    Prove,
    Serving,
    understood,
)


@dataclass(frozen=True, slots=True)
class _Task:
    """One use of one tool: what is thought before, and what is made of its result."""

    thought: str
    tool: str
    arguments: Mapping[str, Any]
    reply: Callable[[Mapping[str, Any]], str]


class OperatorAgent:
    """An agent for one operator that needs no language model."""

    def __init__(self, name: str, asker: Asker, offered: Sequence[Tool]) -> None:
        self._name = name
        self._asker = asker
        self._tools = tuple(offered)

    @property
    def name(self) -> str:
        """The name it was asked for by."""
        return self._name

    @property
    def asker(self) -> Asker:
        """The asker it was made for."""
        return self._asker

    @property
    def tools(self) -> Sequence[Tool]:
        """What it can use."""
        return self._tools

    async def answer(self, question: Question, run: Run) -> str:
        """Answer what it understands with one tool, and say plainly when it does not."""
        intent = understood(question.text)
        task = _task(intent)
        if task is not None:
            reply = await _done(task, run)
        elif isinstance(intent, Help):
            reply = replies.help_text()
        else:
            reply = replies.not_understood()
        await run.say(reply)
        return reply


async def _done(task: _Task, run: Run) -> str:
    await run.think(task.thought)
    try:
        result = await run.call(task.tool, task.arguments)
    except ToolRefused as refused:
        return replies.could_not(str(refused))
    return task.reply(result)


def _task(intent: Intent) -> _Task | None:
    """Say which tool answers an intent, or None if none is needed."""
    match intent:
        case Diagnose(minutes):
            return _Task(
                "You ask what is wrong. I collect the evidence and weigh the causes against it.",
                tools.DIAGNOSE,
                {"minutes": minutes},
                replies.diagnosis,
            )
        case Mend():
            return _Task(
                "You ask what mends it. I look again at the evidence that was collected last.",
                tools.DIAGNOSE,
                {"again": True},
                replies.repair,
            )
        case Prove():
            return _Task(
                "You ask what proves it. I look again at the evidence that was collected last.",
                tools.DIAGNOSE,
                {"again": True},
                replies.proof,
            )
        case Logs(minutes):
            return _Task(
                "You ask what happened. I group the lines of the logs.",
                tools.LOGS,
                {"minutes": minutes},
                replies.worklog,
            )
        case Serving():
            return _Task(
                "You ask what serves. I look at the revisions and their shares.",
                tools.SERVING,
                {},
                replies.serving,
            )
        case _:
            return None
