"""A database session opens for the service under its own name."""

from http import HTTPStatus

from netra.principal import PrincipalKind
from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/api/service/session", headers=bearer(walk.facts.service_token))


def _judge(answer: Answer, walk: Walk) -> Outcome:
    principal, kind = answer.member("principal"), answer.member("kind")
    if answer.status != HTTPStatus.OK:
        return failed(described(answer))
    right = kind == PrincipalKind.SERVICE and principal == walk.service_name
    return (passed if right else failed)(f"200, {kind} {principal}")


STEP = Step(
    "session as service",
    "200 with service:<service id> as principal",
    asked(_ask, _judge),
    needs=("service token",),
)
