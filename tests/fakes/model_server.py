"""A language model's HTTP API on a socket of this machine, with switches for what goes wrong.

It speaks OpenAI's chat completions, streamed, and Anthropic's messages, streamed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from fakes.serving import serving


@dataclass(frozen=True)
class Turn:
    """One thing the model says.

    Attributes:
        pieces: Its text, in the pieces it comes in.
        tool: A tool it uses instead, with its arguments as JSON text.
        thought: What it thinks first.
        finish: Why it ends.
        input_tokens: What it counts as sent.
        output_tokens: What it counts as said.
        is_whole: Whether it says at the end that it has ended; a proxy that is cut off does not.
        counts: Whether it says what it counted.
    """

    pieces: Sequence[str] = ()
    tool: tuple[str, str] | None = None
    thought: str = ""
    finish: str | None = None
    input_tokens: int = 100
    output_tokens: int = 20
    is_whole: bool = True
    counts: bool = True


@dataclass
class FakeModelServer:
    """What was asked, and what is answered, in order; the last answer is given again and again.

    Attributes:
        turns: What the model says.
        status: Answer with this status and body instead.
        body: The body of that answer.
        answers: How often the status is given; None: always.
        hangs: Whether it never answers.
        hangs_at: The one request, counted from 1, that it does not answer.
        breaks: Whether it hangs up after the first piece.
        stalls: Whether it says nothing more after the last piece, and does not hang up.
        garbage: Whether it streams what is no answer.
        asked: The bodies of the requests.
        headers: The headers of the requests.
        url: Where it is, while it runs.
    """

    turns: list[Turn] = field(default_factory=list)
    status: int | None = None
    body: str = "{}"
    answers: int | None = None
    hangs: bool = False
    hangs_at: int = 0
    breaks: bool = False
    stalls: bool = False
    garbage: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    stalled: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeModelServer"]:
        """Serve until the block ends."""
        app = Starlette(
            routes=[
                Route("/v1/chat/completions", self._completions, methods=["POST"]),
                Route("/v1/messages", self._messages, methods=["POST"]),
            ]
        )
        async with serving(app) as served:
            self.url = served.url
            yield self

    async def _completions(self, request: Request) -> Response:
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        lines = _completion_chunks(self._turn(), str(self.asked[-1].get("model")))
        return StreamingResponse(self._streamed(lines), media_type="text/event-stream")

    async def _messages(self, request: Request) -> Response:
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        lines = _message_events(self._turn(), str(self.asked[-1].get("model")))
        return StreamingResponse(self._streamed(lines), media_type="text/event-stream")

    async def _refusal(self, request: Request) -> Response | None:
        self.asked.append(await request.json())
        self.headers.append(dict(request.headers))
        self.begun.set()
        if self.hangs or len(self.asked) == self.hangs_at:
            await asyncio.Event().wait()
        if self.status is None or self.answers == 0:
            return None
        if self.answers is not None:
            self.answers -= 1
        return PlainTextResponse(self.body, self.status, media_type="application/json")

    def _turn(self) -> Turn:
        turn = self.turns[min(len(self.asked), len(self.turns)) - 1]
        return replace(turn, is_whole=False) if self.stalls else turn

    async def _streamed(self, lines: list[str]) -> AsyncIterator[str]:
        if self.garbage:
            yield "data: {this is no JSON\n\ndata: 7\n\n"
            return
        for number, line in enumerate(lines):
            if self.breaks and number > 1:
                raise ConnectionAbortedError("the model hung up")
            yield line
        if self.stalls:
            self.stalled.set()
            await asyncio.Event().wait()


def _completion_chunks(turn: Turn, model: str) -> list[str]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if turn.thought:
        deltas.append({"reasoning_content": turn.thought})
    deltas += [{"content": piece} for piece in turn.pieces]
    if turn.tool:
        name, arguments = turn.tool
        call = {
            "index": 0,
            "id": "call_1",
            "type": "function",
            "function": {"name": name, "arguments": arguments},
        }
        deltas.append({"tool_calls": [call]})
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    finish = turn.finish or ("tool_calls" if turn.tool else "stop")
    chunks: list[dict[str, Any]] = [
        {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    if not turn.is_whole:
        return [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    chunks.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    usage = {
        "prompt_tokens": turn.input_tokens,
        "completion_tokens": turn.output_tokens,
        "total_tokens": turn.input_tokens + turn.output_tokens,
    }
    if turn.counts:
        chunks.append({**base, "choices": [], "usage": usage})
    return [*(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks), "data: [DONE]\n\n"]


def _message_events(turn: Turn, model: str) -> list[str]:
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": turn.input_tokens, "output_tokens": 1},
    }
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}]
    if turn.pieces:
        begun: dict[str, Any] = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in turn.pieces]
    else:
        name, arguments = turn.tool or ("", "{}")
        begun = {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": arguments}]
    events.append({"type": "content_block_start", "index": 0, "content_block": begun})
    events += [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
    if turn.is_whole:
        events += _end_of_message(turn)
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


def _end_of_message(turn: Turn) -> list[dict[str, Any]]:
    reason = turn.finish or ("tool_use" if turn.tool else "end_turn")
    ended = {"stop_reason": reason, "stop_sequence": None}
    usage = {"output_tokens": turn.output_tokens}
    return [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": usage},
        {"type": "message_stop"},
    ]
