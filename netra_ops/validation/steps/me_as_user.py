"""The backend knows the person by the token, as a user."""

from http import HTTPStatus

from netra.principal import PrincipalKind
from netra_ops.validation.answer import Answer
from netra_ops.validation.auth_service import bearer
from netra_ops.validation.step import Outcome, Step, Walk, asked, described, failed, passed


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/api/me", headers=bearer(walk.facts.user_token))


def _judge(answer: Answer, walk: Walk) -> Outcome:
    principal, kind = answer.member("principal"), answer.member("kind")
    if answer.status != HTTPStatus.OK or not isinstance(principal, str):
        return failed(described(answer))
    got = f"200, {kind} {principal}"
    known = principal == walk.facts.user_id if walk.facts.user_id else principal.startswith("usr_")
    if kind == PrincipalKind.USER and known:
        return passed(got, principal=principal)
    return failed(got)


STEP = Step(
    "me as user", "200 with that user as principal", asked(_ask, _judge), needs=("user token",)
)
