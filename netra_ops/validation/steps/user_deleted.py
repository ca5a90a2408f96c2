"""The throw-away user is deleted."""

from http import HTTPStatus

from netra_ops.validation.answer import Answer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    return walk.auth.delete_user(walk.facts.admin_token, walk.facts.user_id)


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    right = answer.status == HTTPStatus.NO_CONTENT
    return (passed if right else failed)(described(answer))


STEP = Step(
    "throw-away user deleted",
    "204",
    asked(_ask, _judge),
    needs=("throw-away user made",),
    cleans_up=True,
)
