"""The service's own id and secret give it a token (RFC 6749 section 4.4)."""

from netra.secret import Secret
from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import tokens_of
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    return walk.auth.service_token(walk.credentials.service)


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    if (tokens := tokens_of(answer)) is None:
        return failed(described(answer))
    return passed("200", service_token=Secret(tokens.access_token))


STEP = Step("service token", "200 with an access token", asked(_ask, _judge))
