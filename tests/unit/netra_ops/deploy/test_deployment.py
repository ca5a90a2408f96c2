"""A deployment from its plan to its promotion, and everything that ends it before."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.configurations import AUTH, BACKEND
from fakes.deploying import Gate, good_steps, people, steady, step
from fakes.fake_platform import candidate, silent
from netra.schema_fit import SchemaFit, SchemaJudgement
from netra.secret import Secret
from netra_ops.candidates.candidate import Reference, Setting
from netra_ops.deploy import events
from netra_ops.deploy.course.pace import Pace
from netra_ops.deploy.deployment import Options, deploy
from netra_ops.deploy.surroundings import Probed
from netra_ops.findings import CouldNotTell, ExitCode, Failed, UsageRefused, Verdict
from netra_ops.gate.waivers import Waiver
from netra_ops.ledger import queries
from netra_ops.ledger.records import End, Ending, Judgement, Override, Stage, Traffic
from netra_ops.platform.port import Change, Observed, Requests
from netra_ops.validation.step import Wanted

OLD, NEW = f"{BACKEND}-00001-aaa", f"{BACKEND}-00002-bbb"
HARMLESS = Change(values={"TOKEN_AUDIENCE": Secret("netra-backend")})
QUICK = Options(Pace(hold=2, bake=1), reason="the monthly release")


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate on a platform where people ask a lot and all is well."""
    made = Gate(tmp_path / "ledger")
    made.platform.traffic = steady({OLD: people(s200=400)}, people(s200=40))
    return made


def run(gate: Gate, change: Change = HARMLESS, options: Options = QUICK) -> events.Ended:
    """Deploy the backend."""
    return deploy(gate.surroundings(), BACKEND, change, options)


def serving(gate: Gate) -> dict[str, int]:
    """Say who serves, and see that the ledger says the same and nothing is left open."""
    split = gate.platform.split(BACKEND)
    assert gate.recorded_split(BACKEND) == split
    assert queries.unfinished(gate.entries()) == ()
    return split


def test_a_good_candidate_is_promoted(gate: Gate) -> None:
    """It passes its rules, its probes, every step and the baking, and all of it is recorded."""
    ended = run(gate)

    assert (ended.ending, ended.exit_code) == ("promoted", ExitCode.PASS)
    assert serving(gate) == {NEW: 100}
    assert gate.records() == [
        "Traffic",
        "Judgement",
        # What served was walked first, and is something to go back to from now on.
        *("Deploy", "Judgement", "Traffic", "Promotion"),
        "Deploy",
        "Judgement",
        *("Traffic", "Judgement") * 3,
        "Judgement",
        "Promotion",
    ]
    splits = [e.record.split for e in gate.entries() if isinstance(e.record, Traffic)]
    assert splits[1:] == [{OLD: 100}, {OLD: 95, NEW: 5}, {OLD: 75, NEW: 25}, {NEW: 100}]
    proof = queries.last_proven(gate.entries(), BACKEND)
    assert proof is not None
    assert proof.revision == NEW


def test_what_served_before_is_walked_once(gate: Gate) -> None:
    """Then it is proven, and the next deployment has something to go back to without a walk."""
    run(gate)
    run(gate, Change(values={"ALLOWED_ORIGINS": Secret("https://chat.example")}))

    assert gate.prober.walked.count(OLD) == 1
    assert [proof.revision for proof in queries.proven(gate.entries(), BACKEND)][:2] == [OLD, NEW]


def test_what_serves_badly_keeps_nobody_from_mending_it(gate: Gate) -> None:
    """It is told, nothing proves it, and the deployment goes on."""
    gate.prober.steps[OLD] = (*good_steps(), step("me as user", Verdict.FAIL))

    ended = run(gate)

    assert ended.ending == "promoted"
    assert [proof.revision for proof in queries.proven(gate.entries(), BACKEND)] == [NEW]
    told = [event.text for event in gate.of(events.Remarked)]
    assert any("nothing proven to go back to: golden_path: me as user" in text for text in told)
    assert serving(gate) == {NEW: 100}


def test_what_serves_and_cannot_be_walked_is_not_proven(gate: Gate) -> None:
    """A walk that leads nowhere says nothing of it, and the deployment goes on."""

    def nowhere(probed: Probed) -> None:
        if probed.revision == OLD:
            raise CouldNotTell("its secret cannot be seen")

    gate.prober.at_walk = nowhere

    assert run(gate).ending == "promoted"
    assert [proof.revision for proof in queries.proven(gate.entries(), BACKEND)] == [NEW]


def test_the_old_revision_stays_until_the_next_deployment(gate: Gate) -> None:
    """A rollback is instant; the one before goes when the next comes."""
    run(gate)
    old = gate.platform.revisions[BACKEND][OLD]
    assert old.is_running

    run(gate, Change(values={"ALLOWED_ORIGINS": Secret("https://chat.example")}))

    assert not gate.platform.revisions[BACKEND][OLD].is_running
    assert gate.platform.revisions[BACKEND][NEW].is_running


def test_what_others_made_is_not_taken_away(gate: Gate) -> None:
    """A revision with a tag of somebody else's stays, whatever is deployed."""
    other = replace(gate.platform.revisions[BACKEND][OLD], name="by-hand", percent=0, tag="mine")
    gate.platform.revisions[BACKEND]["by-hand"] = other

    run(gate)
    run(gate, Change(values={"ALLOWED_ORIGINS": Secret("https://chat.example")}))

    assert gate.platform.revisions[BACKEND]["by-hand"] == other


def test_a_bad_configuration_makes_nothing(gate: Gate) -> None:
    """It is refused by the variable's name, without its value, before anything is made."""
    ended = run(gate, Change(values={"SERVICE_SECRET": Secret("short-and-bad")}))

    assert (ended.ending, ended.exit_code) == ("refused", ExitCode.FAIL)
    assert any("SERVICE_SECRET" in reason for reason in ended.reasons)
    assert "short-and-bad" not in str(gate.told) + str(gate.entries())
    assert "create" not in gate.platform.calls
    assert gate.records() == ["Traffic", "Judgement", "End"]
    assert serving(gate) == {OLD: 100}


def test_what_does_not_agree_with_the_other_service_is_refused(gate: Gate) -> None:
    """A key that only one of the two holds is found before anybody is refused by it."""
    ended = run(gate, Change(values={"JWT_SECRET_KEY": Secret("k3y-" * 12)}))

    assert ended.ending == "refused"
    assert any(reason.startswith("services_disagree: ") for reason in ended.reasons)


def test_faults_that_serve_already_do_not_stop_what_mends_another(gate: Gate) -> None:
    """What is wrong with the peer's own configuration is no fault of the candidate."""
    auth = f"{AUTH}-00001-aaa"
    values = {s.name: s.value.reveal() for s in gate.platform.made_with[auth].settings if s.value}
    gate.platform.made_with[auth] = candidate(AUTH, values | {"LOG_LEVEL": "x", "PORT": "none"})

    assert run(gate).ending == "promoted"


def test_without_a_contract_nothing_is_changed(gate: Gate) -> None:
    """The gate cannot run, so it stops with exit code 3 and no record (checklist 65)."""
    gate.contracts = ()

    with pytest.raises(CouldNotTell, match="no contract"):
        run(gate)

    assert gate.records() == []
    assert gate.platform.split(BACKEND) == {OLD: 100}


def test_a_person_may_go_on_without_a_contract(gate: Gate) -> None:
    """It is recorded that the gate could not run, and whose word it was (checklist 65)."""
    gate.contracts = ()

    ended = run(gate, options=replace(QUICK, override="the contract follows today"))

    assert ended.ending == "promoted"
    (override,) = [e.record for e in gate.entries() if isinstance(e.record, Override)]
    assert (override.stage, override.reason) == (None, "the contract follows today")
    assert override.actor.person == "ana@example.com"


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.UNKNOWN])
def test_a_candidate_that_fails_its_probes_never_has_traffic(gate: Gate, verdict: Verdict) -> None:
    """It is taken out of service; the service was as it is all the time (checklist 64)."""
    gate.prober.steps[NEW] = (*good_steps(), step("me as user", verdict))

    ended = run(gate)

    assert ended.ending == "refused"
    assert ended.exit_code is (ExitCode.FAIL if verdict is Verdict.FAIL else ExitCode.UNKNOWN)
    assert "shift" not in gate.platform.calls
    assert not gate.platform.revisions[BACKEND][NEW].is_running
    assert serving(gate) == {OLD: 100}
    last = gate.entries()[-1].record
    assert isinstance(last, End)
    assert last.ending is Ending.REFUSED


def test_a_walk_without_a_step_proves_nothing(gate: Gate) -> None:
    """No probe is UNKNOWN, and UNKNOWN has no traffic."""
    gate.prober.steps[NEW] = ()

    ended = run(gate)

    assert (ended.ending, ended.exit_code) == ("refused", ExitCode.UNKNOWN)
    assert any(reason.startswith("no_probes: ") for reason in ended.reasons)


def test_an_admitted_stranger_has_a_check_of_its_own(gate: Gate) -> None:
    """Identity that became optional is told apart from whatever else is wrong."""
    gate.prober.steps[NEW] = (
        *good_steps(),
        step("bad token", Verdict.FAIL, Wanted.REFUSED, admitted=True),
    )

    ended = run(gate)

    assert [reason.partition(":")[0] for reason in ended.reasons] == ["caller_wrongly_admitted"]


def test_an_override_lets_go_on_and_proves_nothing(gate: Gate) -> None:
    """The revision is promoted by a person's word, and no rollback will take it for proven."""
    gate.prober.steps[NEW] = (*good_steps(), step("me as user", Verdict.FAIL))

    ended = run(gate, options=replace(QUICK, override="known, harmless until Friday"))

    assert ended.ending == "promoted"
    assert serving(gate) == {NEW: 100}
    overrides = [e.record for e in gate.entries() if isinstance(e.record, Override)]
    assert [one.stage for one in overrides] == [Stage.PROBES]
    assert [proof.revision for proof in queries.proven(gate.entries(), BACKEND)] == [OLD]


def test_an_override_does_not_reach_the_traffic(gate: Gate) -> None:
    """What people are served with is not let pass by a word that was given before."""
    gate.platform.traffic = steady({OLD: people(s200=400)}, people(s200=20, s500=20))

    ended = run(gate, options=replace(QUICK, override="whatever it takes"))

    assert (ended.ending, ended.exit_code) == ("rolled_back", ExitCode.FAIL)
    assert serving(gate) == {OLD: 100}


def test_a_waiver_lets_one_finding_pass(gate: Gate) -> None:
    """It is recorded with the finding, and the rest of the rules hold."""
    gone = Change(values={}, references={}, file=Path("x"), replaces=True)
    plan = gate.platform.planned
    settings = gate.platform.made_with[OLD]
    settings = replace(settings, settings=(*settings.settings, *_extra()))
    gate.platform.made_with[OLD] = settings

    def without(service: str, change: Change) -> object:
        planned = plan(service, change)
        kept = tuple(s for s in planned.after.settings if s.name != "OLD_FEATURE")
        return replace(planned, after=replace(planned.after, settings=kept))

    gate.platform.planned = without  # type: ignore[method-assign,assignment]
    refused = run(gate, gone)
    now = gate.clock.timestamp()
    waiver = Waiver(
        check="variable_lost",
        variable="OLD_FEATURE",
        reason="nothing reads it",
        person="ana@example.com",
        expires=now + 1000,
    )
    passed = run(gate, gone, replace(QUICK, waivers=(waiver,)))

    assert refused.reasons[0].startswith("variable_lost: OLD_FEATURE is not set any more.")
    assert passed.ending == "promoted"


def test_one_file_of_waivers_serves_all_services(gate: Gate) -> None:
    """Those of another service wait for its deployment; one of a service nobody knows is told."""
    now = gate.clock.timestamp()

    def waiver(service: str, expires: float = now + 1000) -> Waiver:
        return Waiver(
            check="variable_lost",
            service=service,
            variable="OLD_FEATURE",
            reason="nothing reads it",
            person="ana@example.com",
            expires=expires,
            place=f"waivers.yaml: of {service}",
        )

    others = (waiver(AUTH), waiver(AUTH, now - 1), waiver("netra-backened"))
    passed = run(gate, options=replace(QUICK, waivers=others))
    own = run(gate, options=replace(QUICK, waivers=(*others, waiver(BACKEND))))

    assert passed.ending == "promoted"
    assert own.ending == "refused"
    assert [reason.split(":")[0] for reason in own.reasons] == ["waiver_unmatched"]
    told = [one.text for one in gate.told if isinstance(one, events.Remarked)]
    strangers = [text for text in told if "is not known here" in text]
    assert len(strangers) == 2
    assert all("netra-backened" in text and AUTH in text for text in strangers)


def _extra() -> tuple[Setting, ...]:
    return candidate(BACKEND, {"OLD_FEATURE": "on-since-2024"}).settings


def test_an_error_among_many_requests_sends_traffic_back(gate: Gate) -> None:
    """One server error of few requests is enough where the stable revision has none of many."""
    gate.platform.traffic = steady({OLD: people(s200=2000)}, people(s200=19, s500=1))

    ended = run(gate)

    assert ended.ending == "rolled_back"
    assert any(reason.startswith("server_errors: ") for reason in ended.reasons)
    assert serving(gate) == {OLD: 100}
    assert not gate.platform.revisions[BACKEND][NEW].is_running
    # What serves again is walked when all is done.
    assert gate.records()[-5:] == ["Judgement", "Traffic", "Rollback", "End", "Judgement"]


def test_a_fault_is_acted_on_at_once(gate: Gate) -> None:
    """Traffic is back at the sample that shows the fault, not at the end of the step."""
    began = gate.clock.timestamp()

    def traffic(_service: str, _since: float, until: float) -> dict[str, Observed]:
        late = until - began >= 5
        return {OLD: people(s200=1000), NEW: people(s500=10) if late else people(s200=1)}

    gate.platform.traffic = traffic
    ended = run(gate, options=Options(Pace(min_requests=500, hold=600, bake=1)))

    assert ended.ending == "rolled_back"
    assert 5 <= gate.clock.timestamp() - began < 7


@pytest.mark.parametrize("percent", [5, 25, 100])
def test_a_fault_at_any_step_sends_traffic_back(gate: Gate, percent: int) -> None:
    """Also when everybody is served by the candidate already."""

    def traffic(_service: str, _since: float, _until: float) -> dict[str, Observed]:
        has_it = gate.platform.split(BACKEND).get(NEW) == percent
        return {OLD: people(s200=400), NEW: people(s500=40) if has_it else people(s200=40)}

    gate.platform.traffic = traffic
    ended = run(gate)

    assert ended.ending == "rolled_back"
    assert serving(gate) == {OLD: 100}


def test_a_fault_while_it_bakes_sends_traffic_back(gate: Gate) -> None:
    """Having all of the traffic is not yet being promoted."""

    def traffic(_service: str, _since: float, _until: float) -> dict[str, Observed]:
        bakes = any(event.bakes for event in gate.of(events.Sampled))
        return {OLD: people(s200=400), NEW: people(s502=40) if bakes else people(s200=40)}

    gate.platform.traffic = traffic
    ended = run(gate, options=replace(QUICK, pace=Pace(hold=2, bake=10)))

    assert ended.ending == "rolled_back"
    judged = [e.record for e in gate.entries() if isinstance(e.record, Judgement)]
    assert [one.stage for one in judged if one.revision == NEW][-1] is Stage.BAKE
    assert serving(gate) == {OLD: 100}


def test_where_nobody_comes_probes_are_sent_and_counted_apart(gate: Gate) -> None:
    """A quiet service is deployed on the word of labelled probes, which the report names."""
    walks = gate.prober.walked

    def traffic(_service: str, _since: float, _until: float) -> dict[str, Observed]:
        return {NEW: Observed(probes=Requests({200: 25 * (len(walks) - 1)}))}

    gate.platform.traffic = traffic
    ended = run(gate)

    assert ended.ending == "promoted"
    counts = [
        outcome.finding.reason
        for event in gate.of(events.Decided)
        for outcome in event.outcomes
        if outcome.finding.check == "traffic_seen"
    ]
    assert counts[0] == "0 requests of people, 25 of probes (needs 20)"


def test_without_any_data_nothing_is_promoted(gate: Gate) -> None:
    """Probes that nobody counted are no data, and no data is UNKNOWN."""
    gate.platform.traffic = lambda *_: {}

    ended = run(gate)

    assert (ended.ending, ended.exit_code) == ("rolled_back", ExitCode.UNKNOWN)
    assert any("0 requests of people, 0 of probes (needs 20)" in r for r in ended.reasons)
    assert serving(gate) == {OLD: 100}


def test_a_probe_that_fails_under_traffic_sends_it_back(gate: Gate) -> None:
    """The golden path that is walked for want of people is judged like the first one."""

    def spoil(_probed: object) -> None:
        if gate.prober.walked.count(NEW) > 1:
            gate.prober.steps[NEW] = (*good_steps(), step("read back", Verdict.FAIL))

    gate.prober.at_walk = spoil
    gate.platform.traffic = lambda *_: {NEW: Observed(probes=Requests({200: 50}))}
    ended = run(gate, options=replace(QUICK, pace=Pace(min_requests=60, hold=1, bake=1)))

    assert ended.ending == "rolled_back"
    assert any(reason.startswith("golden_path: read back") for reason in ended.reasons)


def test_people_are_not_waited_for_if_none_are_wanted(gate: Gate) -> None:
    """With --min-requests 0 probes are sent at once, and data there must be all the same."""
    gate.platform.traffic = lambda *_: {NEW: Observed(probes=Requests({200: 9}))}
    began = gate.clock.timestamp()

    ended = run(gate, options=replace(QUICK, pace=Pace(min_requests=0, hold=600, bake=0)))

    assert ended.ending == "promoted"
    assert gate.clock.timestamp() - began < 5


def test_somebody_elses_hand_is_noticed(gate: Gate) -> None:
    """Traffic that is not shared as it was set was not judged, and goes back to what was."""

    def traffic(service: str, _since: float, _until: float) -> dict[str, Observed]:
        known = gate.platform.revisions[service]
        if gate.platform.split(service).get(NEW) == 5:
            known[OLD] = replace(known[OLD], percent=50)
            known[NEW] = replace(known[NEW], percent=50)
        return {OLD: people(s200=400), NEW: people(s200=40)}

    gate.platform.traffic = traffic
    ended = run(gate)

    assert ended.ending == "rolled_back"
    assert ended.reasons[0].startswith("split_held: ")
    assert serving(gate) == {OLD: 100}


def test_a_split_that_nobody_recorded_is_not_guessed_about(gate: Gate) -> None:
    """Where several serve there is no telling what to go back to."""
    known = gate.platform.revisions[BACKEND]
    known[OLD] = replace(known[OLD], percent=50)
    known["other"] = replace(known[OLD], name="other")

    with pytest.raises(CouldNotTell, match="--to REVISION"):
        run(gate)


def test_a_first_deployment_serves_everybody_or_nobody(gate: Gate) -> None:
    """Where nobody serves there is nothing to share with, and nothing to go back to but nobody."""
    known = gate.platform.revisions[BACKEND]
    values = {s.name: s.value for s in gate.platform.made_with[OLD].settings if s.value}
    del known[OLD]

    ended = run(gate, Change(values=values))
    assert ended.ending == "promoted"
    assert serving(gate) == {NEW: 100}


def test_a_first_deployment_that_fails_leaves_nobody(gate: Gate) -> None:
    """Traffic ends where it was before: with nobody."""
    known = gate.platform.revisions[BACKEND]
    values = {s.name: s.value for s in gate.platform.made_with[OLD].settings if s.value}
    del known[OLD]
    gate.platform.traffic = steady({}, people(s500=40))

    ended = run(gate, Change(values=values))

    assert ended.ending == "rolled_back"
    assert serving(gate) == {}


def test_a_rehearsal_changes_and_records_nothing(gate: Gate) -> None:
    """The plan, the checks and what differs are told, and everything is as it was."""
    before = dict(gate.platform.revisions[BACKEND])

    ended = run(
        gate,
        Change(values={"ALLOWED_ORIGINS": Secret("https://chat.example")}),
        replace(QUICK, dry_run=True),
    )

    assert (ended.ending, ended.exit_code) == ("would_go_on", ExitCode.PASS)
    (planned,) = gate.of(events.Planned)
    assert [change.partition(" ")[0] for change in planned.changes] == ["ALLOWED_ORIGINS"]
    assert gate.platform.revisions[BACKEND] == before
    assert gate.records() == []
    assert not {"create", "shift", "retire"} & set(gate.platform.calls)


def test_a_rehearsal_says_what_would_be_refused(gate: Gate) -> None:
    """Its exit code is that of the checks."""
    change = Change(values={"SERVICE_SECRET": Secret("short")})

    ended = run(gate, change, replace(QUICK, dry_run=True))

    assert (ended.ending, ended.exit_code) == ("would_be_refused", ExitCode.FAIL)


def test_what_was_refused_before_is_told(gate: Gate) -> None:
    """The same code and configuration again is known, also if it was refused for its probes."""
    change = Change(values={"ALLOWED_ORIGINS": Secret("https://chat.example")})
    gate.prober.steps[NEW] = (*good_steps(), step("me as user", Verdict.FAIL))
    run(gate, change)
    gate.told.clear()

    run(gate, change)
    run(gate)

    texts = [event.text for event in gate.of(events.Remarked)]
    assert len([text for text in texts if "was tried before" in text]) == 1
    assert NEW in texts[0]


def test_the_same_once_more_is_told(gate: Gate) -> None:
    """It may be wanted, as after a secret's newest version changed, and is no mistake."""
    assert run(gate, Change()).ending == "promoted"
    run(gate, Change(code=Path("another")))

    texts = [event.text for event in gate.of(events.Remarked)]
    assert [text for text in texts if text.startswith("Nothing differs")] == [
        f"Nothing differs from {OLD}, which serves: this is the same once more."
    ]


def test_a_schema_that_does_not_fit_is_refused(gate: Gate) -> None:
    """Code that cannot serve on the store as it is is not even made."""
    fit = SchemaJudgement(SchemaFit.TOO_NEW, "0005", "0007", "0006")
    gate.platform.fit = lambda *_: fit

    ended = run(gate)

    assert ended.ending == "refused"
    assert ended.reasons == (f"schema_fits: {fit.refusal}",)


def test_an_unknown_service_is_a_mistake_of_the_caller(gate: Gate) -> None:
    """It is told as one, and nothing is recorded."""
    with pytest.raises(UsageRefused):
        deploy(gate.surroundings(), "netra-nothing", HARMLESS, QUICK)

    assert gate.records() == []


def test_a_secret_is_kept_by_name_and_version(gate: Gate) -> None:
    """What the ledger keeps of a reference is what it refers to, and what was found there."""
    gate.platform.made_with[OLD] = replace(
        gate.platform.made_with[OLD],
        settings=tuple(
            replace(s, reference=Reference("secret", "service-secret", "latest", resolved="7"))
            if s.name == "SERVICE_SECRET"
            else s
            for s in gate.platform.made_with[OLD].settings
        ),
    )

    run(gate)

    made = queries.how_made(gate.entries(), BACKEND, NEW)
    assert made is not None
    kept = made.settings["SERVICE_SECRET"]
    assert (kept.secret, kept.version, kept.resolved) == ("service-secret", "latest", "7")


@pytest.mark.parametrize("name", ["state", "planned", "schema_fit"])
def test_a_platform_that_is_silent_changes_nothing(gate: Gate, name: str) -> None:
    """The gate cannot run: exit code 3, and no record of anything."""
    gate.platform.at_call = silent(name)

    with pytest.raises(CouldNotTell):
        run(gate)

    assert gate.records() == []


def test_a_candidate_that_does_not_get_ready_is_refused(gate: Gate) -> None:
    """What it said is the reason."""

    def at_call(name: str) -> None:
        if name == "create":
            raise Failed("It said: SERVICE_SECRET is missing.")

    gate.platform.at_call = at_call
    ended = run(gate)

    assert (ended.ending, ended.exit_code) == ("refused", ExitCode.FAIL)
    assert ended.reasons[0] == "It said: SERVICE_SECRET is missing."
    assert serving(gate) == {OLD: 100}


def test_a_platform_that_does_not_do_what_it_says_is_not_believed(gate: Gate) -> None:
    """A shift is seen to have taken place, or traffic goes back."""
    shift: Callable[..., None] = gate.platform.shift

    def lying(service: str, split: dict[str, int]) -> None:
        if split.get(NEW) != 25:
            shift(service, split)

    gate.platform.shift = lying  # type: ignore[method-assign,assignment]
    ended = run(gate)

    assert ended.ending == "rolled_back"
    assert serving(gate) == {OLD: 100}


def test_a_shift_back_that_is_only_said_to_be_done_is_done_again(gate: Gate) -> None:
    """People are with who served before once the platform says that they are, not earlier."""
    shift: Callable[..., None] = gate.platform.shift
    ignored: list[dict[str, int]] = []

    def lying(service: str, split: dict[str, int]) -> None:
        if split == {OLD: 100} and len(ignored) < 2:
            ignored.append(split)
        else:
            shift(service, split)

    gate.platform.shift = lying  # type: ignore[method-assign,assignment]
    gate.platform.traffic = steady({OLD: people(s200=400)}, people(s500=40))
    ended = run(gate)

    assert (ended.ending, len(ignored)) == ("rolled_back", 2)
    assert serving(gate) == {OLD: 100}


def test_with_all_of_the_traffic_it_is_held_against_what_was_before(gate: Gate) -> None:
    """The stable revision has no traffic any more; what it did in its last minutes counts."""

    def traffic(_service: str, since: float, _until: float) -> dict[str, Observed]:
        if gate.platform.split(BACKEND) == {NEW: 100} and since > begun - 1:
            return {NEW: people(s200=19, s500=1)}
        return {OLD: people(s200=2000), NEW: people(s200=40)}

    begun = gate.clock.timestamp()
    gate.platform.traffic = traffic
    ended = run(gate)

    assert ended.ending == "rolled_back"
    assert ended.reasons[0].startswith("server_errors: answers of 5xx: 1 of 20 requests")
    assert "0 of 2000 at the stable revision" in ended.reasons[0]


def test_traffic_that_cannot_be_brought_back_is_told_loudly(gate: Gate) -> None:
    """The rollout stays open, so that the next command finds it."""

    def at_call(name: str) -> None:
        if name == "shift" and gate.platform.calls.count("shift") > 1:
            raise CouldNotTell("The platform does not answer.")

    gate.platform.at_call = at_call
    gate.platform.traffic = steady({OLD: people(s200=400)}, people(s500=40))
    ended = run(gate)

    assert (ended.ending, ended.exit_code) == ("could_not_decide", ExitCode.UNKNOWN)
    assert any("TRAFFIC WAS NOT BROUGHT BACK" in reason for reason in ended.reasons)
    assert [one.revision for one in queries.unfinished(gate.entries())] == [NEW]


def test_a_shift_back_is_tried_again(gate: Gate) -> None:
    """A platform that is silent for a moment does not leave people where they are."""

    def at_call(name: str) -> None:
        if name == "shift" and gate.platform.calls.count("shift") in {2, 3}:
            raise CouldNotTell("The platform does not answer.")

    gate.platform.at_call = at_call
    gate.platform.traffic = steady({OLD: people(s200=400)}, people(s500=40))
    ended = run(gate)

    assert ended.ending == "rolled_back"
    assert serving(gate) == {OLD: 100}
