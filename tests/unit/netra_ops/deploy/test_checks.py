"""Every check of a deployment: for each there is a candidate that it alone refuses."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from architecture.house import ROOT
from fakes.check_contract import Candidates, Check, broken_promises
from fakes.deploying import people, step
from netra.contract import ViolationKind
from netra.schema_fit import SchemaFit, SchemaJudgement
from netra_ops.candidates import judging
from netra_ops.candidates.candidate import Place
from netra_ops.candidates.comparing import Change, Comparison, Difference
from netra_ops.deploy.checks import configuration, probes, schema, traffic
from netra_ops.deploy.checks.configuration import Configurations
from netra_ops.deploy.checks.probes import Walked
from netra_ops.deploy.checks.schema import Schemas
from netra_ops.deploy.checks.traffic import Window
from netra_ops.findings import Verdict
from netra_ops.ledger.records import Actor, Deploy
from netra_ops.platform.port import Observed, Requests
from netra_ops.validation.step import StepResult, Wanted

SERVICE, REVISION = "netra-backend", "netra-backend-00002-bbb"
GOOD = Configurations(
    SERVICE,
    REVISION,
    looked_at=40,
    comparison=Comparison("a", "b", (), (), (), 12),
    named=frozenset({"ASKED"}),
    removed=frozenset({"REMOVED"}),
)


def problem(kind: str, verdict: Verdict = Verdict.FAIL) -> Configurations:
    """Give a configuration with one problem."""
    place = Place("netra-backend.env", 3)
    found = judging.ConfigurationFinding(
        verdict, SERVICE, "SOME_NAME", kind, "is wrong", "Mend it.", place
    )
    return replace(GOOD, problems=(found,))


def differs(change: Change, name: str = "SOME_NAME", **more: object) -> Configurations:
    """Give a configuration with one difference."""
    one = Difference(change, name, "is not what it was", **more)  # type: ignore[arg-type]
    return replace(GOOD, comparison=Comparison("a", "b", (one,), (), (), 12))


PROBLEMS = {
    "variable_missing": "missing",
    "variable_empty": "empty",
    "value_is_placeholder": "placeholder",
    "value_too_short": "too_short",
    "value_in_quotes": "quoted",
    "value_with_white_space": "whitespace",
    "reference_unresolved": "unresolved",
    "value_malformed": "malformed",
    "variables_conflict": "conflicting",
    "secret_in_plain_sight": "plain_secret",
    "services_disagree": "unequal",
}
SPOILT = {
    **{check: problem(kind) for check, kind in PROBLEMS.items()},
    "variable_lost": differs(Change.LOST),
    "secret_reference_lost": differs(Change.LOST, was_secret=True),
    "variable_renamed": differs(Change.RENAMED, was_called="OLD_NAME"),
    "changed_unasked": differs(Change.CHANGED),
    "value_damaged": differs(Change.CHANGED, "ASKED", is_damage=True),
    "secret_made_plain": differs(Change.SWITCHED, "ASKED", was_secret=True),
    "deployment_changed": differs(Change.DEPLOYMENT, "ingress"),
}
UNSEEN = Difference(Change.UNSEEN, "SOME_NAME", "cannot be compared")
UNCLEAR = {
    "value_unseen": problem("unseen", Verdict.UNKNOWN),
    "difference_unseen": replace(GOOD, comparison=Comparison("a", "b", (), (UNSEEN,), (), 12)),
}


def but(checks: Mapping[str, Check], names: frozenset[str]) -> dict[str, Check]:  # type: ignore[type-arg]
    """Leave checks out."""
    return {name: check for name, check in checks.items() if name not in names}


def test_every_check_of_a_configuration_is_needed() -> None:
    """Without any one of them a candidate would pass that it alone refuses."""
    checks = but(configuration.CHECKS, configuration.NEVER_FAIL)

    assert broken_promises(checks, Candidates(GOOD, SPOILT, {})) == []


@pytest.mark.parametrize("name", sorted(UNCLEAR))
def test_what_cannot_be_seen_is_unknown_to_one_check(name: str) -> None:
    """It is neither a pass nor a failure, and told once."""
    verdicts = {
        check: {found.verdict for found in run(UNCLEAR[name])}
        for check, run in configuration.CHECKS.items()
    }

    assert verdicts.pop(name) == {Verdict.UNKNOWN}
    assert set(map(frozenset, verdicts.values())) == {frozenset({Verdict.PASS})}


def test_every_kind_of_problem_has_a_check() -> None:
    """A kind that is added to the contract cannot fall through."""
    kinds = {*(kind.value for kind in ViolationKind), *PROBLEMS.values(), "unseen", "not_pinned"}
    problems = tuple(problem(kind).problems[0] for kind in kinds)

    assert configuration.unknown_problems(problems) == frozenset()
    assert configuration.unknown_problems(problem("new_kind").problems) == {"new_kind"}


@pytest.mark.parametrize(
    ("change", "name", "more"),
    [
        (Change.LOST, "REMOVED", {}),
        (Change.LOST, "REMOVED", {"was_secret": True}),
        (Change.RENAMED, "NEW_NAME", {"was_called": "REMOVED"}),
        (Change.CHANGED, "ASKED", {}),
        (Change.VERSION, "ASKED", {}),
        (Change.REFERENCE, "ASKED", {}),
        (Change.SWITCHED, "ASKED", {}),
        (Change.ADDED, "SOME_NAME", {}),
    ],
)
def test_what_was_asked_for_passes_and_is_told(
    change: Change, name: str, more: dict[str, object]
) -> None:
    """A word on the command line is what makes the difference."""
    seen = differs(change, name, **more)
    found = [one for check in configuration.CHECKS.values() for one in check(seen)]

    assert {one.verdict for one in found} == {Verdict.PASS}
    assert name in {one.variable for one in found}


@pytest.mark.parametrize("change", [Change.VERSION, Change.REFERENCE, Change.SWITCHED])
def test_what_nobody_asked_for_fails(change: Change) -> None:
    """Whoever changed it, it was not this command."""
    found = configuration.CHECKS["changed_unasked"](differs(change))

    assert [one.verdict for one in found] == [Verdict.FAIL]


@pytest.mark.parametrize("change", [Change.CHANGED, Change.LOST, Change.ADDED])
def test_what_the_platform_gives_differs_by_nature(change: Change) -> None:
    """A revision's name and its port are not compared."""
    seen = replace(differs(change, "REVISION"), by_platform=frozenset({"REVISION"}))
    found = [one for check in configuration.CHECKS.values() for one in check(seen)]

    assert {one.verdict for one in found} == {Verdict.PASS}


def test_a_file_asks_for_what_is_in_it_and_for_no_loss() -> None:
    """Also where the file is to be all of it: what goes is named, or it is a failure."""
    changed = replace(differs(Change.CHANGED), from_file=True)
    lost = replace(differs(Change.LOST), from_file=True)

    assert configuration.CHECKS["changed_unasked"](changed)[0].verdict is Verdict.PASS
    assert configuration.CHECKS["variable_lost"](lost)[0].verdict is Verdict.FAIL


# --- probes ---------------------------------------------------------------------------------------


def walked(*steps: StepResult) -> Walked:
    """Give a walk."""
    rest = (step("revision"), step("health"), step("me as user"))
    return Walked(SERVICE, REVISION, (*rest, step("no token", wanted=Wanted.REFUSED), *steps))


def of_probes(name: str) -> Check:  # type: ignore[type-arg]
    """Give what one check of the probes says."""
    return lambda seen: tuple(f for f in probes.findings(seen) if f.check == name)


def test_every_kind_of_probe_is_needed() -> None:
    """Identity that became optional is told apart from a refusal that is worded wrongly."""
    spoilt = {
        probes.GOLDEN_PATH: walked(step("read back", Verdict.FAIL)),
        probes.REVISION: walked(step("revision to the end", Verdict.FAIL)),
        probes.HEALTH: walked(step("ready", Verdict.FAIL)),
        probes.WRONGLY_ADMITTED: walked(
            step("bad token", Verdict.FAIL, Wanted.REFUSED, admitted=True)
        ),
        probes.WRONGLY_REFUSED: walked(step("bad token", Verdict.FAIL, Wanted.REFUSED)),
    }
    checks = {name: of_probes(name) for name in probes.CHECKS}

    assert broken_promises(checks, Candidates(walked(), spoilt, {})) == []


def test_a_negative_probe_that_was_not_taken_is_unknown() -> None:
    """Nobody knows whether a stranger would have been admitted."""
    found = probes.findings(walked(step("bad token", Verdict.UNKNOWN, Wanted.REFUSED)))

    unknown = {one.check for one in found if one.verdict is Verdict.UNKNOWN}
    assert unknown == {probes.WRONGLY_ADMITTED, probes.WRONGLY_REFUSED}


# --- traffic --------------------------------------------------------------------------------------

STABLE = people(s200=900, s401=50, s429=50)
FINE = Window(SERVICE, REVISION, people(s200=90, s401=5, s429=5), STABLE, 20)


def with_people(number: int = 100, seconds: float = 0.01, **more: object) -> Window:
    """Give a window in which people at the candidate got something else."""
    answered = more.pop("answered", {200: 90, 401: 5, 429: 5})
    requests = Requests(answered, (seconds,) * number, **more)  # type: ignore[arg-type]
    return replace(FINE, candidate=Observed(requests))


def tailed() -> Window:
    """Give a window in which every fifth request takes long."""
    times = (0.01,) * 160 + (3.0,) * 40
    return replace(FINE, candidate=Observed(Requests({200: 200}, times)))


def test_every_check_of_the_traffic_is_needed() -> None:
    """Each sees what no other sees."""
    spoilt = {
        "server_errors": with_people(answered={200: 88, 401: 5, 429: 5, 500: 2}),
        "answers_cut_off": with_people(cut_off=3),
        "refusals_rose": with_people(answered={200: 60, 401: 30, 403: 5, 429: 5}),
        "throttling_rose": with_people(answered={200: 60, 401: 5, 429: 35}),
        "slower_median": _slow_median(),
        "slower_tail": tailed(),
        "probe_errors": replace(
            FINE, candidate=replace(FINE.candidate, probes=Requests({200: 40, 500: 1}))
        ),
    }

    assert broken_promises(traffic.CHECKS, Candidates(FINE, spoilt, {})) == []


def _slow_median() -> Window:
    """Give a window in which most take longer, and the longest no longer than before."""
    stable = Observed(Requests({200: 1000}, (0.01,) * 900 + (0.5,) * 100))
    slow = Observed(Requests({200: 100}, (0.3,) * 99 + (0.5,)))
    return replace(FINE, candidate=slow, stable=stable)


@pytest.mark.parametrize(
    ("candidate", "stable", "verdict"),
    [
        (people(s200=19, s500=1), people(s200=1000), Verdict.FAIL),
        (people(s200=19, s500=1), people(s200=40), Verdict.PASS),
        (people(s200=19, s500=1), people(s200=990, s500=10), Verdict.PASS),
        (people(s500=3), people(), Verdict.FAIL),
        (people(s500=1), people(), Verdict.FAIL),
        (people(s200=2, s500=1), people(), Verdict.PASS),
        (people(s500=5), people(s200=5), Verdict.FAIL),
        (people(s200=10, s503=10), people(s200=500, s503=500), Verdict.PASS),
        (people(s200=20), people(s500=1000), Verdict.PASS),
        (people(), people(s200=1000), Verdict.PASS),
    ],
)
def test_server_errors_are_weighed_and_not_only_counted(
    candidate: Observed, stable: Observed, verdict: Verdict
) -> None:
    """Few of few show nothing, one where the other has none of many does, an outage is shared."""
    window = replace(FINE, candidate=candidate, stable=stable)

    assert [f.verdict for f in traffic.CHECKS["server_errors"](window)] == [verdict]


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        (0.004, 0.002, Verdict.PASS),
        (0.2, 0.1, Verdict.FAIL),
        (0.12, 0.1, Verdict.PASS),
    ],
)
def test_twice_of_nearly_nothing_is_nothing(ours: float, theirs: float, verdict: Verdict) -> None:
    """A ratio alone says nothing of two and four milliseconds."""
    window = replace(
        FINE,
        candidate=Observed(Requests({200: 50}, (ours,) * 50)),
        stable=Observed(Requests({200: 500}, (theirs,) * 500)),
    )

    assert [f.verdict for f in traffic.CHECKS["slower_median"](window)] == [verdict]


def test_too_few_times_are_not_compared() -> None:
    """It says so with both numbers, and refuses nothing."""
    window = replace(
        FINE,
        candidate=Observed(Requests({200: 3}, (9.0,) * 3)),
        stable=Observed(Requests({200: 3}, (0.1,) * 3)),
    )
    (found,) = traffic.CHECKS["slower_median"](window)

    assert found.verdict is Verdict.PASS
    assert "3 requests of people here and 3 at the stable revision are too few" in found.reason


def test_refusals_that_were_there_before_are_no_fault() -> None:
    """The share of 401 rises only where it rises; a right service refuses, too."""
    window = replace(FINE, candidate=people(s200=50, s401=50), stable=people(s200=500, s401=500))

    assert traffic.CHECKS["refusals_rose"](window)[0].verdict is Verdict.PASS
    alone = replace(window, stable=people())
    assert traffic.CHECKS["refusals_rose"](alone)[0].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("people_came", "probes_sent", "wanted", "verdict"),
    [
        (20, 0, 20, Verdict.PASS),
        (12, 0, 20, Verdict.UNKNOWN),
        (12, 8, 20, Verdict.PASS),
        (0, 20, 20, Verdict.PASS),
        (0, 0, 20, Verdict.UNKNOWN),
        (0, 0, 0, Verdict.UNKNOWN),
        (0, 1, 0, Verdict.PASS),
    ],
)
def test_enough_is_what_was_wanted_and_both_counts_are_told(
    people_came: int, probes_sent: int, wanted: int, verdict: Verdict
) -> None:
    """No data is never a pass, whatever was wanted."""
    seen = Observed(Requests({200: people_came}), Requests({200: probes_sent}))
    found = traffic.traffic_seen(replace(FINE, candidate=seen, wanted=wanted))

    assert found.verdict is verdict
    assert found.reason.startswith(f"{people_came} requests of people, {probes_sent} of probes")


# --- schema ---------------------------------------------------------------------------------------


def made(revision: str, head: str | None, store: str | None = None) -> Deploy:
    """Say how a revision was made."""
    return Deploy(
        service=SERVICE,
        revision=revision,
        actor=Actor("ana", "here"),
        reason="why",
        rollout="r",
        code="code",
        settings={},
        schema=head,
        store_schema=store,
    )


def test_the_check_of_the_schema_is_needed() -> None:
    """It refuses code that the store has left behind, and does not know of what makes no sense."""
    good = Schemas(SERVICE, REVISION, SchemaJudgement(SchemaFit.NEWER, "0006", "0007", "0006"))
    spoilt = replace(good, judged=SchemaJudgement(SchemaFit.TOO_NEW, "0005", "0007", "0006"))
    unclear = replace(good, judged=SchemaJudgement(SchemaFit.UNREADABLE, "0006", flaw="no"))

    promises = broken_promises(
        schema.CHECKS, Candidates(good, {schema.CHECK: spoilt}, {schema.CHECK: unclear})
    )
    assert promises == []


@pytest.mark.parametrize(
    ("target", "newest", "verdict"),
    [
        (made("a", "0006"), made("b", "0006", "0006"), Verdict.PASS),
        (made("a", "0005"), made("b", "0006", "0006"), Verdict.UNKNOWN),
        (made("a", "0006"), made("b", "0007", "0006"), Verdict.UNKNOWN),
        (made("a", None), made("b", "0007", "0006"), Verdict.PASS),
        (None, None, Verdict.PASS),
    ],
)
def test_records_say_what_they_can_of_a_schema(
    target: Deploy | None, newest: Deploy | None, verdict: Verdict
) -> None:
    """Where they say nothing the revision itself decides, by not getting ready."""
    seen = Schemas(SERVICE, REVISION, made=target, newest=newest)

    assert [found.verdict for found in schema.check(seen)] == [verdict]


def test_no_check_is_known_by_two_names() -> None:
    """Ids are unique over all stages: a waiver names one check."""
    groups: list[frozenset[str]] = [
        frozenset(configuration.CHECKS),
        frozenset(schema.CHECKS),
        probes.CHECKS,
        traffic.ALL,
    ]

    assert sum(map(len, groups)) == len({name for group in groups for name in group})
    text = (ROOT / "docs/flows/deploy.md").read_text(encoding="utf-8")
    assert [n for group in groups for n in sorted(group) if f"`{n}`" not in text] == []
