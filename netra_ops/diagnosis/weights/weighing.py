"""Causes against the observations of one incident: which are supported, and how surely. Pure.

Each observation multiplies a cause's odds by how much more often it is made where the cause is
there than elsewhere (Good's weight of evidence, 1950): `often / usual` if seen, and
`(1 - often) / (1 - usual)` if it was looked for and is not there. What goes with a symptom goes
with all of it, so that the weights of what does not decide are bounded together. The odds then
share the belief between the causes and what no cause of the catalogue explains. Two causes may be
there at once: those that are shown by nothing in common do not take belief from each other.

A cause is named only if one of the sets of facts that show it is seen whole, however well the
rest fits: there is no cause without evidence. A cause's mere consequences do not rival it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from netra_ops.diagnosis.catalogue import CATALOGUE
from netra_ops.diagnosis.cause import Cause, Expects
from netra_ops.diagnosis.facts import LOGS, Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.weights.usual import usual

PRIOR: Final = 0.08
"""How likely a cause is before anything is seen, against what no cause explains (1)."""
MOST_OF_SYMPTOMS: Final = 2.0
"""The most that facts which do not decide add together, in nats."""
LEAST_OF_SYMPTOMS: Final = -3.0
"""The most that they take away."""
OF_A_CONTRADICTION: Final = -3.5
"""What a fact that contradicts adds, in nats."""
MOST_OF_THE_UNSHOWN: Final = 2.0
"""The most odds of all causes together that nothing shows: any may be there unseen, besides what no
cause explains (1), and all of them do not crowd out one that is shown."""
AGAINST_ANY_INCIDENT: Final = frozenset(
    {Fact.ONE_TESTING_CLIENT, Fact.OLDER_THAN_ASKED, Fact.NOT_SERVING_ANY_MORE}
)
"""What contradicts every cause of an incident: that it is none. It is said of the requests of the
log; what probes found stands beside it."""
_TRIED: Final = "probes.json"
UNNAMED: Final = 0.45
"""The most confidence in a cause that nothing shows."""
NAMED_FROM: Final = 0.55
"""The least confidence with which a cause is named."""


class Weight(msgspec.Struct, frozen=True):
    """What one observation adds to a cause's odds, in nats; below zero it speaks against."""

    observation: Observation
    nats: float


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """A cause, weighed.

    Attributes:
        cause: Which.
        nats: The logarithm of its odds.
        confidence: The belief that it is the cause, or one of them, in [0, 1].
        is_shown: Whether a set of facts that shows it was seen whole.
        supported: What speaks for it, the heaviest first.
        opposed: What speaks against it, the heaviest first.
        consequence_of: The cause of which its signs are consequences, if one is better shown.
    """

    cause: Cause
    nats: float
    confidence: float
    is_shown: bool
    supported: tuple[Weight, ...]
    opposed: tuple[Weight, ...]
    consequence_of: str | None = None


def weighed(
    observations: Iterable[Observation], causes: Sequence[Cause] = CATALOGUE
) -> tuple[Weighed, ...]:
    """Weigh every cause.

    Args:
        observations: At most one of each fact.
        causes: Which to weigh.

    Returns:
        All of them, the likeliest first.
    """
    by_fact = {one.fact: one for one in observations}
    alone = [_alone(cause, by_fact) for cause in causes]
    strength = {one.cause.code: math.exp(one.nats) for one in alone}
    behind = {one.cause.code: _behind(one, alone) for one in alone}
    ranked = [_among(one, alone, strength, behind) for one in alone]
    return tuple(sorted(ranked, key=lambda one: (-one.confidence, -one.nats, one.cause.code)))


def stands_beside(one: Weighed, other: Weighed) -> bool:
    """Tell whether two causes may both be there, rather than one of them in place of the other.

    Each is shown, what decides for the one is not what decides for the other, and they are not
    taken for each other by their symptom. What is no incident stands beside none.
    """
    if not (one.is_shown and other.is_shown and one.cause.is_incident and other.cause.is_incident):
        return False
    if other.cause.code in _taken_for(one.cause) or one.cause.code in _taken_for(other.cause):
        return False
    mine, theirs = _deciding(one), _deciding(other)
    return bool(mine) and bool(theirs) and not mine & theirs


def _taken_for(cause: Cause) -> frozenset[str]:
    return frozenset(one.code for one in cause.neighbours)


def _deciding(one: Weighed) -> frozenset[Fact]:
    decides = {expected.fact for expected in one.cause.expects if expected.decides}
    return frozenset(
        weight.observation.fact for weight in one.supported if weight.observation.fact in decides
    )


def _alone(cause: Cause, by_fact: Mapping[Fact, Observation]) -> Weighed:
    """Weigh a cause without its rivals."""
    deciding, going_along = list[Weight](), list[Weight]()
    for expected in cause.expects:
        found = by_fact.get(expected.fact)
        if found is not None:
            weight = Weight(found, _nats(expected, is_seen=found.is_seen))
            (deciding if expected.decides else going_along).append(weight)
    is_of_requests = cause.is_incident and not _is_tried(cause, by_fact)
    contradictions = [
        Weight(by_fact[fact], OF_A_CONTRADICTION)
        for fact in sorted(
            cause.contradicted_by | (AGAINST_ANY_INCIDENT if is_of_requests else frozenset()),
            key=lambda one: one.code,
        )
        if fact in by_fact and by_fact[fact].is_seen
    ]
    along = sum(one.nats for one in going_along)
    nats = (
        math.log(PRIOR)
        + sum(one.nats for one in deciding)
        + min(MOST_OF_SYMPTOMS, max(LEAST_OF_SYMPTOMS, along))
        + sum(one.nats for one in contradictions)
    )
    weights = sorted([*deciding, *going_along, *contradictions], key=lambda one: -abs(one.nats))
    seen = frozenset(fact for fact, found in by_fact.items() if found.is_seen)
    return Weighed(
        cause=cause,
        nats=nats,
        confidence=0.0,
        is_shown=any(facts <= seen for facts in cause.shown_by),
        supported=tuple(one for one in weights if one.nats > 0 and one.observation.is_seen),
        opposed=tuple(one for one in weights if one.nats < 0),
    )


def _is_tried(cause: Cause, by_fact: Mapping[Fact, Observation]) -> bool:
    """Tell whether probes alone show a cause."""
    tried = {
        fact
        for fact, found in by_fact.items()
        if found.is_seen and found.evidence and found.evidence[0].startswith(_TRIED)
    }
    return any(facts <= tried for facts in cause.shown_by)


def _nats(expected: Expects, *, is_seen: bool) -> float:
    here, elsewhere = expected.often, usual(expected.fact)
    return math.log(here / elsewhere if is_seen else (1 - here) / (1 - elsewhere))


def _behind(one: Weighed, others: Sequence[Weighed]) -> str | None:
    """Name the strongest cause whose mere consequence this one is: no consequence comes first."""
    causes = [other for other in others if _leads(other, one)]
    return max(causes, key=lambda other: other.nats).cause.code if causes else None


def _leads(one: Weighed, other: Weighed) -> bool:
    """Tell whether a cause that is shown leads to another, by the order in which they were seen."""
    if not one.is_shown or one.nats <= 0 or other.cause.code not in one.cause.leads_to:
        return False
    if any(weight.nats == OF_A_CONTRADICTION for weight in one.opposed):
        return False
    began, followed = _began(one), _began(other)
    if began is not None and followed is not None and began != followed:
        return began < followed
    is_mutual = one.cause.code in other.cause.leads_to
    return not is_mutual or (one.nats, one.cause.code) > (other.nats, other.cause.code)


def _began(one: Weighed) -> int | None:
    """Say when what decides for a cause first showed in the log: changes come before all of it."""
    deciding = {
        expected.fact
        for expected in one.cause.expects
        if expected.decides and expected.fact.shown_by >= LOGS
    }
    times = [
        weight.observation.time
        for weight in one.supported
        if weight.observation.fact in deciding and weight.observation.time is not None
    ]
    return min(times, default=None)


def _among(
    one: Weighed,
    alone: Sequence[Weighed],
    strength: Mapping[str, float],
    behind: Mapping[str, str | None],
) -> Weighed:
    """Weigh a cause among its rivals: all but those which are its consequences."""
    code = one.cause.code
    rivals = [
        other
        for other in alone
        if other.cause.code not in {code, *one.cause.leads_to} and behind[other.cause.code] is None
    ]
    shown = sum(
        strength[other.cause.code]
        for other in rivals
        if other.is_shown and not stands_beside(one, other)
    )
    unshown = sum(strength[other.cause.code] for other in rivals if not other.is_shown)
    against = shown + min(unshown, MOST_OF_THE_UNSHOWN) + 1.0
    confidence = strength[code] / (strength[code] + against)
    cause_of_it = behind[code]
    if cause_of_it is not None:
        confidence = min(UNNAMED, confidence)
    if not one.is_shown:
        confidence = min(UNNAMED, confidence)
    return msgspec.structs.replace(one, confidence=confidence, consequence_of=cause_of_it)
