"""Tokens of a throw-away user and of a service, lent while something is tried with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from netra.ids import random_token
from netra.secret import Secret
from netra_ops.findings import CouldNotTell, Verdict
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import Credentials, Person
from netra_ops.validation.step import Facts, Step, Walk
from netra_ops.validation.steps import (
    login,
    operator_token,
    service_token,
    session_ended,
    user_deleted,
    user_made,
    user_token,
)

_CLEANING_SECONDS: Final = 5.0


@contextmanager
def lent(url: str, credentials: Credentials, asker: Asker) -> Iterator[Facts]:
    """Lend the tokens of a user and of the service; a user that was made is deleted afterwards.

    Args:
        url: The backend.
        credentials: As whom; without a person of their own one is made.
        asker: Moves requests and answers.

    Raises:
        CouldNotTell: One of them was not to be had; says at which step and what came.
    """
    made = Person(f"netra-verify-{random_token()[:20]}@netra.invalid", Secret(random_token()))
    walk = Walk(url, credentials, credentials.person or made, "", asker)
    first: tuple[Step, ...] = () if credentials.person else (operator_token.STEP, user_made.STEP)
    try:
        for step in (*first, login.STEP, user_token.STEP, service_token.STEP):
            _take(step, walk)
        yield walk.facts
    finally:
        asker.allow(_CLEANING_SECONDS)
        if walk.facts.user_token:
            session_ended.STEP.take(walk)
        if walk.facts.user_id and walk.facts.admin_token:
            user_deleted.STEP.take(walk)


def _take(step: Step, walk: Walk) -> None:
    outcome = step.take(walk)
    if outcome.verdict is not Verdict.PASS:
        raise CouldNotTell(f"'{step.name}' gave {outcome.got}")
    walk.facts = replace(walk.facts, **outcome.learned)
