"""Clients that are not ours: Node's own WebSocket and the Python library `websockets`."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from fakes.backend_process import both_services
from fakes.requirements import require
from fakes.running_auth import bearer
from fakes.timing import UNIT
from netra.wire.chat_protocol import TERMINAL, RunEvent
from netra_ops.validation.run_events import golden_flaw, numbering_flaw

pytestmark = pytest.mark.live

SCRIPT: Final = """
const {address, token, clientId} = JSON.parse(require("node:fs").readFileSync(0));
const socket = new WebSocket(address, ["netra.chat.v1", `bearer.${token}`]);
const tell = (what) => console.log(JSON.stringify(what));
socket.onopen = () => {
  tell({protocol: socket.protocol});
  socket.send(JSON.stringify({type: "resume", after: 0}));
};
socket.onmessage = ({data}) => {
  const frame = JSON.parse(data);
  tell(frame);
  if (frame.type === "ready")
    socket.send(JSON.stringify(
      {type: "message", client_id: clientId, text: "who am I", agent: "assistant"}));
  if (frame.type === "agent_completed" || frame.type === "agent_failed") socket.close(1000);
};
socket.onerror = () => tell({error: true});
socket.onclose = ({code}) => tell({code});
"""


async def _in_node(**told: str) -> list[dict[str, Any]]:
    """Run the script, and give what it told."""
    node = shutil.which("node")
    require("node", node is not None, "install Node.js 20.10 or newer to run its WebSocket")
    assert node is not None
    child = await asyncio.create_subprocess_exec(
        node,
        "--experimental-websocket",
        "--no-warnings",
        "--eval",
        SCRIPT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(
        child.communicate(json.dumps(told).encode()), timeout=30 * UNIT
    )
    assert child.returncode == 0, errors.decode()
    return [json.loads(line) for line in out.splitlines()]


def _run(frames: list[dict[str, Any]]) -> list[RunEvent]:
    return [msgspec.convert(f, RunEvent) for f in frames if f.get("type") in RunEvent.TYPES]


async def test_nodes_own_websocket_holds_a_conversation(folder: Path) -> None:
    """A browser-like client offers the token as a subprotocol, and gets the five events."""
    async with both_services(folder) as (auth, backend):
        token = (await auth.tokens_of(await auth.registered_person()))["access_token"]
        address = "ws" + backend.url.removeprefix("http") + "/ws"
        told = await _in_node(address=address, token=token, clientId="from-node-1")
        refused = await _in_node(address=address, token="no.such.token", clientId="from-node-2")

    assert told[0] == {"protocol": "netra.chat.v1"}
    assert golden_flaw(_run(told)) is None
    assert numbering_flaw(_run(told), after=0) is None
    assert told[-1] == {"code": 1000}
    # A browser is told nothing of a refused handshake; the page asks `/api/me` to say why.
    assert refused[0] == {"error": True}
    assert not any("type" in frame for frame in refused)


async def test_the_python_library_holds_a_conversation(folder: Path) -> None:
    """A program with an Authorization header offers no subprotocol, and gets none."""

    def talk(address: str, token: str) -> list[dict[str, Any]]:
        headers = list(bearer(token).items())
        frames: list[dict[str, Any]] = []
        with connect(
            address, additional_headers=headers, proxy=None, open_timeout=10 * UNIT, legacy=True
        ) as socket:
            assert socket.subprotocol is None
            socket.send('{"type": "resume"}')
            while not frames or frames[-1]["type"] not in TERMINAL:
                frames.append(json.loads(socket.recv(timeout=10 * UNIT)))
                if frames[-1]["type"] == "ready":
                    message = {"type": "message", "client_id": "from-python-1", "text": "who am I"}
                    socket.send(json.dumps(message | {"agent": "assistant"}))
        with pytest.raises(InvalidStatus) as refused:
            connect(address, proxy=None, open_timeout=10 * UNIT, legacy=True)
        assert refused.value.response.status_code == 401
        return frames

    async with both_services(folder) as (auth, backend):
        token = (await auth.tokens_of(await auth.registered_person()))["access_token"]
        address = "ws" + backend.url.removeprefix("http") + "/ws"
        frames = await asyncio.to_thread(talk, address, token)

    assert golden_flaw(_run(frames)) is None
    assert numbering_flaw(_run(frames), after=0) is None
