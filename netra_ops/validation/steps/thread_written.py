"""The person opens a thread."""

from http import HTTPStatus

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    title = {"title": "Golden path"}
    return walk.ask("POST", "/api/threads", headers=bearer(walk.facts.user_token), json=title)


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    thread_id = answer.member("id")
    if answer.status == HTTPStatus.CREATED and isinstance(thread_id, str) and thread_id:
        return passed("201", thread_id=thread_id)
    return failed(described(answer))


STEP = Step(
    "thread written", "201 with the thread's id", asked(_ask, _judge), needs=("user token",)
)
