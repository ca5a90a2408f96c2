"""A plain request at the socket's address is no handshake, and is told so (SPEC R11)."""

from http import HTTPStatus

from netra.wire.chat_protocol import SOCKET_PATH
from netra_ops.validation.answer import Answer
from netra_ops.validation.step import (
    Outcome,
    Step,
    Walk,
    Wanted,
    asked,
    described,
    failed,
    passed,
)


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", SOCKET_PATH)


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    right = answer.status == HTTPStatus.BAD_REQUEST
    return (passed if right else failed)(described(answer))


STEP = Step(
    "plain GET of the socket's address",
    "400",
    asked(_ask, _judge),
    wanted=Wanted.REFUSED,
)
