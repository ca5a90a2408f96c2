"""Which failures matter, since when, at which service, with which revision."""

from fakes.tallies import Log, at, share
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Caller

OLD, NEW = "orders-00001-aaa", "orders-00002-bbb"


def test_lines_of_one_request_are_one_failure() -> None:
    """A flood of lines that name one request is one attempt."""
    log = Log()
    request = log.refused(1)
    for _ in range(9):
        log.says(1, Sign.OTHER_ERROR, request=request)

    scene = log.scene()

    assert len(scene.failing) == 1
    assert scene.failing[0].error_lines == 10


def test_a_line_without_a_request_goes_to_the_failed_one_beside_it() -> None:
    """A line that names no request belongs to the nearest failed one of its service."""
    log = Log()
    for second in range(5):
        log.asked(second, 401)
        log.says(second + 0.01, Sign.SIGNATURE_REFUSED)

    scene = log.scene()

    assert len(scene.attempts) == 5
    assert all("signature_refused" in one.kinds for one in scene.failing)


def test_a_line_far_from_any_failure_stands_alone() -> None:
    """A line that no failed request is near is an attempt of its own."""
    log = Log()
    log.asked(1, 401)
    log.says(60, Sign.SIGNATURE_REFUSED)

    assert len(log.scene().attempts) == 2


def test_what_was_tried_again_and_worked_did_not_fail() -> None:
    """A request that was answered well is no failure, whatever its lines say."""
    log = Log()
    request = log.asked(1, 200)
    log.says(1, Sign.TIMED_OUT, request=request)

    assert not log.scene().failing


def test_a_check_passed_over_is_a_failure_though_it_is_answered_well() -> None:
    """Who was nobody and was served is a failure by itself."""
    log = Log()
    request = log.asked(1, 200)
    log.says(1, Sign.CHECK_PASSED_OVER, request=request)

    assert len(log.scene().failing) == 1


def test_the_onset_is_where_the_share_rises() -> None:
    """Expired tokens of every day before it do not make the onset earlier."""
    log = Log()
    for second in range(60):
        if second % 6 == 0:
            log.refused(second, Sign.TOKEN_EXPIRED)
        elif second >= 40:
            log.refused(second)
        else:
            log.asked(second)

    scene = log.scene()

    assert scene.onset == at(40)
    assert scene.rises is True
    assert {kind for one in scene.failing for kind in one.kinds} == {"signature_refused"}


def test_failures_as_frequent_as_ever_rise_nowhere() -> None:
    """One in five from the beginning to the end is the usual rate."""
    log = Log()
    for second in range(100):
        if second % 5 == 2:
            log.refused(second, Sign.TOKEN_EXPIRED)
        else:
            log.asked(second)

    assert log.scene().rises is False


def test_nothing_that_failed_frames_nothing() -> None:
    """Where all went well there is no onset and no service."""
    log = Log()
    for second in range(30):
        log.asked(second)

    scene = log.scene()

    assert (scene.onset, scene.service, scene.failing) == (None, None, ())


def test_failures_that_begin_with_a_revision() -> None:
    """Absent on the old revision with enough traffic, there from the first request of the new."""
    log = Log()
    for second in range(20):
        log.asked(second)
    for second in range(20, 40):
        log.refused(second, revision=NEW, instance="two")

    scene = log.scene()

    assert (scene.first_bad, scene.last_good) == (NEW, OLD)
    assert scene.since_deploy == at(20)


def test_a_date_proves_nothing() -> None:
    """A revision that served well for long before the failures did not bring them."""
    log = Log()
    for second in range(20):
        log.asked(second)
    for second in range(20, 40):
        log.asked(second, revision=NEW, instance="two")
    for second in range(40, 60):
        log.refused(second, revision=NEW, instance="two")

    scene = log.scene()

    assert scene.first_bad == NEW
    assert scene.since_deploy is None


def test_too_little_before_says_nothing_of_a_revision() -> None:
    """One good request on the old revision does not show that failures were absent there."""
    log = Log()
    log.asked(1)
    for second in range(3, 6):
        log.refused(second, revision=NEW, instance="two")

    scene = log.scene()

    assert scene.first_bad == NEW
    assert scene.last_good is None
    assert scene.since_deploy is None


def test_the_old_revision_may_go_on_serving_beside() -> None:
    """In a split of traffic the old revision's good answers meanwhile count as before."""
    log = Log()
    for second in range(20):
        log.asked(2 * second)
        log.refused(2 * second + 1, revision=NEW, instance="two")

    scene = log.scene()

    assert (scene.first_bad, scene.last_good) == (NEW, OLD)
    assert scene.since_deploy is not None


def test_traffic_tells_the_revision_where_lines_do_not() -> None:
    """A log without revisions is read with what traffic.json says."""
    log = Log(revision=None)
    for second in range(40):
        if second < 20:
            log.asked(second)
        else:
            log.refused(second)

    scene = log.scene(traffic=(share(-100, OLD, 100), share(20, OLD, 0), share(20, NEW, 100)))

    assert (scene.first_bad, scene.last_good) == (NEW, OLD)
    assert scene.since_deploy == at(20)


def test_another_services_revision_is_named_beside() -> None:
    """Failures that begin with the first traffic of another service's revision are told so."""
    log = Log()
    for second in range(20):
        log.asked(second)
        log.asked(second, service="auth", revision="auth-00001-aaa", path="/token")
    for second in range(20, 40):
        log.asked(
            second - 0.5, service="auth", revision="auth-00002-bbb", instance="b", path="/token"
        )
        log.refused(second)

    scene = log.scene()

    assert scene.service == "orders"
    assert scene.since_deploy is None
    assert scene.beside is not None
    assert scene.beside.revision == "auth-00002-bbb"


def test_the_first_service_that_fails_counts() -> None:
    """What fails later at another service follows from it."""
    log = Log()
    for second in range(30):
        log.asked(second)
        log.asked(second, service="front", revision="front-1", path="/shop")
    for second in range(30, 60):
        log.refused(second)
        log.asked(second + 0.2, 502, service="front", revision="front-1", path="/shop")

    scene = log.scene()

    assert scene.service == "orders"
    assert {one.place.service for one in scene.failing} == {"orders", "front"}


def test_a_start_that_fails_comes_before_what_follows_from_it() -> None:
    """A revision that says its start failed and never served is what it is about."""
    log = Log()
    for second in range(20):
        log.asked(second)
    log.says(20, Sign.MODULE_MISSING, revision=NEW, instance="two", subject="redis")
    for second in range(21, 41):
        log.asked(second, 503, revision=NEW, instance=None)

    scene = log.scene()

    assert scene.start is not None
    assert (scene.first_bad, scene.last_good) == (NEW, OLD)
    assert scene.onset == at(20)
    assert scene.since_deploy == at(20)


def test_a_start_up_complaint_of_what_serves_is_no_failed_start() -> None:
    """An instance that answers well after its start-up check complained did start."""
    log = Log()
    log.says(0, Sign.START_FAILED)
    for second in range(1, 30):
        log.asked(second)

    assert log.scene().start is None


def test_what_came_after_the_window_is_left_out() -> None:
    """Failures after the window that was asked for are not looked at."""
    log = Log()
    for second in range(30):
        log.asked(second)
    for second in range(30, 60):
        log.refused(second)

    assert not log.scene(window=(0, 29.5)).failing


def test_what_failed_before_the_window_only_is_older() -> None:
    """Failures that are all before the window are older than was asked for."""
    log = Log()
    for second in range(30):
        log.refused(second)

    assert log.scene(window=(100, 200)).is_older
    assert not log.scene(window=(10, 200)).is_older


def test_who_asked_is_taken_from_lines_where_the_entry_does_not_say() -> None:
    """A request entry names no caller; a line of the request does."""
    log = Log()
    request = log.asked(1, 401)
    log.says(
        1,
        Sign.CREDENTIAL_MISSING,
        request=request,
        caller=Caller.SERVICE,
        principal="service:orders",
    )

    (failing,) = log.scene().failing

    assert (failing.caller, failing.principal) == (Caller.SERVICE, "service:orders")


def test_one_refusal_does_not_outweigh_several() -> None:
    """Where nothing rose, what happened once does not lead."""
    log = Log()
    for second in range(40):
        log.asked(second)
    log.refused(10.5, Sign.TOKEN_EXPIRED)
    log.refused(20.5, Sign.TOKEN_TOO_EARLY)
    log.refused(30.5, Sign.TOKEN_EXPIRED)

    kinds = {kind for one in log.scene().failing for kind in one.kinds}

    assert "token_expired" in kinds
