"""What was written is there when it is read."""

from http import HTTPStatus

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    path = f"/api/threads/{walk.facts.thread_id}/messages"
    return walk.ask("GET", path, headers=bearer(walk.facts.user_token))


def _judge(answer: Answer, walk: Walk) -> Outcome:
    items = answer.member("items")
    if answer.status != HTTPStatus.OK or not isinstance(items, list):
        return failed(described(answer))
    texts = [item.get("text") for item in items if isinstance(item, dict)]
    if walk.text in texts:
        return passed("200 with the message")
    return failed(f"200 with {len(items)} messages, ours not among them")


STEP = Step("read back", "200 with the message", asked(_ask, _judge), needs=("message written",))
