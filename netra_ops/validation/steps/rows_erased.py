"""The throw-away user's rows are erased, whatever the walk left behind."""

from http import HTTPStatus

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    return walk.ask("DELETE", "/api/me", headers=bearer(walk.facts.user_token))


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    right = answer.status == HTTPStatus.NO_CONTENT
    return (passed if right else failed)(described(answer))


STEP = Step("rows erased", "204", asked(_ask, _judge), needs=("user token",), cleans_up=True)
