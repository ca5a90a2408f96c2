"""The person deletes the thread."""

from http import HTTPStatus

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    path = f"/api/threads/{walk.facts.thread_id}"
    return walk.ask("DELETE", path, headers=bearer(walk.facts.user_token))


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    right = answer.status == HTTPStatus.NO_CONTENT
    return (passed if right else failed)(described(answer))


STEP = Step("thread deleted", "204", asked(_ask, _judge), needs=("thread written",), cleans_up=True)
