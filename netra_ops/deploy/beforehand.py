"""What is put right before a deployment: rollouts nobody ended, and what serves unproven."""

from collections.abc import Sequence

from netra.ids import row_id
from netra_ops.candidates.fingerprints.record import recorded
from netra_ops.deploy.course import history
from netra_ops.deploy.course.history import Abandoned
from netra_ops.deploy.surroundings import Probed, Surroundings, shares
from netra_ops.findings import OpsError, Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.records import Ending, Judgement, Stage
from netra_ops.platform.port import ServiceState

_FOUND = "found serving, and walked before another revision is deployed"
_WHY = "the gate that began it did not live to end it"


def told(around: Surroundings, service: str, found: Sequence[Abandoned]) -> None:
    """Say which rollouts have no end."""
    for one in found:
        around.remark(
            service,
            f"The rollout of {one.revision} ({one.rollout}), begun {one.since[:19]}Z, has no end: "
            "its gate was killed, or could not put things right.",
        )


def end_abandoned(around: Surroundings, service: str, to: str | None = None) -> bool:
    """Bring traffic back to who served before, and record that, for each rollout without an end.

    Args:
        around: What it works with.
        service: Of which service.
        to: Where traffic goes next, if somebody says so: then it stays until that is done.

    Returns:
        Whether traffic was brought back.

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
    return any(one.split is not None for one in found)


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
