"""Everything the backend depends on is well."""

from netra_ops.validation.answer import Answer
from netra_ops.validation.expectation import WELL, well
from netra_ops.validation.step import Step, Walk, asked


def _ask(walk: Walk) -> Answer:
    return walk.ask("GET", "/health")


STEP = Step("health", WELL, asked(_ask, well))
