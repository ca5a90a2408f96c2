"""A good token counts for nothing in the address (RFC 9700 section 4.3.2)."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import NOBODY, nobody
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    token = walk.facts.user_token.reveal()
    return walk.ask("GET", "/api/me", query={"access_token": token, "token": token})


STEP = Step(
    "token in the query only",
    NOBODY,
    asked(_ask, nobody),
    needs=("user token",),
    wanted=Wanted.REFUSED,
)
