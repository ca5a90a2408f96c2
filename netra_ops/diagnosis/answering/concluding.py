"""From what was observed to the answer. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from netra_ops.diagnosis.answering.answer import (
    Affected,
    Before,
    Beside,
    Course,
    Diagnosis,
    DiagnosisVerdict,
    Ranked,
    Said,
    Suspect,
)
from netra_ops.diagnosis.answering.whys import five_whys
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.weights.deciding import decisions
from netra_ops.diagnosis.weights.weighing import (
    NAMED_FROM,
    Weighed,
    Weight,
    stands_beside,
    weighed,
)

MOST_RANKED: Final = 8
"""How many causes are shown."""
_MOST_SAID: Final = 8
_RIVAL_FROM: Final = 0.05
"""Who is as likely as this is shown whatever speaks for them."""


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an incident beside what was observed.

    Attributes:
        onset: When it began, ISO 8601 in UTC.
        first_bad: The revision on which it was seen first.
        last_good: The last that served well before.
        affected: Who and what was hit.
        before: The same kind of requests from before.
        course: Requests and failures over time.
        suspects: Changes that may have brought it, the likeliest first.
        before_traffic: What probes showed of the bad revision before it got traffic.
        remarks: What was wrong with the evidence itself.
    """

    onset: str | None = None
    first_bad: str | None = None
    last_good: str | None = None
    affected: Affected = Affected()
    before: Before = Before()
    course: Course | None = None
    suspects: tuple[Suspect, ...] = ()
    before_traffic: tuple[Said, ...] = ()
    remarks: tuple[str, ...] = ()


def concluded(observations: Iterable[Observation], circumstances: Circumstances) -> Diagnosis:
    """Weigh the causes, and say what can be said.

    Args:
        observations: At most one of each fact.
        circumstances: What else is known.
    """
    observed = tuple(observations)
    ranked = weighed(observed)
    leading = _named(ranked, observed)
    verdict = _verdict(leading, observed)
    return Diagnosis(
        verdict=verdict,
        cause=leading.cause.code if leading is not None else None,
        because=leading.cause.title if leading is not None else None,
        confidence=_confidence(verdict, leading, ranked),
        ranked=_shown(ranked, leading),
        decide_by=()
        if verdict is DiagnosisVerdict.NOT_AN_INCIDENT
        else decisions(ranked, observed),
        onset=circumstances.onset,
        first_bad_revision=circumstances.first_bad,
        last_good_revision=circumstances.last_good,
        affected=circumstances.affected,
        before=circumstances.before,
        course=circumstances.course,
        five_whys=five_whys(
            leading, observed, circumstances.suspects, circumstances.before_traffic
        ),
        fix=leading.cause.fix if leading is not None else None,
        prove_by=leading.cause.prove_by if leading is not None else (),
        suspects=circumstances.suspects,
        remarks=circumstances.remarks,
        besides=_besides(ranked, leading) if verdict is DiagnosisVerdict.CAUSE_FOUND else (),
    )


def _besides(ranked: Sequence[Weighed], leading: Weighed | None) -> tuple[Beside, ...]:
    """Give the causes that would be named as well, were the leading one not there."""
    if leading is None:
        return ()
    return tuple(
        Beside(one.cause.code, one.cause.title, one.confidence, one.cause.fix)
        for one in ranked
        if one is not leading
        and one.consequence_of is None
        and one.confidence >= NAMED_FROM
        and stands_beside(leading, one)
    )


def named_cause(observations: Iterable[Observation]) -> str | None:
    """Give the code of the cause that is named, if one is."""
    observed = tuple(observations)
    leading = _named(weighed(observed), observed)
    return None if leading is None else leading.cause.code


def _named(ranked: Sequence[Weighed], observed: Sequence[Observation]) -> Weighed | None:
    """Give the cause that is named: the likeliest, if it is shown and likely enough."""
    best = ranked[0] if ranked else None
    if best is None or not best.is_shown or best.confidence < NAMED_FROM:
        return None
    return None if best.cause.is_incident and _is_quiet(observed) else best


def _is_quiet(observed: Sequence[Observation]) -> bool:
    """Tell whether nothing failed, or no more than happens where all is well."""
    facts = {one.fact: one.is_seen for one in observed}
    if any(facts.get(one, False) for one in _NOT_STARTED):
        return False
    return facts.get(Fact.FAILURES) is False or facts.get(Fact.SINGLE_REFUSALS, False)


_NOT_STARTED: Final = frozenset(
    {
        Fact.REVISION_NOT_READY,
        Fact.SECRET_PERMISSION_SAID,
        Fact.SECRET_VERSION_SAID,
        Fact.START_FAILED,
        Fact.MODULE_MISSING,
        Fact.KIND_CONFLICT_SAID,
    }
)
"""What went wrong before anybody could be refused: that others still serve hides it only."""


def _verdict(leading: Weighed | None, observed: Sequence[Observation]) -> DiagnosisVerdict:
    if _is_quiet(observed):
        return DiagnosisVerdict.NOT_AN_INCIDENT
    if leading is None:
        return DiagnosisVerdict.INSUFFICIENT_EVIDENCE
    facts = {one.fact: one.is_seen for one in observed}
    has_jumped = facts.get(Fact.USUAL_RATE) is False
    if leading.cause.is_incident or (has_jumped and leading.cause.code in _WHEN_JUMPED):
        return DiagnosisVerdict.CAUSE_FOUND
    return DiagnosisVerdict.NOT_AN_INCIDENT


_WHEN_JUMPED: Final = frozenset({"user_token_rejected"})
"""What is ordinary at its usual rate, and an incident when that jumps."""


def _confidence(
    verdict: DiagnosisVerdict, leading: Weighed | None, ranked: Sequence[Weighed]
) -> float:
    if leading is not None:
        return leading.confidence
    best = ranked[0].confidence if ranked else 0.0
    return 1.0 - best if verdict is DiagnosisVerdict.NOT_AN_INCIDENT else best


def _shown(ranked: Sequence[Weighed], leading: Weighed | None) -> tuple[Ranked, ...]:
    """Give the likeliest, and whoever the leading one is taken for."""
    neighbours = (
        {one.code for one in leading.cause.neighbours} if leading is not None else frozenset()
    )
    telling = [one for one in ranked if one is leading or _is_rival(one)][:MOST_RANKED]
    told_apart = [
        one for one in ranked if one.cause.code in neighbours and one.opposed and one not in telling
    ]
    return tuple(
        Ranked(
            cause=one.cause.code,
            score=one.confidence,
            supported=_said(one.supported),
            opposed=_said(one.opposed),
            consequence_of=one.consequence_of,
        )
        for one in (*telling, *told_apart)
    )


def _is_rival(one: Weighed) -> bool:
    """Tell whether more speaks for a cause than what goes with any."""
    deciding = {expected.fact for expected in one.cause.expects if expected.decides}
    return one.confidence >= _RIVAL_FROM or any(
        weight.observation.fact in deciding for weight in one.supported
    )


def _said(weights: Sequence[Weight]) -> tuple[Said, ...]:
    return tuple(
        Said(one.observation.evidence, one.observation.says) for one in weights[:_MOST_SAID]
    )
