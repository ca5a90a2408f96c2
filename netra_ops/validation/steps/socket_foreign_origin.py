"""A page of somebody else opens no socket, though the token is good."""

from http import HTTPStatus
from typing import Final

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.step import (
    Outcome,
    Step,
    Walk,
    Wanted,
    asked,
    described,
    failed,
    only_answer,
    passed,
)

_ORIGIN: Final = "https://netra.invalid"
"""A page at a name that exists nowhere (RFC 2606)."""


def _ask(walk: Walk) -> Answer:
    return only_answer(walk.shake_hands(headers=bearer(walk.facts.user_token), origin=_ORIGIN))


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    right = answer.status == HTTPStatus.FORBIDDEN
    return (passed if right else failed)(described(answer))


STEP = Step(
    "socket from a foreign Origin",
    "403",
    asked(_ask, _judge),
    needs=("user token",),
    wanted=Wanted.REFUSED,
)
