"""The gate's decision and the waivers that are applied to it."""

from typing import Any

import msgspec
import pytest

from netra_ops.findings import Finding, Verdict
from netra_ops.gate.decision import Decision, Judged, Kind, decide
from netra_ops.gate.waivers import EXPIRED, OWN_CHECKS, TOO_LONG, UNMATCHED, Waiver

NOW = 1_800_000_000.0
DAY = 86_400.0
SERVICE, REVISION = "netra-backend", "netra-backend-00002-x7k"


def said(verdict: Verdict, check: str = "secret_lost", **more: Any) -> Finding:
    """Say something of the revision."""
    given = {"service": SERVICE, "revision": REVISION, "reason": "so it is", **more}
    return Finding(check=check, verdict=verdict, **given)


def waiver(**more: Any) -> Waiver:
    """Waive that a secret is lost, for ten days."""
    given: dict[str, Any] = {
        "check": "secret_lost",
        "service": SERVICE,
        "reason": "nothing reads it any more",
        "person": "ana@example.com",
        "expires": NOW + 10 * DAY,
        "place": "waivers.yaml: waivers[0] (line 2)",
    }
    return Waiver(**(given | more))


def decided(findings: list[Finding], *waivers: Waiver, **more: Any) -> Decision:
    """Decide by rules that said this."""
    judged = [Judged(Kind.RULES, len(findings), tuple(findings))]
    return decide(judged, waivers, service=SERVICE, revision=REVISION, now=NOW, **more)


def test_everything_that_passed_is_a_pass() -> None:
    """With a rule, a probe and a request that passed, the revision may go on."""
    judged = [Judged(kind, 1, (said(Verdict.PASS),)) for kind in Kind]

    decision = decide(judged, service=SERVICE, revision=REVISION, now=NOW)

    assert decision.verdict is Verdict.PASS
    assert decision.reasons == ()


@pytest.mark.parametrize(
    ("judged", "check"),
    [
        ([], "nothing_judged"),
        ([Judged(Kind.RULES, 0, ())], "no_rules"),
        ([Judged(Kind.PROBES, 0, ())], "no_probes"),
        ([Judged(Kind.TRAFFIC, 0, (said(Verdict.PASS),))], "no_traffic"),
        ([Judged(Kind.RULES, 3, ())], "no_rules"),
        (
            [Judged(Kind.RULES, 2, (said(Verdict.PASS),), frozenset({"secret_lost", "other"}))],
            "check_silent",
        ),
    ],
)
def test_what_was_not_looked_at_is_unknown_and_says_so(judged: list[Judged], check: str) -> None:
    """An empty set of rules, no probe, no traffic and a silent check each have their reason."""
    decision = decide(judged, service=SERVICE, revision=REVISION, now=NOW)

    assert decision.verdict is Verdict.UNKNOWN
    (outcome,) = (o for o in decision.outcomes if o.finding.verdict is Verdict.UNKNOWN)
    assert outcome.finding.check == check
    assert outcome.finding.revision == REVISION
    assert decision.reasons == (f"{check}: {outcome.finding.reason}",)


def test_a_finding_about_another_revision_decides_nothing() -> None:
    """What was seen elsewhere is refused, not counted."""
    with pytest.raises(ValueError, match="names another"):
        decided([said(Verdict.PASS, revision="netra-backend-00001-abc")])


def test_a_waived_fail_stays_a_fail_that_somebody_waived() -> None:
    """The revision may go on, and the finding says by whom, until when and why."""
    decision = decided([said(Verdict.FAIL), said(Verdict.PASS, "other")], waiver())

    assert decision.verdict is Verdict.PASS
    (outcome,) = decision.waived
    assert outcome.finding.verdict is Verdict.FAIL
    assert outcome.waived == (
        "waived by ana@example.com until 2027-01-25T08:00:00Z because nothing reads it any more"
    )
    document = decision.as_document()
    assert document["outcomes"][0]["finding"]["verdict"] == "FAIL"
    assert document["outcomes"][0]["waived"] == outcome.waived
    assert msgspec.json.encode(document)


def test_where_everything_is_waived_nothing_is_proven() -> None:
    """Waivers take things away; they are no PASS."""
    decision = decided([said(Verdict.FAIL)], waiver())

    assert decision.verdict is Verdict.UNKNOWN
    assert "nothing_proven" in decision.reasons[0]


def test_an_unknown_is_waived_only_by_a_waiver_that_says_so() -> None:
    """One for FAIL leaves the UNKNOWN as it is, and is not called useless for it."""
    findings = [said(Verdict.UNKNOWN), said(Verdict.PASS, "other")]

    assert decided(findings, waiver()).verdict is Verdict.UNKNOWN
    explicit = waiver(verdicts=frozenset({Verdict.UNKNOWN}))
    assert decided(findings, explicit).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("waived", "check"),
    [
        (waiver(expires=NOW), EXPIRED),
        (waiver(expires=NOW - DAY), EXPIRED),
        (waiver(expires=NOW + 91 * DAY), TOO_LONG),
        (waiver(check="another_check"), UNMATCHED),
        (waiver(variable="OTHER"), UNMATCHED),
        (waiver(revision="netra-backend-00001-abc"), UNMATCHED),
    ],
)
def test_a_waiver_that_does_not_apply_fails_by_itself(waived: Waiver, check: str) -> None:
    """Expired, too long or for nothing: it waives nothing, and says where to take it out."""
    decision = decided([said(Verdict.FAIL, variable="OLD_KEY")], waived)

    assert decision.verdict is Verdict.FAIL
    assert decision.waived == ()
    (own,) = (o.finding for o in decision.outcomes if o.finding.check == check)
    assert own.verdict is Verdict.FAIL
    assert own.evidence == ("waivers.yaml: waivers[0] (line 2)",)


@pytest.mark.parametrize(
    "other",
    [
        waiver(service="netra-auth"),
        waiver(service="netra-auth", expires=NOW - DAY),
        waiver(service="netra-auth", expires=NOW + 91 * DAY),
        waiver(service="netra-auth", check="another_check"),
    ],
)
@pytest.mark.parametrize("beside", [Verdict.PASS, Verdict.UNKNOWN])
def test_a_waiver_of_another_service_is_not_judged_here(other: Waiver, beside: Verdict) -> None:
    """Whatever is wrong with it, and whatever else is found of its service, it does nothing."""
    of_the_other = said(beside, service="netra-auth")
    decision = decided([said(Verdict.PASS, "third"), of_the_other], other)

    assert decision.verdict is beside
    assert decision.waived == ()


def test_a_waiver_of_another_service_counts_for_what_is_found_of_it() -> None:
    """In force it waives that; expired it says so, beside what it does not waive any more."""
    findings = [said(Verdict.PASS, "third"), said(Verdict.FAIL, service="netra-auth")]

    assert decided(findings, waiver(service="netra-auth")).verdict is Verdict.PASS
    old = decided(findings, waiver(service="netra-auth", expires=NOW))
    assert old.verdict is Verdict.FAIL
    assert {o.finding.check for o in old.outcomes if o.counts} == {"third", "secret_lost", EXPIRED}


@pytest.mark.parametrize(
    ("own", "check"),
    [
        (waiver(check="another_check"), UNMATCHED),
        (waiver(expires=NOW), EXPIRED),
        (waiver(service=None, variable="OTHER"), UNMATCHED),
    ],
)
def test_a_waiver_of_the_deployed_service_is_judged_beside_others(own: Waiver, check: str) -> None:
    """In a file with waivers of several services, the ones of this service still fail alone."""
    others = (waiver(service="netra-auth"), waiver(service="shop", expires=NOW))
    decision = decided([said(Verdict.PASS)], own, *others)

    assert [o.finding.check for o in decision.outcomes if o.finding.verdict is Verdict.FAIL] == [
        check
    ]


def test_a_waiver_for_what_passes_is_to_be_removed() -> None:
    """Once mended, nothing is left to waive."""
    decision = decided([said(Verdict.PASS)], waiver())

    assert decision.verdict is Verdict.FAIL
    assert "Remove it" in decision.reasons[0]


def test_a_waiver_waits_for_checks_that_are_still_to_come() -> None:
    """Before the probes, one that is for a probe is neither used nor useless; an expired one is."""
    findings = [said(Verdict.PASS, "other")]

    assert decided(findings, waiver(), later={"secret_lost"}).verdict is Verdict.PASS
    old = waiver(expires=NOW - DAY)
    assert decided(findings, old, later={"secret_lost"}).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    "change",
    [
        {"check": "Secret Lost"},
        *({"check": check} for check in sorted(OWN_CHECKS)),
        {"service": None},
        {"reason": " "},
        {"person": ""},
        {"verdicts": frozenset()},
        {"verdicts": frozenset({Verdict.PASS})},
        {"expires": float("nan")},
        {"expires": float("inf")},
        {"expires": -1.0},
    ],
)
def test_a_waiver_without_what_it_needs_cannot_be_made(change: dict[str, Any]) -> None:
    """All of it is given, and what the gate says by itself is out of reach."""
    with pytest.raises(ValueError, match="A waiver"):
        waiver(**change)


@pytest.mark.parametrize(
    "change", [{"check": "no-check"}, {"reason": ""}, {"service": ""}, {"revision": ""}]
)
def test_a_finding_without_what_it_needs_cannot_be_made(change: dict[str, str]) -> None:
    """A finding always says which check, why, and about what."""
    with pytest.raises(ValueError, match=r"check's id|A finding"):
        said(Verdict.FAIL, **change)
