"""A good token's claims under the algorithm `none` are refused (RFC 8725 section 3.1)."""

import base64

from netra.secret import Secret
from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.expectation import BAD_TOKEN, bad_token
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    claims = walk.facts.user_token.reveal().split(".")[1]
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    return walk.ask("GET", "/api/me", headers=bearer(Secret(f"{header}.{claims}.")))


STEP = Step(
    "unsigned token",
    BAD_TOKEN,
    asked(_ask, bad_token),
    needs=("user token",),
    wanted=Wanted.REFUSED,
)
