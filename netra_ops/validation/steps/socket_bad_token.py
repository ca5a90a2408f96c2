"""A handshake with something that is no token is refused."""

from netra.ids import random_token
from netra.secret import Secret
from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.expectation import BAD_TOKEN, bad_token
from netra_ops.validation.step import Step, Walk, Wanted, asked, only_answer


def _ask(walk: Walk) -> Answer:
    guess = Secret(f"no.{random_token()}.token")
    return only_answer(walk.shake_hands(headers=bearer(guess)))


STEP = Step(
    "socket with a bad token",
    BAD_TOKEN,
    asked(_ask, bad_token),
    wanted=Wanted.REFUSED,
)
