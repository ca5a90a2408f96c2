"""A good token whose signature was changed by one letter is refused."""

from netra.secret import Secret
from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.expectation import BAD_TOKEN, bad_token
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    head, _, signature = walk.facts.user_token.reveal().rpartition(".")
    # The first letter holds six whole bits of the signature; the last may hold padding only.
    changed = ("B" if signature.startswith("A") else "A") + signature[1:]
    return walk.ask("GET", "/api/me", headers=bearer(Secret(f"{head}.{changed}")))


STEP = Step(
    "tampered signature",
    BAD_TOKEN,
    asked(_ask, bad_token),
    needs=("user token",),
    wanted=Wanted.REFUSED,
)
