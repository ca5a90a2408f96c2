"""Headers that name a user and a service make nobody of the caller."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import NOBODY, nobody
from netra_ops.validation.step import Step, Walk, Wanted, asked


def _ask(walk: Walk) -> Answer:
    claimed = [
        ("X-User-Id", walk.service_name),
        ("X-Service-Id", walk.credentials.service.service_id),
    ]
    return walk.ask("GET", "/api/me", headers=claimed)


STEP = Step(
    "forged X-User-Id and X-Service-Id",
    NOBODY,
    asked(_ask, nobody),
    wanted=Wanted.REFUSED,
)
