"""The front door answers as this API, and not as something else on its port."""

from http import HTTPStatus
from typing import Final

from netra_ops.validation.answer import Answer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed

_WELCOME: Final = "Welcome to Netra API"


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/")


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    if answer.status == HTTPStatus.OK and answer.document() == {"message": _WELCOME}:
        return passed(f"200, {_WELCOME}")
    return failed(described(answer))


STEP = Step("welcome", f"200 with the message {_WELCOME}", asked(_ask, _judge))
