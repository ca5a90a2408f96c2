"""An open socket ends with the login session it came from, at once."""

from http import HTTPStatus
from typing import Final

from netra.wire.chat_protocol import CloseCode
from netra_ops.findings import Failed
from netra_ops.validation.chat import chatting
from netra_ops.validation.socket import Closed, Silence
from netra_ops.validation.step import Outcome, Step, Walk, described, failed, passed

_SECONDS: Final = 1.0


def _take(walk: Walk) -> Outcome:
    with chatting(walk, walk.facts.seq) as chat:
        answer = walk.auth.end_session(walk.facts.refresh_token)
        if answer.status != HTTPStatus.OK:
            raise Failed(f"The session was not ended: {described(answer)}.")
        try:
            return _judge(chat.closing(_SECONDS))
        except Silence:
            return failed(f"the socket is still open {_SECONDS:.0f} s after its session ended")


def _judge(closed: Closed) -> Outcome:
    got = f"closed with {closed.code} ({closed.reason})"
    return (passed if closed.code == CloseCode.NOT_AUTHENTICATED else failed)(got)


STEP = Step(
    "socket ends with its session",
    f"closed with {CloseCode.NOT_AUTHENTICATED:d} within {_SECONDS:.0f} s",
    _take,
    needs=("handshake",),
)
