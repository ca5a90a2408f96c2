"""The person writes a message into the thread."""

from http import HTTPStatus

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    path = f"/api/threads/{walk.facts.thread_id}/messages"
    return walk.ask("POST", path, headers=bearer(walk.facts.user_token), json={"text": walk.text})


def _judge(answer: Answer, walk: Walk) -> Outcome:
    right = answer.status == HTTPStatus.CREATED and answer.member("text") == walk.text
    return (passed if right else failed)(described(answer))


STEP = Step(
    "message written", "201 with the same text", asked(_ask, _judge), needs=("thread written",)
)
