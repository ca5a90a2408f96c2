"""A service holds no conversation: it is known, and may not."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.expectation import NOT_ALLOWED, not_allowed
from netra_ops.validation.step import Step, Walk, Wanted, asked, only_answer


def _ask(walk: Walk) -> Answer:
    return only_answer(walk.shake_hands(headers=bearer(walk.facts.service_token)))


STEP = Step(
    "socket with a service token",
    NOT_ALLOWED,
    asked(_ask, not_allowed),
    needs=("service token",),
    wanted=Wanted.REFUSED,
)
