"""A request without a credential is refused, and told how to bring one."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import NO_CREDENTIAL, no_credential
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/api/me")


STEP = Step(
    "no token",
    NO_CREDENTIAL,
    asked(_ask, no_credential),
    wanted=Wanted.REFUSED,
)
