"""What a drill showed, held against what it should show."""

from typing import Any

import pytest

from netra_ops.drills.drill import Deployed, Drill, Happening, Stop
from netra_ops.drills.report import AtGate, Report, flaws
from netra_ops.drills.running import at_gate

DEPLOYED = Drill(
    name="example",
    cause="quotes_in_value",
    title="an example",
    fault=Deployed(lambda _ground: ()),
    stopped_by=Stop.RULES,
    checks=frozenset({"value_in_quotes"}),
)
AT_RUN_TIME = Drill(
    name="later",
    cause="quotes_in_value",
    title="an example",
    fault=Happening(lambda _ground: None, lambda _ground: None, "it is undone"),
)
REFUSED = AtGate(ending="refused", stage="rules", checks=("value_in_quotes",))


def report(**given: Any) -> Report:
    """Give a report of a drill that passes, but for what is given."""
    right: dict[str, Any] = {
        "alarm": {"event": "new_cluster"},
        "cause": "quotes_in_value",
        "proven": True,
        "gate": REFUSED,
    }
    return Report(drill="example", expected="quotes_in_value", forced=True, **(right | given))


def test_a_drill_that_shows_all_of_it_passes() -> None:
    """Stopped by the right check, told, named and proven: nothing is amiss."""
    assert flaws(report(), DEPLOYED) == ()
    assert flaws(report(gate=None), AT_RUN_TIME) == ()


def test_a_refusal_is_enough_where_nothing_is_forced() -> None:
    """Without --force neither alarm nor cause nor proof is asked for."""
    only_refused = Report(drill="example", expected="x", forced=False, gate=REFUSED)

    assert flaws(only_refused, DEPLOYED) == ()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"gate": AtGate(ending="promoted")}, "Nothing stopped it"),
        ({"gate": AtGate(ending="refused", stage="probes")}, "not by rules"),
        ({"gate": AtGate(ending="refused", stage="rules", checks=("other",))}, "but other"),
        ({"alarm": None}, "told of nothing"),
        ({"cause": "wrong_issuer"}, "wrong_issuer was named; it is quotes_in_value"),
        ({"cause": None}, "No cause was named"),
        ({"proven": False, "missing": ("golden path: it fails",)}, "golden path"),
        ({"proven": None}, "proof does not hold"),
        ({"troubles": ["it broke"]}, "it broke"),
    ],
)
def test_what_is_not_as_it_should_be_fails_it(given: dict[str, Any], says: str) -> None:
    """Each flaw is told in a sentence."""
    assert says in " ".join(flaws(report(**given), DEPLOYED))


def test_the_document_holds_seconds_and_no_moments() -> None:
    """Moments of a monotonic clock mean nothing to whoever reads the document."""
    document = report().as_document()

    assert "moments" not in document
    assert document["seconds"]["alarm"] is None


def _decided(stage: str, verdict: str, check: str) -> dict[str, Any]:
    finding = {"check": check, "verdict": verdict, "reason": f"{check} said so"}
    return {
        "event": "decided",
        "stage": stage,
        "verdict": verdict,
        "outcomes": [{"finding": finding}],
    }


ENDED = {"event": "ended", "ending": "refused", "reasons": ["it ended"]}


def test_the_first_stage_that_refuses_is_what_stopped_it() -> None:
    """What an override let pass counts as stopped: it is what the gate said."""
    events = [
        _decided("rules", "PASS", "fine"),
        _decided("probes", "FAIL", "golden_path"),
        _decided("bake", "FAIL", "server_errors"),
        ENDED,
    ]

    gate = at_gate(events)

    assert (gate.stage, gate.checks) == ("probes", ("golden_path",))
    assert gate.reasons == ("golden_path said so",)


def test_a_revision_that_never_was_ready_was_stopped_by_its_start() -> None:
    """It was being made, and was not made."""
    assert at_gate([{"event": "making"}, ENDED]).stage == Stop.START
    assert at_gate([{"event": "making"}, {"event": "made"}, ENDED]).stage == ""
