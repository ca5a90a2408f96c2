"""Two `Authorization` headers are refused, though both are good."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.expectation import ambiguous
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    both = bearer(walk.facts.user_token) + bearer(walk.facts.service_token)
    return walk.ask("GET", "/api/me", headers=both)


STEP = Step(
    "two Authorization headers",
    "401 with WWW-Authenticate: Bearer, or 400",
    asked(_ask, ambiguous),
    needs=("user token", "service token"),
    wanted=Wanted.REFUSED,
)
