"""Whatever is judged and waived: nothing is improved, and nothing but a waiver lets a FAIL pass."""

from hypothesis import given
from hypothesis import strategies as st

from netra_ops.findings import Finding, Outcome, Verdict, verdict_of, worst_of
from netra_ops.gate.decision import Decision, Judged, Kind, decide
from netra_ops.gate.waivers import LONGEST_DAYS, OWN_CHECKS, Waiver

NOW = 1_800_000_000.0
SERVICE, REVISION = "netra-backend", "r1"
CHECKS = ("secret_lost", "key_differs", "token_refused")
VARIABLES = (None, "JWT_SECRET_KEY", "SERVICE_ID")

findings = st.builds(
    Finding,
    check=st.sampled_from(CHECKS),
    verdict=st.sampled_from(Verdict),
    reason=st.sampled_from(("one reason", "another reason")),
    service=st.just(SERVICE),
    revision=st.just(REVISION),
    variable=st.sampled_from(VARIABLES),
    evidence=st.sampled_from(((), ("probes.json#/0",))),
)
judgements = st.builds(
    Judged,
    kind=st.sampled_from(Kind),
    looked_at=st.integers(0, 3),
    findings=st.lists(findings, max_size=5).map(tuple),
    checks=st.frozensets(st.sampled_from(CHECKS)),
)
waivers = st.builds(
    Waiver,
    check=st.sampled_from(CHECKS),
    reason=st.just("known and harmless"),
    person=st.sampled_from(("ana", "bo")),
    expires=st.sampled_from((-1.0, 0.0, 1.0, 89.0, 91.0)).map(lambda days: NOW + days * 86_400),
    service=st.sampled_from((SERVICE, "netra-auth")),
    variable=st.sampled_from(VARIABLES),
    revision=st.sampled_from((None, REVISION, "r2")),
    verdicts=st.sampled_from(
        (
            frozenset({Verdict.FAIL}),
            frozenset({Verdict.UNKNOWN}),
            frozenset({Verdict.FAIL, Verdict.UNKNOWN}),
        )
    ),
)


def decided(judged: list[Judged], given: list[Waiver] | None = None) -> Decision:
    """Decide about the one revision of these examples."""
    return decide(judged, given or [], service=SERVICE, revision=REVISION, now=NOW)


def said(judged: list[Judged]) -> set[Finding]:
    """Give everything the judges said."""
    return {finding for part in judged for finding in part.findings}


@given(st.lists(judgements, max_size=4))
def test_without_waivers_the_verdict_is_never_better_than_the_worst(judged: list[Judged]) -> None:
    """Nothing that was said is improved by what stands beside it."""
    decision = decided(judged)

    worst = worst_of(finding.verdict for finding in said(judged))
    assert decision.verdict.badness >= worst.badness
    assert {outcome.finding for outcome in decision.outcomes} >= said(judged)


@given(st.lists(judgements, max_size=4), st.lists(waivers, max_size=3), st.randoms())
def test_the_order_in_which_things_are_said_does_not_matter(
    judged: list[Judged], given: list[Waiver], random: object
) -> None:
    """Judges, findings and waivers in any order, and any of them twice, give one decision."""
    shuffled = [
        Judged(part.kind, part.looked_at, part.findings[::-1] * 2, part.checks)
        for part in [*judged, *judged]
    ]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a `Random`.

    assert decided(shuffled, [*given[::-1], *given]) == decided(judged, given)


@given(st.lists(judgements, max_size=4), st.lists(waivers, max_size=3), findings)
def test_a_fail_that_nobody_waives_fails_everything(
    judged: list[Judged], given: list[Waiver], more: Finding
) -> None:
    """Whatever is said and waived besides, it makes the decision a FAIL."""
    failed = Finding(
        check="never_waived", verdict=Verdict.FAIL, reason="so", service=SERVICE, revision=REVISION
    )
    part = Judged(Kind.RULES, 1, (more, failed))

    assert decided([*judged, part], given).verdict is Verdict.FAIL


@given(st.lists(judgements, max_size=4), st.lists(waivers, max_size=3))
def test_only_a_waiver_that_applies_lets_a_fail_or_an_unknown_pass(
    judged: list[Judged], given: list[Waiver]
) -> None:
    """Where the verdict is PASS, a valid waiver names each finding that is none."""
    decision = decided(judged, given)

    for outcome in decision.outcomes:
        by = [waiver for waiver in given if _applies(waiver, outcome.finding)]
        assert outcome.counts == (not by or outcome.finding.check in OWN_CHECKS)
        for waiver in by:
            assert waiver.says in outcome.waived
        if decision.verdict is Verdict.PASS and outcome.finding.verdict is not Verdict.PASS:
            assert by


@given(st.lists(judgements, max_size=4), st.lists(waivers, max_size=3))
def test_a_waiver_never_changes_what_a_check_said(
    judged: list[Judged], given: list[Waiver]
) -> None:
    """Every finding stays in the decision with its own verdict, waived or not."""
    decision = decided(judged, given)

    kept = {outcome.finding for outcome in decision.outcomes}
    assert kept >= said(judged)
    assert all(o.finding.verdict is not Verdict.PASS for o in decision.waived)
    assert decision.verdict is verdict_of(decision.outcomes)


@given(st.lists(judgements, max_size=4), st.lists(waivers, max_size=3))
def test_a_waiver_out_of_force_makes_it_worse(judged: list[Judged], given: list[Waiver]) -> None:
    """One of this service, or of none, that is out of force or fits nothing is a FAIL itself."""
    decision = decided(judged, given)
    own = [waiver for waiver in given if waiver.service in {None, SERVICE}]

    useless = [
        waiver
        for waiver in own
        if not NOW < waiver.expires <= NOW + LONGEST_DAYS * 86_400
        or not any(
            waiver.is_about(finding) and finding.verdict is not Verdict.PASS
            for finding in said(judged)
        )
    ]
    if useless:
        assert decision.verdict is Verdict.FAIL


@given(st.lists(judgements, max_size=4), st.lists(waivers, max_size=3))
def test_nothing_seen_is_never_a_pass(judged: list[Judged], given: list[Waiver]) -> None:
    """A judge that looked at nothing or said nothing keeps the verdict from PASS, waived or not."""
    decision = decided(judged, given)

    empty = [part for part in judged if part.looked_at == 0 or not part.findings]
    if empty or not judged:
        assert decision.verdict is not Verdict.PASS


@given(st.lists(st.builds(Outcome, findings, st.sampled_from(("", "waived by ana")))))
def test_a_verdict_comes_from_what_counts(outcomes: list[Outcome]) -> None:
    """Waived outcomes have no part in it, and nothing left is UNKNOWN."""
    counting = [outcome.finding.verdict for outcome in outcomes if not outcome.waived]

    assert verdict_of(outcomes) is (worst_of(counting) if counting else Verdict.UNKNOWN)


def _applies(waiver: Waiver, finding: Finding) -> bool:
    return (
        NOW < waiver.expires <= NOW + LONGEST_DAYS * 86_400
        and waiver.check == finding.check
        and waiver.service == finding.service
        and waiver.variable in {None, finding.variable}
        and waiver.revision in {None, finding.revision}
        and finding.verdict in waiver.verdicts
    )
