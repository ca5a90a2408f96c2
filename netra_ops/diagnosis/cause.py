"""What a cause says of itself, so that it can be weighed against the others. Pure.

A cause is data. It says how often its incidents show a fact, which facts together show it, which
contradict it, and by what it is told from its neighbours; `weighing` does the rest.
"""

from enum import StrEnum

import msgspec

from netra_ops.diagnosis.facts import Fact


class CaughtBy(StrEnum):
    """What can catch it before people meet it, or only afterwards."""

    STATIC = "a check of the configuration"
    PROBE = "a probe of the candidate"
    RUN_TIME = "logs and metrics of what serves"


class Expects(msgspec.Struct, frozen=True):
    """A fact that incidents of a cause show.

    Attributes:
        fact: Which.
        often: Which share of its incidents show it where the evidence could, in (0, 1).
        decides: Whether it tells the cause from others, and does not only go with its symptom.
    """

    fact: Fact
    often: float
    decides: bool = False


class Neighbour(msgspec.Struct, frozen=True):
    """A cause with the same symptom, and by what the two are told apart."""

    code: str
    told_by: str


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the catalogue.

    Attributes:
        code: Its name, which never changes.
        title: What happened, in a clause that can stand after "because".
        symptom: What people and logs show, in a sentence.
        mechanism: How the one leads to the other.
        expects: What its incidents show.
        shown_by: Sets of facts: one of them must be seen whole, or the cause is not named.
        contradicted_by: Facts which, if seen, speak against it.
        leads_to: Causes whose signs are mere consequences when this one is there.
        neighbours: With whom it shares its symptom.
        caught_by: What can catch it.
        fix: What to do.
        prove_by: What has to hold afterwards for the repair to be proven.
        is_incident: Whether somebody has to act.
        drill: The drill that stages it, where there is one.
    """

    code: str
    title: str
    symptom: str
    mechanism: str
    expects: tuple[Expects, ...]
    shown_by: tuple[frozenset[Fact], ...]
    contradicted_by: frozenset[Fact] = frozenset()
    leads_to: frozenset[str] = frozenset()
    neighbours: tuple[Neighbour, ...] = ()
    caught_by: tuple[CaughtBy, ...]
    fix: str
    prove_by: tuple[str, ...]
    is_incident: bool = True
    drill: str | None = None


def expects(fact: Fact, often: float) -> Expects:
    """Say that a fact goes with the cause."""
    return Expects(fact, often)


def decides(fact: Fact, often: float) -> Expects:
    """Say that a fact goes with the cause and tells it from others."""
    return Expects(fact, often, decides=True)


def shown(*facts: Fact) -> frozenset[Fact]:
    """Say that these facts together show the cause."""
    return frozenset(facts)
