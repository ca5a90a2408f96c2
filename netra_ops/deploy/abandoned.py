"""Ends the rollouts that nobody ended, as a gate leaves them that was killed."""

from collections.abc import Sequence

from netra_ops.deploy.course import history
from netra_ops.deploy.course.history import Abandoned
from netra_ops.deploy.surroundings import Surroundings, shares
from netra_ops.findings import OpsError
from netra_ops.ledger.records import Ending
from netra_ops.platform.port import ServiceState

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
