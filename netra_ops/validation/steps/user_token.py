"""The authorization code and its PKCE verifier give the person's tokens."""

from netra.secret import Secret
from netra_ops.findings import CouldNotTell
from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import tokens_of
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    if walk.facts.code is None:
        raise CouldNotTell("there is no code")
    return walk.auth.redeem(walk.facts.code)


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    tokens = tokens_of(answer)
    if tokens is None or not tokens.refresh_token:
        return failed(described(answer))
    return passed(
        "200",
        user_token=Secret(tokens.access_token),
        refresh_token=Secret(tokens.refresh_token),
    )


STEP = Step(
    "user token",
    "200 with an access and a refresh token",
    asked(_ask, _judge),
    needs=("log in",),
)
