"""A deployment: a plan, its checks, a revision without traffic, the golden path, then traffic.

Nothing is made before the checks have passed and are recorded, and nothing has traffic before the
golden path was walked on it. Whatever ends it before its promotion leaves traffic where it was.
"""

from dataclasses import dataclass, field
from typing import Final

from netra.ids import row_id
from netra.schema_fit import SchemaJudgement
from netra_ops.candidates.comparing import Comparison
from netra_ops.candidates.fingerprints.record import recorded
from netra_ops.deploy import events
from netra_ops.deploy.checks.said import About
from netra_ops.deploy.checks.schema import Schemas
from netra_ops.deploy.course import history
from netra_ops.deploy.course.pace import Pace, steps_for
from netra_ops.deploy.course.recording import candidate_print
from netra_ops.deploy.putting_right import (
    end_abandoned,
    prove_found,
    refuse_mixture,
    told,
    walk_after,
    walk_again,
)
from netra_ops.deploy.rollout import NotPassed, Rollout
from netra_ops.deploy.rules import Proposal, judged_rules
from netra_ops.deploy.surroundings import (
    LONGEST_WHY,
    Probed,
    Surroundings,
    Telling,
    exit_of,
)
from netra_ops.findings import CouldNotTell, ExitCode, Failed, OpsError, Verdict
from netra_ops.gate.decision import Decision, Judged, Kind
from netra_ops.gate.waivers import Waiver
from netra_ops.ledger.chain import Entry
from netra_ops.ledger.records import WHOLE, Ending, Stage
from netra_ops.platform.port import Change, Plan, ServiceState

_TAG_LETTERS: Final = 12


@dataclass(frozen=True, slots=True)
class Options:
    """How a deployment is to go.

    Attributes:
        pace: Steps and times.
        reason: Why it is done.
        override: Why it may go on though rules or probes do not pass; empty if it may not.
        waivers: What need not pass, by whose word.
        dry_run: Whether it ends with the checks, and neither changes nor records anything.
    """

    pace: Pace = field(default_factory=Pace)
    reason: str = "a deployment"
    override: str = ""
    waivers: tuple[Waiver, ...] = ()
    dry_run: bool = False


def deploy(around: Surroundings, service: str, change: Change, options: Options) -> events.Ended:
    """Deploy a change of a service.

    Returns:
        How it ended, which was told as well.

    Raises:
        UsageRefused: The change cannot be made, or there is no such service.
        Failed: What a gate left that was killed could not be put right.
        CouldNotTell: The gate cannot run. Nothing was changed.
    """
    if options.dry_run:
        return _Deployment(around, service, change, options).rehearse()
    with around.rollout(service):
        return _Deployment(around, service, change, options).run()


class _Deployment:
    def __init__(
        self, around: Surroundings, service: str, change: Change, options: Options
    ) -> None:
        self._around = around
        self._service = service
        self._change = change
        self._options = options
        self._telling = Telling(around, service)
        self._recorder = around.recorder(service, row_id("rol"), options.reason)
        self._stage: Stage | None = Stage.RULES
        self._fit: SchemaJudgement | None = None

    def rehearse(self) -> events.Ended:
        """Show the plan and what the checks say of it."""
        refuse_mixture(self._around, self._service)
        entries, state = self._around.entries(), self._around.platform.state(self._service)
        open_ones = history.abandoned(entries, state)
        told(self._around, self._service, open_ones)
        stable = next(iter(state.split), None) if open_ones else history.stable_of(state)
        plan = self._around.platform.planned(self._service, self._change)
        decision, _ = self._checked(plan, entries, state, stable)
        passes = decision.verdict is Verdict.PASS or bool(self._options.override)
        ending = "would_go_on" if passes else "would_be_refused"
        exit_code = ExitCode.PASS if passes else exit_of(decision.verdict)
        return self._telling.ended(plan.name, ending, exit_code, decision.reasons)

    def run(self) -> events.Ended:
        """Deploy."""
        refuse_mixture(self._around, self._service)
        walk_after(self._around, self._service, end_abandoned(self._around, self._service))
        entries = self._around.entries()
        state = self._around.platform.state(self._service)
        stable = history.stable_of(state)
        plan = self._around.platform.planned(self._service, self._change)
        decision, candidate = self._checked(plan, entries, state, stable)
        if not history.is_as_recorded(entries, state):
            why = "found so; it was not by this command that it came to be"
            one = stable or plan.name
            self._around.record(self._recorder.traffic(one, state.split, why))
        self._around.record(self._recorder.judged(Stage.RULES, decision, candidate))
        if not self._goes_on(self._stage, decision):
            self._around.record(self._recorder.ended(plan.name, Ending.REFUSED))
            exit_code = exit_of(decision.verdict)
            return self._telling.ended(
                plan.name, "refused", exit_code, decision.reasons, state.split
            )
        self._retire(history.superseded(entries, state))
        prove_found(self._around, self._service, state)
        return self._rolled_out(plan, state)

    def _checked(
        self, plan: Plan, entries: tuple[Entry, ...], state: ServiceState, stable: str | None
    ) -> tuple[Decision, str]:
        """Judge the plan, and tell it; gives the decision and the candidate's fingerprint."""
        self._fit = self._around.platform.schema_fit(self._service, plan.code)
        newest = history.newest_made(entries, self._service)
        proposal = Proposal(
            self._service, plan.name, plan.after, plan.before, plan.peers, self._change
        )
        schemas = Schemas(self._service, plan.name, judged=self._fit, newest=newest)
        judged, comparison = self._judged(proposal, schemas)
        differences = comparison.differences if comparison else ()
        steps = steps_for(self._options.pace.steps, stable)
        self._around.tell(
            events.Planned(
                service=self._service,
                time=self._around.clock.timestamp(),
                revision=plan.name,
                code=plan.code,
                serving=dict(state.split),
                steps=steps,
                changes=tuple(f"{one.name} {one.says}" for one in differences),
                dry_run=self._options.dry_run,
            )
        )
        serves = state.revision(stable) if stable else None
        if serves is not None and serves.code == plan.code and not differences:
            text = f"Nothing differs from {stable}, which serves: this is the same once more."
            self._around.remark(self._service, text)
        candidate = candidate_print(plan.code, recorded(plan.after, self._around.fingerprints))
        if refusal := history.refused_before(entries, self._service, candidate):
            self._around.remark(
                self._service,
                "The same code and configuration was tried before: it was refused or rolled back "
                f"at {refusal.time[:19]}Z as {refusal.record.revision}.",
            )
        self._around.tell_strangers(self._service, self._options.waivers)
        decision = self._around.decided(
            Stage.RULES, (judged,), self._options.waivers, self._service, plan.name
        )
        overridden = decision.verdict is not Verdict.PASS and bool(self._options.override)
        self._around.tell_decision(Stage.RULES, decision, overridden=overridden)
        return decision, candidate

    def _judged(self, proposal: Proposal, schemas: Schemas) -> tuple[Judged, Comparison | None]:
        """Apply the rules; where that cannot be done at all, only a person's word goes on."""
        try:
            return judged_rules(
                proposal, schemas, self._around.contracts, self._around.fingerprints
            )
        except CouldNotTell as error:
            if not self._options.override:
                raise
            self._stage = None
            about = About(self._service, proposal.revision)
            said = about.says("rules_not_applied", Verdict.UNKNOWN, str(error))
            return Judged(Kind.RULES, 0, (said,)), None

    def _goes_on(self, stage: Stage | None, decision: Decision) -> bool:
        """Tell whether a stage lets it go on, and record it where only a person does."""
        if decision.verdict is Verdict.PASS:
            return True
        if not self._options.override:
            return False
        why = self._options.override
        self._around.record(self._recorder.override(decision.revision, stage, why))
        return True

    def _rolled_out(self, plan: Plan, state: ServiceState) -> events.Ended:
        probed = Probed(self._service, plan.name, None, plan.after)
        rollout = self._rollout(probed, state)
        try:
            self._record_making(plan)
            rollout.may_exist = True
            probed = self._made(plan)
            rollout = self._rollout(probed, state)
            rollout.may_exist = True
            self._prove(probed)
            rollout.go()
        except NotPassed as error:
            return self._left(rollout, plan, error.decision.reasons, error)
        except OpsError as error:
            return self._left(rollout, plan, (str(error),), error)
        except BaseException as error:
            # Whatever it is, and be it that somebody wants this command to end: traffic goes back.
            self._left(rollout, plan, (f"it was broken off ({type(error).__name__})",), error)
            raise
        return self._telling.ended(plan.name, "promoted", ExitCode.PASS, (), {plan.name: WHOLE})

    def _record_making(self, plan: Plan) -> None:
        fit = self._fit
        self._around.record(
            self._recorder.made(
                plan.name,
                plan.code,
                recorded(plan.after, self._around.fingerprints),
                schema=fit.head if fit else None,
                store_schema=fit.version if fit else None,
            )
        )

    def _rollout(self, probed: Probed, state: ServiceState) -> Rollout:
        options = self._options
        return Rollout(
            self._around,
            self._recorder,
            probed,
            dict(state.split),
            options.pace,
            options.waivers,
        )

    def _made(self, plan: Plan) -> Probed:
        tag = f"c-{row_id('c')[-_TAG_LETTERS:]}"
        now = self._around.clock.timestamp
        self._around.tell(
            events.Making(service=self._service, time=now(), revision=plan.name, tag=tag)
        )
        revision = self._around.platform.create(plan, tag)
        if (revision.name, revision.percent) != (plan.name, 0) or revision.address is None:
            raise Failed(
                f"The platform made {revision.name} with {revision.percent} % of the traffic, "
                f"reached under {revision.address}, where {plan.name} without traffic and with an "
                "address of its own was wanted."
            )
        self._around.tell(
            events.Made(
                service=self._service,
                time=now(),
                revision=revision.name,
                address=revision.address,
            )
        )
        return Probed(self._service, revision.name, revision.address, plan.after)

    def _prove(self, probed: Probed) -> None:
        judged, _ = self._around.probed(probed)
        decision = self._around.decided(
            Stage.PROBES, (judged,), self._options.waivers, self._service, probed.revision
        )
        goes_on = decision.verdict is Verdict.PASS or bool(self._options.override)
        overridden = goes_on and decision.verdict is not Verdict.PASS
        self._around.tell_decision(Stage.PROBES, decision, overridden=overridden)
        if not goes_on:
            raise NotPassed(Stage.PROBES, decision)
        self._around.record(self._recorder.judged(Stage.PROBES, decision))
        self._goes_on(Stage.PROBES, decision)

    def _left(
        self, rollout: Rollout, plan: Plan, reasons: tuple[str, ...], error: BaseException
    ) -> events.Ended:
        not_passed = error if isinstance(error, NotPassed) else None
        with self._around.undisturbed():
            why = reasons[0] if reasons else "it did not pass"
            left = rollout.leave(why[:LONGEST_WHY], not_passed)
        if not_passed is not None:
            exit_code = exit_of(not_passed.decision.verdict)
        else:
            exit_code = error.exit_code if isinstance(error, OpsError) else ExitCode.FAIL
        standing = None
        if left.ending is Ending.ROLLED_BACK and isinstance(error, NotPassed | OpsError):
            # All is recorded by now: whoever wants this command to end may break the walk off.
            standing = walk_again(self._around, self._recorder, plan.name)
        said = (standing.says,) if standing and standing.verdict is not Verdict.PASS else ()
        return self._telling.ended(
            plan.name,
            left.ending.value if left.ending else "could_not_decide",
            exit_code if left.ending else ExitCode.UNKNOWN,
            (*reasons, *left.problems, *said),
            self._serving(),
            golden_path=standing.verdict if standing else None,
        )

    def _serving(self) -> dict[str, int] | None:
        try:
            return self._around.platform.state(self._service).split
        except OpsError:
            return None

    def _retire(self, revisions: tuple[str, ...]) -> None:
        for name in revisions:
            try:
                self._around.platform.retire(self._service, name)
            except OpsError as error:
                text = f"{name} was not taken out of service: {error}"
                self._around.remark(self._service, text)
