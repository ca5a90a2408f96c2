"""The answer was stored before it was told: it is there when the thread is read over HTTP."""

from http import HTTPStatus
from typing import Any

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.chat import QUESTION
from netra_ops.validation.run_events import member
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    path = f"/api/threads/{walk.facts.thread_id}/messages"
    return walk.ask("GET", path, headers=bearer(walk.facts.user_token))


def _judge(answer: Answer, walk: Walk) -> Outcome:
    items, turn = answer.member("items"), walk.facts.turn
    if answer.status != HTTPStatus.OK or not isinstance(items, list) or turn is None:
        return failed(described(answer))
    told = turn.run[-1]
    questions = [_content(item) for item in items if _content(item)[2] == QUESTION]
    if questions != [(turn.accepted.message_id, "user", QUESTION)]:
        return failed(f"200 with the question {len(questions)} times, or another's")
    if (member(told, "message_id"), "agent", member(told, "text")) not in map(_content, items):
        return failed("200 without the answer as it was told")
    return passed("200 with the question once and the answer as it was told")


def _content(item: Any) -> tuple[Any, Any, Any]:
    found = item if isinstance(item, dict) else {}
    return found.get("id"), found.get("author"), found.get("text")


STEP = Step(
    "answer read back",
    "200 with the question once and the answer as it was told",
    asked(_ask, _judge),
    needs=("message answered", "same message again"),
)
