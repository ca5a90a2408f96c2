"""The contract of checks holds for checks that are right, and tells of each that is not."""

from collections.abc import Iterator, Mapping

import pytest

from fakes.check_contract import Candidates, Check, broken_promises
from netra_ops.findings import Finding, Verdict

Candidate = Mapping[str, str | None]
"""Variables by name; None for a value that cannot be seen."""

GOOD: Candidate = {"SERVICE_ID": "netra-backend", "ISSUER": "https://auth.example", "KEY": "k" * 32}


def said(check: str, verdict: Verdict, variable: str) -> Finding:
    """Say something of a variable."""
    return Finding(
        check=check,
        verdict=verdict,
        reason=f"{variable} was looked at",
        service="netra-backend",
        revision="netra-backend-00002-x7k",
        variable=variable,
    )


def named(candidate: Candidate) -> Iterator[Finding]:
    """Refuse a candidate without a name."""
    verdict = Verdict.PASS if candidate.get("SERVICE_ID") else Verdict.FAIL
    yield said("named", verdict, "SERVICE_ID")


def issuer_is_safe(candidate: Candidate) -> Iterator[Finding]:
    """Refuse an issuer without TLS."""
    is_safe = str(candidate["ISSUER"]).startswith("https:")
    yield said("issuer_is_safe", Verdict.PASS if is_safe else Verdict.FAIL, "ISSUER")


def key_is_long(candidate: Candidate) -> Iterator[Finding]:
    """Refuse a short key, and do not know what cannot be seen."""
    key = candidate["KEY"]
    verdict = Verdict.UNKNOWN
    if key is not None:
        verdict = Verdict.PASS if len(key) >= 32 else Verdict.FAIL
    yield said("key_is_long", verdict, "KEY")


def lazy(_: Candidate) -> Iterator[Finding]:
    """Let everything pass."""
    yield said("lazy", Verdict.PASS, "KEY")


def stern(_: Candidate) -> Iterator[Finding]:
    """Let nothing pass."""
    yield said("stern", Verdict.FAIL, "KEY")


def silent(_: Candidate) -> Iterator[Finding]:
    """Say nothing."""
    yield from ()


def also_named(candidate: Candidate) -> Iterator[Finding]:
    """Refuse what another check refuses."""
    verdict = Verdict.PASS if candidate.get("SERVICE_ID") else Verdict.FAIL
    yield said("also_named", verdict, "SERVICE_ID")


CHECKS: dict[str, Check[Candidate]] = {
    "named": named,
    "issuer_is_safe": issuer_is_safe,
    "key_is_long": key_is_long,
}
SPOILT: dict[str, Candidate] = {
    "named": {**GOOD, "SERVICE_ID": None},
    "issuer_is_safe": {**GOOD, "ISSUER": "http://auth.example"},
    "key_is_long": {**GOOD, "KEY": "short"},
}
UNCLEAR: dict[str, Candidate] = {"key_is_long": {**GOOD, "KEY": None}}


def test_right_checks_hold_to_the_contract() -> None:
    """Each of three checks refuses a candidate that the two others let pass."""
    assert broken_promises(CHECKS, Candidates(GOOD, SPOILT, UNCLEAR)) == []


def test_no_check_is_no_contract() -> None:
    """An empty set of checks does not hold to it."""
    assert broken_promises({}, Candidates(GOOD, {}, {})) == ["There is no check."]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (lazy, "lazy says PASS of the candidate that it is to refuse."),
        (stern, "stern says FAIL of the good candidate."),
        (stern, "stern says FAIL of the candidate that named alone is to refuse."),
        (silent, "silent says nothing."),
        (also_named, "also_named says FAIL of the candidate that named alone is to refuse."),
    ],
)
def test_a_check_that_is_not_right_is_told(more: Check[Candidate], says: str) -> None:
    """One that refuses nothing, everything, in silence, or what another refuses already."""
    name = getattr(more, "__name__", "")
    spoilt = SPOILT | {name: {**GOOD, "SERVICE_ID": None}}

    assert says in broken_promises(CHECKS | {name: more}, Candidates(GOOD, spoilt, UNCLEAR))


def test_a_check_without_its_candidate_is_told() -> None:
    """Whoever adds a check adds what it is for."""
    (says,) = broken_promises(
        CHECKS, Candidates(GOOD, {k: v for k, v in SPOILT.items() if k != "named"}, UNCLEAR)
    )

    assert says == "There is no candidate that named refuses."


def test_a_candidate_without_its_check_is_told() -> None:
    """Whoever takes a check out is reminded of what it was for."""
    checks = {name: check for name, check in CHECKS.items() if name != "named"}

    (says,) = broken_promises(checks, Candidates(GOOD, SPOILT, UNCLEAR))

    assert says == "There is a spoilt candidate for named, which is no check."


def test_a_check_that_signs_as_another_is_told() -> None:
    """Its findings carry its own id, by which waivers name it."""
    checks = {**CHECKS, "alias": named}

    assert "alias signs as named." in broken_promises(checks, Candidates(GOOD, SPOILT, UNCLEAR))


def test_a_check_that_guesses_is_told() -> None:
    """What it cannot know it calls UNKNOWN."""
    unclear = {"issuer_is_safe": GOOD}

    (says,) = broken_promises(CHECKS, Candidates(GOOD, SPOILT, unclear))

    assert says == "issuer_is_safe says PASS of what it cannot know."
