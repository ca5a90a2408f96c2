"""A socket opens as the chat page opens it: with its Origin, the token as a subprotocol.

The token is not echoed.
"""

from typing import Final

from netra.wire.chat_protocol import CHAT_SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX, Ready
from netra_ops.validation.answer import Answer
from netra_ops.validation.chat import ASSISTANT, Chat
from netra_ops.validation.step import Outcome, Step, Walk, described, failed, passed

_ECHO: Final = "sec-websocket-protocol"


def _take(walk: Walk) -> Outcome:
    token = walk.facts.user_token.reveal()
    offered = (CHAT_SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX + token)
    socket = walk.shake_hands(subprotocols=offered, origin=walk.origin)
    if isinstance(socket, Answer):
        return failed(described(socket))
    with socket:
        ready = Chat(walk, socket).resume(after=None)
    return _judge(socket.answer.headers.get(_ECHO), ready)


def _judge(echoed: str | None, ready: Ready) -> Outcome:
    if echoed != CHAT_SUBPROTOCOL:
        return failed(f"101, echoing {echoed or 'no subprotocol'}")
    if ready.reset or ready.seq < 0:
        return failed(f"ready at seq {ready.seq} of another journal, though none was asked for")
    if ASSISTANT not in ready.agents:
        return failed(f"ready, without the agent {ASSISTANT}")
    return passed(f"101, {echoed}, ready at seq {ready.seq}", seq=ready.seq)


STEP = Step(
    "handshake",
    f"101 from the page's Origin, echoing {CHAT_SUBPROTOCOL} alone, then ready, with the agent "
    f"{ASSISTANT}",
    _take,
    needs=("me as user",),
)
