"""The login session of this walk ends with its refresh token (RFC 7009)."""

from http import HTTPStatus

from netra_ops.validation.answer import Answer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    return walk.auth.end_session(walk.facts.refresh_token)


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    return (passed if answer.status == HTTPStatus.OK else failed)(described(answer))


STEP = Step("session ended", "200", asked(_ask, _judge), needs=("user token",), cleans_up=True)
