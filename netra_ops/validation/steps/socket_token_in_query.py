"""A good token in the address opens no socket (RFC 9700 section 4.3.2)."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import NOBODY, nobody
from netra_ops.validation.step import Step, Walk, Wanted, asked, only_answer


def _ask(walk: Walk) -> Answer:
    token = walk.facts.user_token.reveal()
    return only_answer(walk.shake_hands(query={"access_token": token, "token": token}))


STEP = Step(
    "socket with the token in the query",
    NOBODY,
    asked(_ask, nobody),
    needs=("user token",),
    wanted=Wanted.REFUSED,
)
