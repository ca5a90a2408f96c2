"""Incidents diagnosed: the cause that reviewers expect, and nobody accused who was not it.

What is known to be wrong is listed by name, never deleted. Of the untouched half only the score is
held: what is wrong in it is not looked at, so that it stays a measure.
"""

import time
from pathlib import Path
from typing import Final

import pytest
from corpus.scoring import bundles, calibration_error, scored

KNOWN_MISSES: Final[dict[str, str]] = {
    "catalogue-listens-elsewhere": "answered insufficient_evidence, expected startup_failed",
    "dashboard-tile-empty": "answered insufficient_evidence, expected caller_without_credential",
    "genet-mqtt-rotation-well-done": "answered insufficient_evidence, expected not_an_incident",
    "old-key-still-in-memory": "answered insufficient_evidence, expected secret_not_reloaded",
    "ostrava-basket-coffee-break": "answered insufficient_evidence, expected user_token_rejected",
    "quail-club-three-workers": "answered insufficient_evidence, expected random_key_per_process",
    "rook-lotto-phoenix-two-two": "answered insufficient_evidence, expected latest_secret_split",
}
"""Bundles of the tuning half that are not answered exactly, with the reason."""
LEAST_EXACT: Final = 0.80
"""The share of the untouched half that is answered exactly; 0.9 is the aim."""
MOST_WRONG: Final = 1
"""How many of it are accused wrongly; none is the aim."""
MOST_OFF: Final = 0.06
"""How far confidence lies from truth in it, in the mean; 0.05 is the aim."""


@pytest.mark.parametrize("bundle", bundles("tuning"), ids=lambda bundle: bundle.name)
def test_an_incident_for_tuning_is_answered_as_expected(bundle: Path) -> None:
    """Verdict and cause are what a reviewer expects, and a miss accuses nobody."""
    result = scored(bundle, time.time_ns())

    assert not result.accuses_wrongly, (result.cause, result.confidence)
    if bundle.name in KNOWN_MISSES:
        assert not result.is_exact, "it is right now: take it off the list"
    else:
        assert result.is_exact, (result.verdict, result.cause, result.confidence)


def test_incidents_never_looked_at_are_answered_well() -> None:
    """Of the untouched half most are exact, hardly any accuse wrongly, confidence is honest."""
    results = [scored(bundle, time.time_ns()) for bundle in bundles("untouched")]

    exact = sum(one.is_exact for one in results) / len(results)
    wrong = sum(one.accuses_wrongly for one in results)
    assert exact >= LEAST_EXACT
    assert wrong <= MOST_WRONG
    assert calibration_error(results) <= MOST_OFF
