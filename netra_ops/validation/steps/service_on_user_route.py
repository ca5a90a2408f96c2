"""A service may not do what is a user's to do."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.expectation import NOT_ALLOWED, not_allowed
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/api/threads", headers=bearer(walk.facts.service_token))


STEP = Step(
    "service token on a user route",
    NOT_ALLOWED,
    asked(_ask, not_allowed),
    needs=("service token",),
    wanted=Wanted.REFUSED,
)
