"""The timeline of a drill: what took how long, drawn and summed up."""

from netra_ops.drills.timeline import Moments, as_document, medians, picture, spans

WHOLE = Moments(met=100.0, alarmed=102.0, named=105.0, asked_back=106.0, back=107.0, proven=110.0)


def test_each_part_is_told_from_the_moment_before_it() -> None:
    """The alarm counts from the fault, the cause from the alarm, the proof from the way back."""
    assert as_document(WHOLE) == {"alarm": 2.0, "cause": 3.0, "rollback": 1.0, "proof": 3.0}


def test_an_alarm_before_people_met_the_fault_took_no_time() -> None:
    """Probes may meet it first; then the cause counts from when people did."""
    early = Moments(met=100.0, alarmed=97.0, named=104.0)

    assert as_document(early)["alarm"] == 0.0
    assert as_document(early)["cause"] == 4.0


def test_what_did_not_happen_has_no_time() -> None:
    """Without an alarm no cause is timed, and nothing is drawn of what never began."""
    silent = Moments(met=100.0)

    assert as_document(silent) == dict.fromkeys(("alarm", "cause", "rollback", "proof"))
    assert [one.name for one in spans(silent)] == ["alarm"]
    assert "no end" in picture(silent)[0]
    assert spans(Moments()) == ()
    assert picture(Moments()) == ()


def test_bars_are_drawn_on_one_scale() -> None:
    """Each bar begins where the one before ended, and the last one ends at the edge."""
    bars = [line.split("|")[1] for line in picture(WHOLE, width=10)]

    assert bars == ["##        ", "  ###     ", "      #   ", "       ###"]


def test_medians_leave_out_what_did_not_happen() -> None:
    """A drill without an alarm has no part in the median of alarms."""
    other = Moments(met=0.0, alarmed=4.0)

    found = medians([WHOLE, other, Moments(met=0.0)])

    assert found == {"alarm": 3.0, "cause": 3.0, "rollback": 1.0, "proof": 3.0}
    assert medians([])["alarm"] is None
