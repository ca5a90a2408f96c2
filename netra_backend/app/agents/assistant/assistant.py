"""The built-in assistant: it answers fixed kinds of questions and is no language model.

What a text wants is told in `understanding`, what is said in `replies`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from netra.agent_api import Asker, Question, Run, Tool, ToolRefused
from netra_backend.app.agents.assistant import replies
from netra_backend.app.agents.assistant.chatter import worth_finding, worth_summarising
from netra_backend.app.agents.assistant.deleting import deleted
from netra_backend.app.agents.assistant.intents import (
    About,
    Calculate,
    CountDays,
    DeleteThread,
    Greeting,
    Help,
    Intent,
    ListThreads,
    Search,
    Summarise,
    SummariseText,
    Thanks,
    TimeNow,
    WhichDay,
    WhoAmI,
)
from netra_backend.app.agents.assistant.understanding import understood
from netra_backend.app.agents.reckoning.summary import Text, summarised
from netra_backend.app.agents.tools.own_tools import own_tools

_SENTENCES: Final = 5
_TOOLS: Final = own_tools(worth_finding, worth_summarising)


@dataclass(frozen=True, slots=True)
class _Task:
    """One use of one tool: what is thought before, and what is made of its result."""

    thought: str
    tool: str
    arguments: Mapping[str, Any]
    reply: Callable[[Mapping[str, Any]], str]


class BuiltInAssistant:
    """An agent for one asker that needs no language model."""

    def __init__(self, name: str, asker: Asker) -> None:
        self._name = name
        self._asker = asker

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
        return _TOOLS

    async def answer(self, question: Question, run: Run) -> str:
        """Answer what it understands with one tool, and say plainly when it does not."""
        intent = understood(question.text)
        task = _task(intent, question)
        if isinstance(intent, SummariseText):
            # Weighing takes long enough to keep others waiting.
            summary = await asyncio.to_thread(summarised, [Text(intent.text)], _SENTENCES)
            reply = replies.text_summary(summary)
        elif isinstance(intent, DeleteThread):
            reply = await deleted(intent.thread, run)
        elif task is not None:
            reply = await _done(task, run)
        else:
            reply = _reply(intent, run)
        await run.say(reply)
        return reply


async def _done(task: _Task, run: Run) -> str:
    await run.think(task.thought)
    try:
        result = await run.call(task.tool, task.arguments)
    except ToolRefused as refused:
        return replies.could_not(str(refused))
    return task.reply(result)


def _reply(intent: Intent, run: Run) -> str:
    """Give the answer to what needs no tool."""
    tools = [tool.name for tool in run.tools]
    match intent:
        case Help():
            reply = replies.help_text(tools)
        case About():
            reply = replies.about(tools)
        case Greeting():
            reply = replies.greeting()
        case Thanks():
            reply = replies.welcome()
        case Search():
            reply = replies.no_words()
        case _:
            reply = replies.not_understood(tools)
    return reply


def _task(intent: Intent, question: Question) -> _Task | None:
    """Say which tool answers an intent, or None if none is needed."""
    match intent:
        case WhoAmI():
            return _Task(
                "You ask who you are here. I look at the credential you came with.",
                "who_am_i",
                {},
                replies.who,
            )
        case ListThreads():
            return _Task(
                "You ask for your threads. I list them.", "list_threads", {}, replies.threads
            )
        case Search(words) if words:
            return _Task(
                "You look for something that was said. I search your messages.",
                "search_messages",
                {"words": words},
                replies.found(words),
            )
        case Summarise(thread):
            return _Task(
                "You want a summary. I pick the sentences that hold most of the thread.",
                "summarise_thread",
                {"thread": thread, "before": question.message_id, "sentences": _SENTENCES},
                replies.thread_summary,
            )
        case _:
            return _reckoning_task(intent)


def _reckoning_task(intent: Intent) -> _Task | None:
    match intent:
        case TimeNow(place):
            return _Task(
                "You ask for the time. I look at the clock.",
                "current_time",
                {} if place is None else {"place": place},
                replies.time_now,
            )
        case WhichDay(day):
            return _Task(
                "You ask about a day. I look into the calendar.",
                "calendar_day",
                {"day": day},
                replies.day,
            )
        case CountDays(start, end):
            return _Task(
                "You ask for a number of days. I count them.",
                "days_between",
                {"start": start, "end": end},
                replies.days,
            )
        case Calculate(expression):
            return _Task(
                "You ask for a sum. I reckon it exactly.",
                "calculate",
                {"expression": expression},
                replies.sum_of,
            )
        case _:
            return None
