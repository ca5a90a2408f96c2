"""The five whys of an incident, each as far as the evidence carries it and no further. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from netra_ops.diagnosis.answering.answer import Said, Suspect, Why, WhyStatus
from netra_ops.diagnosis.cause import CaughtBy
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.weights.weighing import Weighed

_MOST_EVIDENCE: Final = 5
_SYMPTOMS: Final = (
    Fact.MODULE_MISSING,
    Fact.START_FAILED,
    Fact.PLATFORM_REFUSED_CALLER,
    Fact.SIGNATURE_REFUSED,
    Fact.ISSUER_REFUSED,
    Fact.AUDIENCE_REFUSED,
    Fact.KEY_ID_UNKNOWN,
    Fact.TOKEN_TOO_EARLY,
    Fact.SUBJECT_NOT_TEXT,
    Fact.CLIENT_REFUSED,
    Fact.HEADER_ILLEGAL,
    Fact.KEY_UNREADABLE,
    Fact.POOL_EXHAUSTED_SAID,
    Fact.DATABASE_PASSWORD_REFUSED,
    Fact.DATABASE_SILENT,
    Fact.BREAKER_OPEN_SAID,
    Fact.CERTIFICATE_EXPIRED_SAID,
    Fact.AUTH_SERVICE_SILENT,
    Fact.UPGRADE_MISSING,
    Fact.ORIGIN_REFUSED_SAID,
    Fact.SUBPROTOCOL_SAID,
    Fact.SOCKETS_END_AT_ONE_AGE,
    Fact.PREFLIGHT_REFUSED,
    Fact.NOT_CONFIGURED_SAID,
    Fact.CREDENTIAL_MISSING,
    Fact.TOKEN_EXPIRED,
    Fact.CODE_ERROR,
    Fact.UNAUTHENTICATED_ADMITTED,
    Fact.ALL_REFUSED,
    Fact.PART_REFUSED,
    Fact.FAILURES,
)
"""What is seen at the surface, the most exact first."""
_AT_ONCE: Final = (Fact.BEGAN_WITH_REVISION, Fact.BEGAN_WITHOUT_REVISION)


def five_whys(
    leading: Weighed | None,
    observations: Iterable[Observation],
    suspects: Sequence[Suspect],
    before_traffic: Sequence[Said] = (),
) -> tuple[Why, ...]:
    """Answer as many of the five as the evidence does.

    Args:
        leading: The cause that is named, if one is.
        observations: What was observed.
        suspects: Changes that may have brought the cause, the likeliest first.
        before_traffic: What probes showed of the bad revision before it got traffic.
    """
    seen = {one.fact: one for one in observations if one.is_seen}
    return (
        _what_fails(seen),
        _what_it_is(leading),
        _how_it_works(leading, seen),
        _what_changed(leading, seen, suspects),
        _what_let_it_through(leading, before_traffic),
    )


def _what_fails(seen: Mapping[Fact, Observation]) -> Why:
    why = "Why is it called an incident?"
    found = next((seen[fact] for fact in _SYMPTOMS if fact in seen), None)
    if found is None:
        return _unknown(why, "The evidence shows no failure.")
    return _evidenced(why, found.says, found.evidence)


def _what_it_is(leading: Weighed | None) -> Why:
    why = "Why does that happen?"
    if leading is None:
        return _unknown(why, "Not known: no cause is supported well enough to be named.")
    deciding = {one.fact for one in leading.cause.expects if one.decides}
    found = [one.observation for one in leading.supported if one.observation.fact in deciding] or [
        one.observation for one in leading.supported
    ]
    says = " ".join(one.says for one in found[:2])
    evidence = tuple(place for one in found for place in one.evidence)
    return _evidenced(why, f"Because {leading.cause.title}. {says}", evidence)


def _how_it_works(leading: Weighed | None, seen: Mapping[Fact, Observation]) -> Why:
    why = "Why does the one lead to the other?"
    if leading is None:
        return _unknown(why, "Not known, as long as the cause is not.")
    along = [
        one.observation
        for one in leading.supported
        if one.observation.fact in seen and one.observation.fact not in _AT_ONCE
    ]
    evidence = tuple(place for one in along for place in one.evidence)
    if not evidence:
        return _unknown(why, "Not known: nothing in the bundle shows it.")
    return Why(
        why=why,
        answer=leading.cause.mechanism,
        status=WhyStatus.INFERRED,
        evidence=evidence[:_MOST_EVIDENCE],
    )


def _what_changed(
    leading: Weighed | None, seen: Mapping[Fact, Observation], suspects: Sequence[Suspect]
) -> Why:
    why = "Why did it begin when it began?"
    if leading is None:
        return _unknown(why, "Not known, as long as the cause is not.")
    if suspects:
        first = suspects[0]
        answer = f"{first.what}: {first.reason}"
        return Why(
            why=why,
            answer=answer,
            status=WhyStatus.INFERRED,
            evidence=first.evidence[:_MOST_EVIDENCE],
        )
    found = next((seen[fact] for fact in _AT_ONCE if fact in seen), None)
    if found is None:
        return _unknown(why, "Not known: the bundle holds no change that fits.")
    return Why(
        why=why,
        answer=f"{found.says} What changed with it is not in the bundle.",
        status=WhyStatus.INFERRED,
        evidence=found.evidence[:_MOST_EVIDENCE],
    )


def _what_let_it_through(leading: Weighed | None, before: Sequence[Said]) -> Why:
    why = "Why did nothing stop it before people met it?"
    if leading is None:
        return _unknown(why, "Not known, as long as the cause is not.")
    if before:
        says = " ".join(one.says for one in before[:2])
        return _evidenced(why, says, tuple(place for one in before for place in one.evidence))
    if leading.cause.caught_by == (CaughtBy.RUN_TIME,):
        return _unknown(
            why, "Not known: it shows only in what serves, and the bundle holds no alarm."
        )
    catching = " or ".join(one.value for one in leading.cause.caught_by)
    return _unknown(
        why,
        f"Not known: {catching} can catch it, and the bundle holds no record of one before the "
        "revision got its traffic.",
    )


def _evidenced(why: str, answer: str, evidence: tuple[str, ...]) -> Why:
    places = tuple(dict.fromkeys(evidence))[:_MOST_EVIDENCE]
    return Why(why=why, answer=answer, status=WhyStatus.EVIDENCED, evidence=places)


def _unknown(why: str, answer: str) -> Why:
    return Why(why=why, answer=answer, status=WhyStatus.UNKNOWN)
