"""The toolkit's own service account gets a token for the users' administration."""

from netra.secret import Secret
from netra.wire.auth_api import AUTH_AUDIENCE
from netra_ops.findings import CouldNotTell
from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import tokens_of
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    if walk.credentials.operator is None:
        raise CouldNotTell("nobody is named who may make users")
    return walk.auth.service_token(walk.credentials.operator, AUTH_AUDIENCE)


def _judge(answer: Answer, _walk: Walk) -> Outcome:
    if (tokens := tokens_of(answer)) is None:
        return failed(described(answer))
    return passed("200", admin_token=Secret(tokens.access_token))


STEP = Step("operator token", "200 with an access token", asked(_ask, _judge))
