"""A database session opens for the person, and belongs to nobody else."""

from http import HTTPStatus

from netra.principal import PrincipalKind
from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/api/session", headers=bearer(walk.facts.user_token))


def _judge(answer: Answer, walk: Walk) -> Outcome:
    principal, kind = answer.member("principal"), answer.member("kind")
    if answer.status != HTTPStatus.OK:
        return failed(described(answer))
    right = kind == PrincipalKind.USER and principal == walk.facts.principal
    return (passed if right else failed)(f"200, {kind} {principal}")


STEP = Step(
    "session as user",
    "200 with the same user as principal",
    asked(_ask, _judge),
    needs=("me as user",),
)
