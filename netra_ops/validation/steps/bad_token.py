"""Something that is no token is refused."""

from netra.ids import random_token
from netra.secret import Secret
from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.expectation import BAD_TOKEN, bad_token
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/api/me", headers=bearer(Secret(f"no.{random_token()}.token")))


STEP = Step(
    "bad token",
    BAD_TOKEN,
    asked(_ask, bad_token),
    wanted=Wanted.REFUSED,
)
