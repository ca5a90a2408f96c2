"""The least a chat server can do, as the baseline of `chat_turn.py`: no identity, no agent.

It stores the question and the answer in one commit each and then says as many frames as a turn has.
Run with an address and the path of a store: `bare_socket.py 8123 /tmp/bare.db`.
"""

import asyncio
import json
import sqlite3
import sys
from typing import Any

import uvicorn

from netra.clock import SystemClock, as_iso

NAMES = (
    "accepted",
    "agent_started",
    "agent_thinking",
    "tool_executing",
    "tool_completed",
    "text_delta",
    "agent_completed",
)
_CLOCK = SystemClock()


def opened(path: str) -> sqlite3.Connection:
    store = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = NORMAL")
    store.execute("CREATE TABLE IF NOT EXISTS said (text TEXT)")
    return store


def app_of(store: sqlite3.Connection) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            if json.loads(message["text"])["type"] == "resume":
                await send({"type": "websocket.send", "text": '{"type":"ready"}'})
                continue
            asked = json.loads(message["text"])
            for _ in range(2):
                store.execute("INSERT INTO said VALUES (?)", (message["text"],))
            if asked["agent"] == "streaming":
                told = json.loads(asked["text"])
                for _ in range(told["pieces"]):
                    await asyncio.sleep(told["seconds"])
                    await send(_frame("text_delta"))
            for name in NAMES:
                await send(_frame(name))

    return app


def _frame(name: str) -> dict[str, str]:
    frame = {"type": name, "timestamp": as_iso(_CLOCK.timestamp())}
    return {"type": "websocket.send", "text": json.dumps(frame)}


if __name__ == "__main__":
    uvicorn.run(
        app_of(opened(sys.argv[2])),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
