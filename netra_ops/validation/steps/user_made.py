"""A throw-away user of this walk's own is made."""

from http import HTTPStatus

from netra_ops.validation.answer import Answer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    return walk.auth.add_user(walk.facts.admin_token, walk.person)


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    user_id = answer.member("user_id")
    if answer.status == HTTPStatus.CREATED and isinstance(user_id, str) and user_id:
        return passed("201", user_id=user_id)
    return failed(described(answer))


STEP = Step(
    "throw-away user made", "201 with a user_id", asked(_ask, _judge), needs=("operator token",)
)
