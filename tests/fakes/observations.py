"""Observations as tests make them: of facts alone."""

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation


def seen(*facts: Fact) -> tuple[Observation, ...]:
    """Say that facts were seen."""
    return tuple(_observed(fact, is_seen=True) for fact in facts)


def absent(*facts: Fact) -> tuple[Observation, ...]:
    """Say that facts were looked for and are not there."""
    return tuple(_observed(fact, is_seen=False) for fact in facts)


def _observed(fact: Fact, *, is_seen: bool) -> Observation:
    file = min(fact.shown_by)
    return Observation(fact=fact, is_seen=is_seen, says=fact.means, evidence=(f"{file}:1",))
