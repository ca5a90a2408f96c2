"""A service's token for another audience is refused."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.expectation import BAD_TOKEN, bad_token
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/api/me", headers=bearer(walk.facts.foreign_token))


STEP = Step(
    "foreign audience",
    BAD_TOKEN,
    asked(_ask, bad_token),
    needs=("token for another audience",),
    wanted=Wanted.REFUSED,
)
