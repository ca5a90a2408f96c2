"""Says what a language model says while it is saying it: pieces of the answer, and thoughts.

What becomes of the whole is decided by the agent.
"""

import asyncio
from collections.abc import AsyncIterable

from pydantic_ai import AgentStreamEvent
from pydantic_ai.messages import (
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
)

from netra.agent_api import Run

_LONGEST_PIECE = 2_000
_LONGEST_THOUGHT = 1_000
_PARAGRAPH = "\n\n"


class Speaker:
    """Says what comes of one request.

    Each piece is an event that is kept, and models send words of a few letters. So what comes soon
    after a piece waits for the next one or for the end.

    Args:
        run: Through which it is said.
        step: The step the text belongs to.
        every_seconds: How soon after a piece the next one may be said.
    """

    def __init__(self, run: Run, step: str, every_seconds: float) -> None:
        self._run = run
        self._step = step
        self._every = every_seconds
        self._text = ""
        self._thought = ""
        self._said_at = float("-inf")

    async def say_all(self, events: AsyncIterable[AgentStreamEvent]) -> None:
        """Say what comes until it ends."""
        async for event in events:
            if thought := _thought_of(event):
                await self._end_text()
                await self._think(thought)
            elif text := _text_of(event):
                await self._end_thought()
                await self._say(text)
        await self._end_thought()
        await self._end_text()

    async def _say(self, text: str) -> None:
        self._text += text
        now = asyncio.get_running_loop().time()
        if now - self._said_at >= self._every or len(self._text) >= _LONGEST_PIECE:
            self._said_at = now
            await self._end_text()

    async def _end_text(self) -> None:
        text, self._text = self._text, ""
        if text:
            await self._run.say(text, step=self._step)

    async def _think(self, thought: str) -> None:
        self._thought += thought
        head, paragraph, rest = self._thought.rpartition(_PARAGRAPH)
        if paragraph:
            self._thought = head
            await self._end_thought()
            self._thought = rest
        if len(self._thought) >= _LONGEST_THOUGHT:
            await self._end_thought()

    async def _end_thought(self) -> None:
        thought, self._thought = self._thought.strip(), ""
        if thought:
            await self._run.think(thought)


def _text_of(event: AgentStreamEvent) -> str:
    if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
        return event.part.content
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
        return event.delta.content_delta
    return ""


def _thought_of(event: AgentStreamEvent) -> str:
    if isinstance(event, PartStartEvent) and isinstance(event.part, ThinkingPart):
        return event.part.content
    if isinstance(event, PartDeltaEvent) and isinstance(event.delta, ThinkingPartDelta):
        return event.delta.content_delta or ""
    return ""
