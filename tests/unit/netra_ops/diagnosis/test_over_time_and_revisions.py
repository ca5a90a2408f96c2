"""How failures lie in time and over revisions: each fact seen, absent, and not said."""

from typing import Any

import pytest

from fakes.tallies import Log, at, seen_in, share
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.signs.sign import Sign

OLD, NEW = "orders-00001-aaa", "orders-00002-bbb"


def good_then_bad(log: Log, number: int = 20, **new: Any) -> None:
    """Write as many good requests as bad ones after them."""
    for second in range(number):
        log.asked(second)
    for second in range(number, 2 * number):
        log.refused(second, **new)


def test_failures_are_seen_with_their_number() -> None:
    """That something failed is said with how many, of how many, and where."""
    log = Log()
    good_then_bad(log)

    found = log.observed()[Fact.FAILURES]

    assert found.is_seen
    assert "20 requests failed, of 20" in found.says
    assert found.evidence[0] == "logs.ndjson:21"
    assert found.time == at(20)


def test_that_nothing_failed_needs_enough_to_have_failed() -> None:
    """Twenty good requests show that nothing failed; nineteen say nothing."""
    for number, said in ((20, False), (19, None)):
        log = Log()
        for second in range(number):
            log.asked(second)

        assert seen_in(log.observed(), Fact.FAILURES) is said


def test_all_failing_is_seen() -> None:
    """All of twenty failed since the onset: nearly all, and no part."""
    log = Log()
    good_then_bad(log)

    found = log.observed()

    assert seen_in(found, Fact.ALL_REFUSED) is True
    assert seen_in(found, Fact.PART_REFUSED) is False


def test_three_failures_are_too_few_to_be_all() -> None:
    """Of three failures nobody can say that half would not have passed."""
    log = Log()
    for second in range(30):
        log.asked(second)
    for second in range(30, 33):
        log.refused(second)

    assert seen_in(log.observed(), Fact.ALL_REFUSED) is None


def test_a_part_failing_is_seen_only_if_mixed_in_time() -> None:
    """Every other request failing is a part; the first half only is an incident that ended."""
    log = Log()
    for second in range(30):
        log.asked(second)
    for second in range(30, 60):
        (log.refused if second % 2 else log.asked)(second)

    found = log.observed()

    assert seen_in(found, Fact.PART_REFUSED) is True
    assert seen_in(found, Fact.ALL_REFUSED) is False


def test_a_share_that_grows_is_seen_and_one_that_jumps_is_not() -> None:
    """A share that grows from none to all grows; half from the onset to the end does not."""
    growing, jumping = Log(), Log()
    for second in range(30):
        growing.asked(second)
        jumping.asked(second)
    for second in range(200):
        (growing.refused if (second * 0.618034) % 1 < second / 200 else growing.asked)(30 + second)
        (jumping.refused if second % 2 else jumping.asked)(30 + second)

    assert seen_in(growing.observed(), Fact.GROWS_SLOWLY) is True
    assert seen_in(jumping.observed(), Fact.GROWS_SLOWLY) is False


def test_a_beginning_with_a_revision_names_both() -> None:
    """The failing revision and the last good one are the subjects; its time is the first line's."""
    log = Log()
    good_then_bad(log, revision=NEW, instance="two")

    found = log.observed()

    assert found[Fact.BEGAN_WITH_REVISION].subjects == (NEW, OLD)
    assert found[Fact.BEGAN_WITH_REVISION].time == at(20)
    assert seen_in(found, Fact.BEGAN_WITHOUT_REVISION) is False
    assert seen_in(found, Fact.ON_EARLIER_REVISIONS_TOO) is False


def test_a_beginning_without_a_revision() -> None:
    """One revision that served well and then fails: no deploy brought it."""
    log = Log()
    good_then_bad(log)

    found = log.observed()

    assert seen_in(found, Fact.BEGAN_WITHOUT_REVISION) is True
    assert seen_in(found, Fact.BEGAN_WITH_REVISION) is False


def test_failures_from_the_first_line_on_say_nothing_of_their_beginning() -> None:
    """Where nothing is known of before, neither beginning is said."""
    log = Log()
    for second in range(20):
        log.refused(second)

    found = log.observed()

    assert Fact.BEGAN_WITH_REVISION not in found
    assert Fact.BEGAN_WITHOUT_REVISION not in found


def test_another_services_deploy_is_named_as_such() -> None:
    """Failures that begin with another service's new revision began with that revision."""
    log = Log()
    for second in range(20):
        log.asked(second)
        log.asked(second, service="auth", revision="auth-00001-aaa", path="/jwks")
    log.asked(19.5, service="auth", revision="auth-00002-bbb", instance="b", path="/jwks")
    for second in range(20, 40):
        log.refused(second)

    found = log.observed()

    assert found[Fact.BEGAN_WITH_REVISION].service == "auth"
    assert found[Fact.BEGAN_WITH_REVISION].subjects == ("auth-00002-bbb", "auth-00001-aaa")
    assert seen_in(found, Fact.BEGAN_WITHOUT_REVISION) is False


def test_the_same_signature_on_an_earlier_revision() -> None:
    """What the earlier revision shows as often was not brought by the later one."""
    log = Log()
    for second in range(60):
        place: dict[str, Any] = {} if second < 30 else {"revision": NEW, "instance": "two"}
        if second % 10 == 5:
            log.refused(second, Sign.CREDENTIAL_MISSING, **place)
        else:
            log.asked(second, **place)

    found = log.observed()

    assert seen_in(found, Fact.ON_EARLIER_REVISIONS_TOO) is True
    assert OLD in found[Fact.ON_EARLIER_REVISIONS_TOO].subjects
    assert seen_in(found, Fact.BEGAN_WITH_REVISION) is not True


@pytest.mark.parametrize("fails_too", [True, False])
def test_what_traffic_went_back_to(fails_too: bool) -> None:  # noqa: FBT001 - a parameter
    """After a rollback the earlier revision fails too, or does not."""
    log = Log()
    good_then_bad(log, revision=NEW, instance="two")
    for second in range(40, 60):
        (log.refused if fails_too else log.asked)(second)
    traffic = (
        share(-9, OLD, 100),
        share(20, NEW, 100),
        share(20, OLD, 0),
        share(40, OLD, 100),
        share(40, NEW, 0),
    )

    found = log.observed(traffic=traffic)

    assert seen_in(found, Fact.FAILS_ON_ROLLBACK_TARGET) is fails_too


def test_what_others_do_to_both_revisions_is_no_fault_of_the_target() -> None:
    """A database that is silent before and after the way back says nothing of where it leads."""
    log = Log()
    for second in range(20):
        log.asked(second)
    for second in range(20, 40):
        log.refused(second, Sign.DATABASE_SILENT, status=500, revision=NEW, instance="two")
    for second in range(40, 60):
        log.refused(second, Sign.DATABASE_SILENT, status=500)
    traffic = (share(-9, OLD, 100), share(20, NEW, 100), share(40, OLD, 100))

    found = log.observed(traffic=traffic)

    assert seen_in(found, Fact.ROLLED_BACK) is True
    assert Fact.FAILS_ON_ROLLBACK_TARGET not in found


def test_without_a_way_back_nothing_is_said_of_its_target() -> None:
    """A log without a rollback says nothing of one."""
    log = Log()
    good_then_bad(log, revision=NEW, instance="two")

    assert Fact.FAILS_ON_ROLLBACK_TARGET not in log.observed()
