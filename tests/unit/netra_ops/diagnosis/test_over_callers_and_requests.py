"""How failures lie over callers and within requests: each fact seen, absent, and not said."""

from typing import Any

import pytest

from fakes.tallies import Log, seen_in
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Caller

BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
SERVICE: dict[str, Any] = {"caller": Caller.SERVICE, "principal": "service:orders"}


def before(log: Log, number: int = 30, **more: Any) -> None:
    """Write good requests before anything fails."""
    for second in range(number):
        log.asked(second, **more)


def test_users_fail_and_services_do_not() -> None:
    """Users' requests are refused while a service's own calls go on."""
    log = Log()
    before(log, agent=BROWSER)
    for second in range(30, 45):
        log.refused(second, agent=BROWSER)
        log.asked(second + 0.5, **SERVICE)

    found = log.observed()

    assert seen_in(found, Fact.USERS_FAIL) is True
    assert seen_in(found, Fact.USERS_UNAFFECTED) is False
    assert seen_in(found, Fact.SERVICE_CALLS_FAIL) is False


def test_services_fail_and_users_do_not() -> None:
    """A service's calls are refused while users' requests go on."""
    log = Log()
    before(log, agent=BROWSER)
    for second in range(30, 45):
        log.asked(second, caller=Caller.USER)
        log.refused(second + 0.5, path="/internal", **SERVICE)

    found = log.observed()

    assert seen_in(found, Fact.SERVICE_CALLS_FAIL) is True
    assert seen_in(found, Fact.USERS_UNAFFECTED) is True
    assert seen_in(found, Fact.USERS_FAIL) is False
    assert seen_in(found, Fact.OTHER_SERVICE_CALLS_SUCCEED) is False


def test_others_under_the_same_identity_succeed() -> None:
    """Some requests booked on a service fail while its other calls succeed."""
    log = Log()
    before(log, 20, **SERVICE)
    for second in range(20, 40, 4):
        log.refused(second, Sign.CREDENTIAL_MISSING, path="/threads", **SERVICE)
        log.asked(second + 1, **SERVICE)

    assert seen_in(log.observed(), Fact.OTHER_SERVICE_CALLS_SUCCEED) is True


def test_who_logs_in_fails_afterwards() -> None:
    """Log-ins succeed, and the same people's requests are refused."""
    log = Log()
    before(log)
    for step in range(6):
        log.asked(30 + 2 * step, path="/login", method="POST", principal=f"user-{step}")
        log.refused(31 + 2 * step, principal=f"user-{step}")

    assert seen_in(log.observed(), Fact.LOGIN_WORKS_LATER_FAILS) is True


def test_log_ins_that_fail_do_not_work() -> None:
    """Where the log-ins are what fails, nothing is said to work."""
    log = Log()
    before(log, path="/login")
    for second in range(30, 40):
        log.refused(second, Sign.CLIENT_REFUSED, path="/login")

    assert seen_in(log.observed(), Fact.LOGIN_WORKS_LATER_FAILS) is False


@pytest.mark.parametrize("works", [True, False])
def test_routes_that_need_no_identity(works: bool) -> None:  # noqa: FBT001 - a parameter
    """Health is answered well, or not, while others fail."""
    log = Log()
    before(log)
    for second in range(30, 40):
        log.asked(second, 500)
        log.asked(second + 0.5, 200 if works else 503, path="/healthz")

    assert seen_in(log.observed(), Fact.OPEN_ROUTES_WORK) is works


def test_few_subjects_of_many() -> None:
    """All failures are of one person of ten who ask as often."""
    log = Log()
    for second in range(200):
        name = f"user-{second % 10}"
        if second > 60 and name == "user-3":
            log.refused(second, Sign.TOKEN_REVOKED, principal=name)
        else:
            log.asked(second, principal=name)

    assert seen_in(log.observed(), Fact.FEW_SUBJECTS) is True


def test_many_subjects_fail() -> None:
    """Failures of eight of ten people are not of few."""
    log = Log()
    for second in range(100):
        name = f"user-{second % 10}"
        if second > 60 and second % 10 < 8:
            log.refused(second, principal=name)
        else:
            log.asked(second, principal=name)

    assert seen_in(log.observed(), Fact.FEW_SUBJECTS) is False


def test_subjects_who_ask_once_are_not_few() -> None:
    """Where each asks once, five failures are always of five: that says nothing."""
    log = Log()
    for second in range(50):
        if second > 20 and second % 6 == 0:
            log.refused(second, client=f"client-{second}")
        else:
            log.asked(second, client=f"client-{second}")

    assert Fact.FEW_SUBJECTS not in log.observed()


def test_few_requests_that_write_many_lines() -> None:
    """Three requests with three error lines each are three failures."""
    log = Log()
    before(log)
    for second in (31, 33, 35):
        request = log.refused(second, Sign.CREDENTIAL_MISSING)
        log.says(second, Sign.NOT_AUTHENTICATED, request=request)
        log.says(second, Sign.OTHER_ERROR, request=request)

    found = log.observed()[Fact.FEW_REQUESTS_MANY_LINES]

    assert found.is_seen
    assert "3 distinct requests wrote 9 error lines" in found.says


def test_one_line_each_is_no_flood() -> None:
    """Requests with one error line each are as many as their lines."""
    log = Log()
    before(log)
    for second in range(31, 36):
        log.refused(second)

    assert seen_in(log.observed(), Fact.FEW_REQUESTS_MANY_LINES) is False


def test_a_session_before_the_refusal() -> None:
    """In each failing request a session had been created before it was refused."""
    log = Log()
    before(log)
    for second in range(31, 36):
        request = log.asked(second, 403)
        log.says(second + 0.01, Sign.SESSION_CREATED, request=request, level=200)
        log.says(second + 0.02, Sign.NOT_AUTHENTICATED, request=request)

    found = log.observed()[Fact.SESSION_BEFORE_REFUSAL]

    assert found.is_seen
    assert "5 of 5" in found.says


def test_a_programs_own_request_ids_are_joined_to_the_entries() -> None:
    """Lines under ids of the program's own count with the entry of the same moment."""
    log = Log()
    before(log)
    for second in range(31, 36):
        log.asked(second, 403, is_front=True, latency=0.05)
        log.says(second + 0.01, Sign.SESSION_CREATED, request=f"req_{second}", level=200)
        log.says(second + 0.02, Sign.NOT_AUTHENTICATED, request=f"req_{second}")

    scene = log.scene()

    assert len(scene.failing) == 5
    assert seen_in(log.observed(), Fact.SESSION_BEFORE_REFUSAL) is True


def test_no_session_before_the_refusal() -> None:
    """The program tells of sessions in other requests, and of none in those that fail."""
    log = Log()
    for second in range(30):
        request = log.asked(second)
        log.says(second, Sign.SESSION_CREATED, request=request, level=200)
    for second in range(31, 36):
        log.refused(second)

    assert seen_in(log.observed(), Fact.SESSION_BEFORE_REFUSAL) is False


def test_failing_requests_of_one_fixed_time() -> None:
    """Thirty seconds each, within 2 %: a time-out and not at once."""
    log = Log()
    before(log)
    for step in range(8):
        log.refused(31 + 40 * step, latency=30 + step / 100)

    found = log.observed()

    assert found[Fact.FAILS_AFTER_TIMEOUT].subjects == ("30.0 s",)
    assert seen_in(found, Fact.FAILS_AT_ONCE) is False


def test_failing_requests_that_end_at_once() -> None:
    """Two milliseconds each: at once, and after no time-out."""
    log = Log()
    before(log)
    for step in range(8):
        log.refused(31 + step, latency=0.002)

    found = log.observed()

    assert seen_in(found, Fact.FAILS_AT_ONCE) is True
    assert seen_in(found, Fact.FAILS_AFTER_TIMEOUT) is False


def test_refused_before_the_program_saw_it() -> None:
    """Refused requests leave no line of a program that writes of all others."""
    log = Log()
    for second in range(60):
        request = log.asked(second, is_front=True)
        log.tally.spoke.add(request)
    for second in range(60, 72):
        log.asked(second, 403, is_front=True)

    assert seen_in(log.observed(), Fact.REFUSED_BEFORE_CONTAINER) is True


def test_a_program_that_writes_of_no_request_says_nothing_of_the_front() -> None:
    """Where a program writes of no request at all, its silence says nothing."""
    log = Log()
    for second in range(60):
        log.asked(second, is_front=True)
    for second in range(60, 72):
        log.asked(second, 403, is_front=True)

    assert Fact.REFUSED_BEFORE_CONTAINER not in log.observed()


def test_redirected_before_being_refused() -> None:
    """The same client is sent from http to https and refused there."""
    log = Log()
    before(log)
    for second in range(31, 40):
        log.asked(second, 308, client="c", service="front", revision="front-1")
        log.asked(second + 0.1, 401, client="c")

    assert seen_in(log.observed(), Fact.REDIRECT_BEFORE_REFUSAL) is True


@pytest.mark.parametrize(
    ("place", "is_of_identity"),
    [
        ("app/auth/deps.py:current_user", True),
        ("src/middleware/JwtVerifier.java:parseClaims", True),
        ("app/routes/prices.py:list_users", False),
        ("lib/author.js:render", False),
    ],
)
def test_code_that_reads_identities_is_told_by_its_names(
    place: str,
    is_of_identity: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Files and functions of authentication are of identity; authors and lists of users are not."""
    log = Log()
    before(log)
    for second in range(31, 36):
        log.refused(second, Sign.CODE_ERROR, status=500, subject=place)

    assert seen_in(log.observed(), Fact.CODE_ERROR_IN_IDENTITY) is is_of_identity


@pytest.mark.parametrize(
    ("refused_later", "others_known", "admitted"),
    [(False, True, True), (True, True, False), (False, False, False)],
)
def test_nobody_is_served_where_it_was_refused(
    *, refused_later: bool, others_known: bool, admitted: bool
) -> None:
    """Refused at first, then served with nobody as the user, while others have one."""
    log = Log()
    for second in range(10):
        log.asked(second, path="/me")
        log.refused(second + 0.3, Sign.CREDENTIAL_MISSING, path="/notes", client="x")
    for second in range(20, 30):
        request = log.asked(second, path="/notes", client="x")
        log.says(second, Sign.NOBODY_NAMED, request=request)
        if others_known:
            log.asked(second + 0.3, path="/me")
        if refused_later:
            log.refused(second + 0.6, Sign.CREDENTIAL_MISSING, path="/notes", client="y")

    found = seen_in(log.observed(), Fact.UNAUTHENTICATED_ADMITTED)

    assert (found is True) is admitted
