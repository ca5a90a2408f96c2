"""A user may not do what is a service's to do."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.expectation import NOT_ALLOWED, not_allowed
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/api/service/session", headers=bearer(walk.facts.user_token))


STEP = Step(
    "user token on a service route",
    NOT_ALLOWED,
    asked(_ask, not_allowed),
    needs=("user token",),
    wanted=Wanted.REFUSED,
)
