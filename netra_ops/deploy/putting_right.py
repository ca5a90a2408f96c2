"""What is put right and looked at: rollouts nobody ended, what serves unproven or once more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netra.ids import row_id
from netra_ops.candidates.fingerprints.record import recorded
from netra_ops.deploy.course import history
from netra_ops.deploy.course.history import Abandoned
from netra_ops.deploy.course.recording import Recorder
from netra_ops.deploy.surroundings import Probed, Surroundings, shares
from netra_ops.findings import CouldNotTell, OpsError, Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.records import WHOLE, Ending, Judgement, Stage
from netra_ops.platform.port import ServiceState

_FOUND = "found serving, and walked before another revision is deployed"
_WHY = "the gate that began it did not live to end it"
_AGAIN = "walked once traffic was brought back to it"


@dataclass(frozen=True, slots=True)
class Standing:
    """What serves after traffic was brought back, and how it is.

    Attributes:
        verdict: What its golden path said.
        says: The same in a sentence.
    """

    verdict: Verdict
    says: str


def refuse_mixture(around: Surroundings, service: str) -> None:
    """Refuse to begin a rollout while another service is shared by several revisions.

    A golden path that is walked through both would judge a mixture that never serves again.

    Raises:
        CouldNotTell: Another service is.
    """
    for name in around.platform.services():
        split = around.platform.state(name).split
        if name != service and len(split) > 1:
            raise CouldNotTell(
                f"{name} is served by {shares(split)}: its rollout has no end. A golden path would "
                f"walk a mixture of both. End that one first, with `netra rollback {name}`. "
                "Nothing was changed."
            )


def told(around: Surroundings, service: str, found: Sequence[Abandoned]) -> None:
    """Say which rollouts have no end."""
    for one in found:
        around.remark(
            service,
            f"The rollout of {one.revision} ({one.rollout}), begun {one.since[:19]}Z, has no end: "
            "its gate was killed, or could not put things right.",
        )


def end_abandoned(
    around: Surroundings, service: str, to: str | None = None
) -> tuple[Abandoned, ...]:
    """Bring traffic back to who served before, and record that, for each rollout without an end.

    Args:
        around: What it works with.
        service: Of which service.
        to: Where traffic goes next, if somebody says so: then it stays until that is done.

    Returns:
        Those from which traffic was brought back.

    Raises:
        Failed: The platform did not do it.
        CouldNotTell: The platform does not answer, or the ledger cannot be read or written.
    """
    state = around.platform.state(service)
    found = history.abandoned(around.entries(), state, stays=to is not None)
    told(around, service, found)
    for one in found:
        with around.undisturbed():
            if one.split is not None:
                around.shift(service, one.split)
                around.remark(service, f"Brought traffic back: {shares(one.split)} serves.")
            _record(around, service, one, retires=one.retires and one.revision != to)
    return tuple(one for one in found if one.split is not None)


def _record(around: Surroundings, service: str, one: Abandoned, *, retires: bool) -> None:
    state = around.platform.state(service)
    recorder = around.recorder(service, one.rollout, _WHY)
    serving = next(iter(state.split), one.revision)
    if not history.is_as_recorded(around.entries(), state):
        around.record(recorder.traffic(serving, state.split))
    if one.left and serving != one.revision:
        around.record(recorder.back(serving, one.revision))
    if retires:
        _retire(around, state, one.revision)
    around.record(recorder.ended(one.revision, Ending.ABANDONED))


def _retire(around: Surroundings, state: ServiceState, revision: str) -> None:
    if revision in state.split:
        return
    try:
        around.platform.retire(state.service, revision)
    except OpsError as error:
        around.remark(state.service, f"{revision} was not taken out of service: {error}")


def prove_found(around: Surroundings, service: str, state: ServiceState) -> None:
    """Walk the golden path on the one revision that serves, if nothing proves it yet.

    One that passes is proven by it, so that there is something to go back to. One that does not is
    told, and refuses nothing: a deployment may be what mends it.

    Raises:
        CouldNotTell: The ledger or the platform does not answer.
    """
    if len(state.split) != 1:
        return
    (name,) = state.split
    revision = state.revision(name)
    proven = {proof.revision for proof in queries.proven(around.entries(), service)}
    if revision is None or name in proven:
        return
    around.remark(service, f"Nothing proves {name} yet, which serves: walking it first.")
    configuration = around.platform.configuration(service, name)
    judged, _ = around.probed(Probed(service, name, None, configuration))
    decision = around.decided(Stage.PROBES, (judged,), (), service, name)
    if decision.verdict is not Verdict.PASS:
        around.record(
            Judgement(
                service=service,
                revision=name,
                actor=around.actor,
                reason=_FOUND,
                stage=Stage.PROBES,
                verdict=decision.verdict,
                outcomes=decision.outcomes,
            )
        )
        why = decision.reasons[0] if decision.reasons else "it could not be told"
        around.remark(
            service, f"{name} does not pass itself, so there is nothing proven to go back to: {why}"
        )
        return
    recorder = around.recorder(service, row_id("rol"), _FOUND)
    fit = around.platform.schema_fit(service, revision.code)
    around.record(
        recorder.made(
            name,
            revision.code,
            recorded(configuration, around.fingerprints),
            schema=fit.head if fit else None,
            store_schema=fit.version if fit else None,
        )
    )
    around.record(recorder.judged(Stage.PROBES, decision))
    around.record(recorder.traffic(name, state.split))
    around.record(recorder.promoted(name))


def walk_after(around: Surroundings, service: str, left: Sequence[Abandoned]) -> None:
    """Walk the golden path on what serves again after rollouts that nobody had ended."""
    for one in left[-1:]:
        walk_again(around, around.recorder(service, one.rollout, _AGAIN), one.revision)


def walk_again(around: Surroundings, recorder: Recorder, left: str) -> Standing | None:
    """Walk the golden path on what serves again after traffic was brought back, and record it.

    Traffic is not moved by what it says: there is nothing better to go to that anybody knows of.

    Args:
        around: What it works with.
        recorder: Makes the records of the rollout that was left.
        left: The revision that was left.

    Returns:
        How what serves is, which was told as well; None where not one revision serves.
    """
    service, found = recorder.service, None
    try:
        split = around.platform.state(service).split
        if len(split) != 1:
            return None
        (found,) = split
        configuration = around.platform.configuration(service, found)
        judged, _ = around.probed(Probed(service, found, None, configuration))
        decision = around.decided(Stage.PROBES, (judged,), (), service, found)
        around.tell_decision(Stage.PROBES, decision, WHOLE)
        around.record(replace(recorder, reason=_AGAIN).judged(Stage.PROBES, decision))
        why = decision.reasons[0] if decision.reasons else ""
        standing = Standing(decision.verdict, _standing(found, left, decision.verdict, why))
    except OpsError as error:
        standing = Standing(
            Verdict.UNKNOWN, _standing(found or service, left, Verdict.UNKNOWN, str(error))
        )
    around.remark(service, standing.says)
    return standing


def _standing(serves: str, left: str, verdict: Verdict, why: str) -> str:
    if verdict is Verdict.PASS:
        return f"{serves} serves again, and passes its golden path."
    if verdict is Verdict.FAIL:
        return (
            f"{serves} serves again, and does not pass its golden path either: {why}. So the fault "
            f"is not of {left} alone. Look elsewhere: the other service, the store, what both "
            "revisions are configured with."
        )
    return f"{serves} serves again; whether it passes its golden path is not known: {why}"
