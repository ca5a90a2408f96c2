"""The token endpoint refuses a service that does not know its secret."""

from netra.ids import random_token
from netra.secret import Secret
from netra_ops.validation.answer import Answer
from netra_ops.validation.credentials import ServiceCredential
from netra_ops.validation.expectation import unknown_client
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    guess = ServiceCredential(walk.credentials.service.service_id, Secret(random_token()))
    return walk.auth.service_token(guess)


STEP = Step(
    "wrong service secret",
    "401 with error invalid_client",
    asked(_ask, unknown_client),
    wanted=Wanted.REFUSED,
)
