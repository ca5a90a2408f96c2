"""A revision that serves though no deployment made it: looked at before another takes its place."""

from netra.ids import row_id
from netra_ops.candidates.fingerprints.record import recorded
from netra_ops.deploy.surroundings import Probed, Surroundings
from netra_ops.findings import Verdict
from netra_ops.ledger import queries
from netra_ops.ledger.records import Judgement, Stage
from netra_ops.platform.port import ServiceState

_WHY = "found serving, and walked before another revision is deployed"


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
                reason=_WHY,
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
    recorder = around.recorder(service, row_id("rol"), _WHY)
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
