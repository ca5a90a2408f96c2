"""A rollback: from what serves to another revision, checked before and walked after.

It goes to the revision that was proven last, or to the one that is named. Where that shows the
fault that the one before had, it says so, and stays: to go on rolling back would not help.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from netra.ids import row_id
from netra_ops.deploy import events
from netra_ops.deploy.checks.schema import Schemas
from netra_ops.deploy.course import history
from netra_ops.deploy.putting_right import end_abandoned, told
from netra_ops.deploy.rules import Proposal, judged_rules
from netra_ops.deploy.surroundings import (
    LONGEST_WHY,
    Probed,
    Surroundings,
    Telling,
    exit_of,
    shares,
)
from netra_ops.findings import (
    CouldNotTell,
    ExitCode,
    Failed,
    Finding,
    OpsError,
    UsageRefused,
    Verdict,
)
from netra_ops.gate.decision import Decision, Judged
from netra_ops.ledger import queries
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.records import WHOLE, Ending, Stage
from netra_ops.platform.port import ServiceState


@dataclass(frozen=True, slots=True)
class Options:
    """How a rollback is to go.

    Attributes:
        to: The revision to go to; by default the one that was proven last.
        reason: Why it is done.
        override: Why it may go on though the target's configuration does not pass; empty if it
            may not.
        dry_run: Whether it ends with the checks, and neither changes nor records anything.
    """

    to: str | None = None
    reason: str = "a rollback"
    override: str = ""
    dry_run: bool = False


def roll_back(around: Surroundings, service: str, options: Options) -> events.Ended:
    """Go back to another revision of a service.

    Returns:
        How it ended, which was told as well.

    Raises:
        UsageRefused: There is no such revision, or none to go back to.
        Failed: The platform did not shift the traffic.
        CouldNotTell: It cannot be decided. Nothing was changed.
    """
    if options.dry_run:
        return _Rollback(around, service, options).rehearse()
    with around.alone(service):
        return _Rollback(around, service, options).run()


class _Rollback:
    def __init__(self, around: Surroundings, service: str, options: Options) -> None:
        self._around = around
        self._service = service
        self._options = options
        self._telling = Telling(around, service)
        self._recorder = around.recorder(service, row_id("rol"), options.reason)

    def rehearse(self) -> events.Ended:
        """Say where it would go, and what the checks say of it."""
        entries, state = self._around.entries(), self._around.platform.state(self._service)
        told(self._around, self._service, history.abandoned(entries, state, stays=True))
        target = self._target(entries, state)
        decision = self._checked(entries, state, target)
        passes = decision.verdict is Verdict.PASS or bool(self._options.override)
        exit_code = ExitCode.PASS if passes else exit_of(decision.verdict)
        ending = "would_go_on" if passes else "would_be_refused"
        return self._telling.ended(target, ending, exit_code, decision.reasons, state.split)

    def run(self) -> events.Ended:
        """Go back."""
        is_back = bool(end_abandoned(self._around, self._service, self._options.to))
        entries, state = self._around.entries(), self._around.platform.state(self._service)
        stable = next(iter(state.split), None)
        if is_back and stable is not None:
            # What was asked for is done: the rollout that had no end was the one to go back from.
            return self._proven_after(stable, None, frozenset())
        target = self._target(entries, state)
        decision = self._checked(entries, state, target)
        left = _left(state, target)
        if decision.verdict is not Verdict.PASS and not self._options.override:
            self._around.record(self._recorder.judged(Stage.RULES, decision))
            self._around.record(self._recorder.ended(target, Ending.REFUSED))
            exit_code = exit_of(decision.verdict)
            return self._telling.ended(target, "refused", exit_code, decision.reasons, state.split)
        faults = self._faults_of(left, state)
        self._begin(entries, state, target, left, decision)
        return self._shifted(target, left, faults)

    def _target(self, entries: Sequence[Entry], state: ServiceState) -> str:
        wanted = self._options.to
        if wanted is None:
            wanted = history.proven_besides(entries, state, state.split)
            if wanted is None:
                raise UsageRefused(
                    f"No revision of {self._service} is proven besides what serves. "
                    "`netra revisions` shows what there is; name one with --to."
                )
        if state.revision(wanted) is None:
            raise UsageRefused(f"{self._service} has no revision {wanted} any more.")
        if state.split == {wanted: WHOLE}:
            raise UsageRefused(f"{wanted} serves already, and nothing else does.")
        return wanted

    def _checked(self, entries: Sequence[Entry], state: ServiceState, target: str) -> Decision:
        """Judge the target's configuration beside the peers that serve now, and its schema."""
        platform = self._around.platform
        after = platform.configuration(self._service, target)
        peers = []
        for name in platform.services():
            split = platform.state(name).split
            if name != self._service and split:
                serving = max(split, key=lambda one: split[one])
                peers.append(platform.configuration(name, serving))
        revision = state.revision(target)
        code = revision.code if revision else ""
        schemas = Schemas(
            self._service,
            target,
            judged=platform.schema_fit(self._service, code),
            made=queries.how_made(entries, self._service, target),
            newest=history.newest_made(entries, self._service),
        )
        proposal = Proposal(self._service, target, after, peers=tuple(peers))
        judged, _ = judged_rules(
            proposal,
            schemas,
            self._around.contracts,
            self._around.fingerprints,
            compares=False,
        )
        self._around.tell(
            events.Planned(
                service=self._service,
                time=self._around.clock.timestamp(),
                revision=target,
                code=code,
                serving=dict(state.split),
                steps=(WHOLE,),
                changes=(),
                dry_run=self._options.dry_run,
            )
        )
        decision = self._around.decided(Stage.RULES, (judged,), (), self._service, target)
        overridden = decision.verdict is not Verdict.PASS and bool(self._options.override)
        self._around.tell_decision(Stage.RULES, decision, overridden=overridden)
        return decision

    def _faults_of(self, left: str | None, state: ServiceState) -> frozenset[tuple[str, ...]]:
        """Walk what is left, so that it can be told whether the target shows the same."""
        if left is None or len(state.split) != 1:
            return frozenset()
        self._around.remark(self._service, f"Looking at {left}, which serves now, first.")
        try:
            judged, _ = self._around.probed(self._probed(left))
        except OpsError:
            return frozenset()
        return _faults(judged)

    def _begin(
        self,
        entries: Sequence[Entry],
        state: ServiceState,
        target: str,
        left: str | None,
        decision: Decision,
    ) -> None:
        if not history.is_as_recorded(entries, state):
            why = "found so; it was not by this command that it came to be"
            self._around.record(self._recorder.traffic(left or target, state.split, why))
        if left is not None:
            self._around.record(self._recorder.back(target, left))
        self._around.record(self._recorder.judged(Stage.RULES, decision))
        if decision.verdict is not Verdict.PASS:
            why = self._options.override
            self._around.record(self._recorder.override(target, Stage.RULES, why))
        self._around.record(self._recorder.traffic(target, {target: WHOLE}))

    def _shifted(
        self,
        target: str,
        left: str | None,
        faults: frozenset[tuple[str, ...]],
    ) -> events.Ended:
        try:
            self._around.shift(self._service, {target: WHOLE})
        except (Failed, CouldNotTell) as error:
            return self._did_not_take(target, error)
        return self._proven_after(target, left, faults)

    def _did_not_take(self, target: str, error: Failed | CouldNotTell) -> events.Ended:
        """Record who serves, where that can be told; else the rollout stays open, and says so."""
        with self._around.undisturbed():
            try:
                now = self._around.platform.state(self._service).split
                why = f"the traffic was not shifted: {error}"[:LONGEST_WHY]
                if now != {target: WHOLE}:
                    self._around.record(self._recorder.traffic(target, now, why))
                self._around.record(self._recorder.ended(target, Ending.ABANDONED, why))
            except OpsError:
                now = None
        reasons = (str(error),)
        return self._telling.ended(target, "could_not_decide", error.exit_code, reasons, now)

    def _proven_after(
        self,
        target: str,
        left: str | None,
        faults: frozenset[tuple[str, ...]],
    ) -> events.Ended:
        judged, _ = self._around.probed(self._probed(target))
        decision = self._around.decided(Stage.PROBES, (judged,), (), self._service, target)
        self._around.tell_decision(Stage.PROBES, decision, WHOLE)
        self._around.record(self._recorder.judged(Stage.PROBES, decision))
        serving = {target: WHOLE}
        if left is None:
            # A rollout that was ended before: its records are written.
            ending = "restored" if decision.verdict is Verdict.PASS else "stays"
            exit_code = exit_of(decision.verdict)
            return self._telling.ended(
                target, ending, exit_code, decision.reasons, serving, golden_path=decision.verdict
            )
        if decision.verdict is Verdict.PASS:
            self._around.record(self._recorder.promoted(target))
            return self._telling.ended(
                target, "restored", ExitCode.PASS, (), serving, golden_path=decision.verdict
            )
        same = sorted(check for check, *_ in faults & _faults(judged))
        why = _words(target, left, decision, same)
        self._around.remark(self._service, why)
        ended = self._recorder.ended(target, Ending.ROLLED_BACK, why[:LONGEST_WHY])
        self._around.record(ended)
        reasons = (why, *decision.reasons)
        return self._telling.ended(
            target,
            "stays",
            exit_of(decision.verdict),
            reasons,
            serving,
            golden_path=decision.verdict,
        )

    def _probed(self, revision: str) -> Probed:
        configuration = self._around.platform.configuration(self._service, revision)
        return Probed(self._service, revision, None, configuration)


def _left(state: ServiceState, target: str) -> str | None:
    """Give the revision that is left: of several the one with the largest share."""
    others = {name: part for name, part in state.split.items() if name != target}
    return max(others, key=lambda one: others[one]) if others else None


def _faults(judged: Judged) -> frozenset[tuple[str, ...]]:
    return frozenset((f.check, *f.evidence) for f in judged.findings if _refuses(f))


def _refuses(finding: Finding) -> bool:
    return finding.verdict is Verdict.FAIL


def _words(target: str, left: str, decision: Decision, same: Sequence[str]) -> str:
    if same:
        return (
            f"{target} shows the same fault as {left} ({', '.join(dict.fromkeys(same))}), so that "
            f"{left} is not its cause, or not alone. Traffic stays with {target}; look elsewhere: "
            "the other service, the store, what both revisions are configured with."
        )
    return (
        f"{target} serves now and is not proven: its probes say {decision.verdict.value}. "
        f"Traffic stays with it; {shares({left: WHOLE})} before."
    )
