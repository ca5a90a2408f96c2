"""The service gets a token that is not meant for the backend."""

from netra.secret import Secret
from netra.wire.auth_api import AUTH_AUDIENCE
from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import tokens_of
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    return walk.auth.service_token(walk.credentials.service, AUTH_AUDIENCE)


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    if (tokens := tokens_of(answer)) is None:
        return failed(described(answer))
    return passed("200", foreign_token=Secret(tokens.access_token))


STEP = Step("token for another audience", "200 with an access token", asked(_ask, _judge))
