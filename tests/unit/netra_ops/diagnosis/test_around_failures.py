"""Sockets, what is no incident, what stands around the failures, and all of it together."""

from typing import Any

import pytest

from fakes.tallies import Log, at, seen_in, share
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.together import merged, observations
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Caller
from netra_ops.evidence.records.probes import Got, Probe
from netra_ops.evidence.records.revisions.revision import Revision
from netra_ops.logs.reading.account import ClockDifference

OLD, NEW = "orders-00001-aaa", "orders-00002-bbb"


def before(log: Log, number: int = 30) -> None:
    """Write good requests before anything fails."""
    for second in range(number):
        log.asked(second)


def test_only_sockets_fail() -> None:
    """Handshakes are refused while plain requests go on."""
    log = Log()
    before(log)
    for second in range(30, 45):
        log.asked(second, 403, path="/ws", method="WEBSOCKET")
        log.asked(second + 0.5)

    assert seen_in(log.observed(), Fact.SOCKETS_ONLY) is True


def test_plain_requests_fail_too() -> None:
    """Where plain requests fail it is not of sockets."""
    log = Log()
    before(log)
    for second in range(30, 45):
        log.refused(second)

    assert seen_in(log.observed(), Fact.SOCKETS_ONLY) is False


def test_sockets_that_end_at_one_age_are_failures_with_a_beginning() -> None:
    """Sockets of all ages before, and of half a minute since a revision."""
    log = Log()
    for step in range(12):
        log.asked(step, 101, method="WEBSOCKET", path="/ws", latency=40 + 17.3 * step)
    for step in range(12):
        log.asked(
            60 + step,
            101,
            method="WEBSOCKET",
            path="/ws",
            latency=30 + step / 50,
            revision=NEW,
            instance="two",
        )

    found = log.observed()

    assert found[Fact.SOCKETS_END_AT_ONE_AGE].subjects == ("30 s",)
    assert seen_in(found, Fact.BEGAN_WITH_REVISION) is True


def test_sockets_of_all_ages_end_when_they_like() -> None:
    """Where ages differ there is no common end, and nothing failed."""
    log = Log()
    for step in range(30):
        log.asked(step, 101, method="WEBSOCKET", path="/ws", latency=10 * 1.2**step)

    found = log.observed()

    assert seen_in(found, Fact.SOCKETS_END_AT_ONE_AGE) is False
    assert seen_in(found, Fact.FAILURES) is False


@pytest.mark.parametrize("refused", [True, False])
def test_preflights(refused: bool) -> None:  # noqa: FBT001 - a parameter
    """OPTIONS requests are refused, or answered."""
    log = Log()
    before(log)
    for second in range(30, 40):
        log.asked(second, 401 if refused else 204, method="OPTIONS")
        log.asked(second + 0.5, 401)

    assert seen_in(log.observed(), Fact.PREFLIGHT_REFUSED) is refused


def test_paths_found_no_more_are_failures() -> None:
    """What was answered well and is not found any more, nothing else failing, is a failure."""
    log = Log()
    before(log)
    for second in range(30, 50):
        log.asked(second, 404, revision=NEW, instance="two")

    scene = log.scene()

    assert len(scene.failing) == 20
    assert scene.since_deploy == at(30)


def test_things_that_are_not_there_at_times_are_no_failures() -> None:
    """A path with ids that answers 404 now and then is no failure."""
    log = Log()
    for second in range(60):
        log.asked(second, 404 if second % 7 == 3 else 200)

    assert not log.scene().failing


def test_somebody_who_tries_paths_that_nobody_has() -> None:
    """The refused client also asks for paths that answer nobody, and calls itself a scanner."""
    log = Log()
    for second in range(30):
        log.asked(second, client="a", agent="Mozilla/5.0")
    for step, path in enumerate(("/.env", "/wp-login.php", "/admin.php", "/.git/config")):
        log.asked(30 + step, 404, path=path, client="x", agent="Nuclei - scanner")
        log.asked(40 + step, 401, client="x", agent="Nuclei - scanner")

    found = log.observed()

    assert seen_in(found, Fact.UNKNOWN_PATHS) is True
    assert seen_in(found, Fact.ONE_TESTING_CLIENT) is True


def scanning(log: Log, **who: Any) -> None:
    """Ask for what scanners ask for, and be refused where something is."""
    for step, path in enumerate(("/.env", "/wp-login.php", "/actuator/env", "/.git/config")):
        log.asked(30 + 2 * step, 404, path=path, **who)
        log.asked(31 + 2 * step, 401, **who)


def test_a_scanner_is_known_by_what_it_asks_for() -> None:
    """A client that calls itself a browser asks for what scanners look for, and is refused."""
    log = Log()
    for second in range(60):
        log.asked(second, client=f"c{second % 7}", agent="Mozilla/5.0")
    scanning(log, client="x", agent="Mozilla/5.0")

    assert seen_in(log.observed(), Fact.ONE_TESTING_CLIENT) is True


def test_a_site_of_scripts_is_not_scanned_by_its_people() -> None:
    """Who asks for scripts that are there, and is refused, looks for nothing else."""
    log = Log()
    for second in range(30):
        log.asked(second, path="/login.php")
        log.asked(second, path="/orders.php")
    for second in range(30, 45):
        log.refused(second, path="/login.php", client="x", agent="Mozilla/5.0")
        log.refused(second, path="/orders.php", client="x", agent="Mozilla/5.0")

    assert seen_in(log.observed(), Fact.ONE_TESTING_CLIENT) is not True


@pytest.mark.parametrize("others", [True, False])
def test_several_clients_that_all_test_are_tests_if_others_are_served(*, others: bool) -> None:
    """A load test has many addresses; that nobody else is served may be an outage it met."""
    log = Log()
    before(log)
    for second in range(30, 60):
        log.asked(second, 401, client=f"c{second}", agent=f"k6/{second}", path="/api/me")
        if others:
            log.asked(second + 0.5, client="p", agent="Mozilla/5.0", path="/api/me")

    assert (seen_in(log.observed(), Fact.ONE_TESTING_CLIENT) is True) is others


@pytest.mark.parametrize(
    ("step", "who", "tests"),
    [
        (7.3, {}, True),
        (600, {}, False),
        (7.3, {"caller": Caller.SERVICE, "principal": "service:orders"}, False),
    ],
)
def test_a_tool_tests_by_hand_and_works_in_a_job(
    step: float, who: dict[str, Any], *, tests: bool
) -> None:
    """Requests of curl are a test, unless they come as a clock strikes or are a service's own."""
    log = Log()
    for number in range(6):
        log.asked(number * step, client="a", agent="Mozilla/5.0")
        log.refused(
            number * step + 1,
            Sign.CREDENTIAL_MISSING,
            path="/sweep",
            client="x",
            agent="curl/8.5.0",
            **who,
        )

    assert (seen_in(log.observed(), Fact.ONE_TESTING_CLIENT) is True) is tests


@pytest.mark.parametrize("failed", [True, False])
def test_a_probe_that_failed_leaves_no_single_refusal(*, failed: bool) -> None:
    """One refusal among many answers is of every day, unless a probe failed as well."""
    log = Log()
    before(log)
    log.refused(30)
    before_and_after = range(31, 50)
    for second in before_and_after:
        log.asked(second)
    probe = Probe(
        where="probes.json#/0",
        time=at(40),
        name="version",
        got=Got(where="probes.json#/0/got", status=200),
        ok=not failed,
    )

    found = log.observed(probes=(probe,))

    assert (seen_in(found, Fact.SINGLE_REFUSALS) is True) is not failed


@pytest.mark.parametrize(("status", "tests"), [(503, False), (401, True)])
def test_our_toolkit_tests_by_refusals_and_not_by_asking_for_health(
    status: int, *, tests: bool
) -> None:
    """What the toolkit is refused is a test; that a service is not well is its own word."""
    log = Log()
    for second in range(20):
        log.asked(second, status, path="/health", client="a", agent="netra-ops")

    assert (seen_in(log.observed(), Fact.ONE_TESTING_CLIENT) is True) is tests


@pytest.mark.parametrize(("status", "others"), [(200, False), (401, True)])
def test_our_own_refusals_are_no_failures_where_a_probe_was_let_in(
    status: int, *, others: bool
) -> None:
    """What the toolkit must be refused fails nothing if what it must be refused was admitted."""
    log = Log()
    before(log)
    for second in range(30, 45):
        log.refused(second, client="a", agent="netra-ops")
        log.asked(second, 401, request=None, client="a", agent="netra-ops")
    probe = Probe(
        where="probes.json#/0",
        time=at(40),
        name="no token",
        target="https://orders.example/api/me",
        expect="401",
        expect_status=401,
        got=Got(where="probes.json#/0/got", status=status),
        ok=status == 401,
    )

    scene = log.scene(probes=(probe,))

    assert bool(scene.failing) is others


def test_many_browsers_are_no_testing_client() -> None:
    """Failures of many clients that are browsers are of no test."""
    log = Log()
    before(log)
    for second in range(30, 45):
        log.refused(second, client=f"c{second}", agent="Mozilla/5.0")

    found = log.observed()

    assert seen_in(found, Fact.ONE_TESTING_CLIENT) is False
    assert seen_in(found, Fact.UNKNOWN_PATHS) is False


def test_failures_of_another_time() -> None:
    """What failed before the window only is older; the revision serves nobody since."""
    log = Log()
    for second in range(20):
        log.refused(second)
    traffic = (share(-9, OLD, 100), share(5000, NEW, 100), share(5000, OLD, 0))

    found = log.observed(window=(20_000, 30_000), traffic=traffic)

    assert seen_in(found, Fact.OLDER_THAN_ASKED) is True
    assert seen_in(found, Fact.NOT_SERVING_ANY_MORE) is True


def test_what_fails_before_it_gets_traffic_is_no_revision_of_the_past() -> None:
    """A revision that is tried before it gets its traffic is none that serves nobody any more."""
    log = Log()
    before(log)
    for second in range(30, 45):
        log.refused(second, revision=NEW, instance="two")
    traffic = (share(-9, OLD, 100), share(60, NEW, 100), share(60, OLD, 0))

    found = log.observed(window=(0, 90), traffic=traffic)

    assert seen_in(found, Fact.NOT_SERVING_ANY_MORE) is not True


def test_failures_of_now() -> None:
    """What fails in the window on what has traffic is of now."""
    log = Log()
    for second in range(20):
        log.refused(second)

    found = log.observed(window=(0, 30), traffic=(share(-9, OLD, 100),))

    assert seen_in(found, Fact.OLDER_THAN_ASKED) is False
    assert seen_in(found, Fact.NOT_SERVING_ANY_MORE) is False


def test_expired_tokens_as_ever_are_usual() -> None:
    """One in ten, early and late, is the usual rate; a jump is not."""
    usual, jump = Log(), Log()
    for second in range(100):
        (usual.asked if second % 10 != 4 else usual.refused)(second)
        (jump.asked if second < 60 else jump.refused)(second)

    assert seen_in(usual.observed(), Fact.USUAL_RATE) is True
    assert seen_in(jump.observed(), Fact.USUAL_RATE) is False


def test_half_of_all_is_not_the_usual() -> None:
    """A log in which half fails from beginning to end has no beginning, and is not usual."""
    log = Log()
    for second in range(60):
        (log.asked if second % 2 else log.refused)(second)

    assert Fact.USUAL_RATE not in log.observed()


@pytest.mark.parametrize(
    ("least", "differ"),
    [
        ({"one": 0.1, "two": 0.2}, None),
        ({"one": -3.0, "two": 0.1}, True),
        ({"one": 4.0, "two": 0.1}, True),
    ],
)
def test_clocks_by_when_entries_were_received(
    least: dict[str, float],
    differ: bool | None,  # noqa: FBT001 - a parameter
) -> None:
    """An instance whose entries are received before they say, or much later, has another clock."""
    log = Log()
    before(log)
    log.refused(31)
    for name, seconds in least.items():
        nanoseconds = round(seconds * 1e9)
        log.tally.account.clocks[name] = ClockDifference(
            count=20, least=nanoseconds, most=nanoseconds + 10**8, total=20 * nanoseconds
        )

    assert seen_in(log.observed(), Fact.CLOCKS_DIFFER) is differ


def open_breaker(log: Log) -> None:
    """Write that one of two instances' breaker opens after failures and stays so."""
    for second in range(30):
        log.asked(second, instance=("one", "two")[second % 2])
    for second in range(30, 33):
        log.refused(second, Sign.TIMED_OUT, status=503, subject="auth")
    for second in range(33, 60):
        log.refused(second, Sign.BREAKER_OPEN, status=503, subject="auth", latency=0.001)


def test_a_breaker_that_stays_open_while_others_are_answered() -> None:
    """The other instance is served by what the breaker keeps from being called."""
    log = Log()
    open_breaker(log)
    for second in range(33, 60):
        log.asked(second + 0.5, instance="two")

    found = log.observed()

    assert seen_in(found, Fact.BREAKER_OPEN_AFTER_RECOVERY) is True
    assert seen_in(found, Fact.ONE_INSTANCE_ONLY) is True


def test_a_breaker_that_stays_open_while_a_probe_passes() -> None:
    """Probes of the auth service that pass show the same."""
    log = Log()
    open_breaker(log)
    probes = tuple(
        Probe(where=f"probes.json#/{n}", time=at(40 + n), name="auth token", ok=True)
        for n in range(2)
    )

    assert seen_in(log.observed(probes=probes), Fact.BREAKER_OPEN_AFTER_RECOVERY) is True


@pytest.mark.parametrize(("closes_too", "differ"), [(False, True), (True, None)])
def test_a_breaker_that_is_not_said_to_close_as_the_other_did(
    closes_too: bool,  # noqa: FBT001 - a parameter
    differ: bool | None,  # noqa: FBT001 - a parameter
) -> None:
    """Programs tell of each change once: one instance's closed after it, the other's did not."""
    log = Log()
    before(log)
    for instance in ("one", "two"):
        log.refused(30, Sign.TIMED_OUT, status=503, subject="auth", instance=instance)
        log.says(31, Sign.BREAKER_OPEN, subject="auth", instance=instance)
    log.says(41, Sign.BREAKER_CLOSED, subject="auth", instance="two")
    if closes_too:
        log.says(42, Sign.BREAKER_CLOSED, subject="auth", instance="one")
    for second in range(42, 60):
        log.asked(second, instance="one")

    assert seen_in(log.observed(), Fact.BREAKER_OPEN_AFTER_RECOVERY) is differ


def test_a_breaker_that_is_open_for_good_reason() -> None:
    """Where each trial fails again, the breaker is right."""
    log = Log()
    open_breaker(log)
    for second in (40, 47, 54):
        log.says(second, Sign.TIMED_OUT, subject="auth")

    assert seen_in(log.observed(), Fact.BREAKER_OPEN_AFTER_RECOVERY) is False


def test_a_secret_that_is_newer_than_what_reads_it() -> None:
    """A secret changed while instances ran that had started before, and they fail since."""
    log = Log()
    before(log)
    log.says(30, Sign.SECRET_CHANGED, subject="signing-key", level=200, service=None)
    for second in range(31, 45):
        log.refused(second)

    found = log.observed()[Fact.SECRET_NEWER_THAN_INSTANCES]

    assert found.is_seen
    assert found.subjects == ("signing-key",)


def test_instances_that_started_after_the_change_have_the_new_secret() -> None:
    """What fails and started later is not behind the secret."""
    log = Log()
    before(log)
    log.says(30, Sign.SECRET_CHANGED, subject="signing-key", level=200, service=None)
    for second in range(31, 45):
        log.refused(second, instance="two")

    assert seen_in(log.observed(), Fact.SECRET_NEWER_THAN_INSTANCES) is False


def observation(*, is_seen: bool, evidence: tuple[str, ...], says: str = "So.") -> Observation:
    """Give an observation of one fact."""
    return Observation(fact=Fact.USERS_FAIL, is_seen=is_seen, says=says, evidence=evidence)


def test_of_two_that_disagree_what_was_seen_wins() -> None:
    """What was seen outweighs what was not, and both evidences are kept."""
    (found,) = merged(
        [
            observation(is_seen=False, evidence=("a:1", "a:2"), says="None."),
            observation(is_seen=True, evidence=("b:1",), says="Some."),
        ]
    )

    assert found.is_seen
    assert found.evidence == ("b:1", "a:1", "a:2")
    assert found.says == "Some. Against it: None."


def test_observations_come_in_the_order_of_the_facts() -> None:
    """One observation a fact, in the order in which the facts are written."""
    log = Log()
    before(log)
    for second in range(30, 60):
        log.refused(second, revision=NEW, instance="two")

    found = [one.fact for one in observations(log.scene())]

    assert found == [fact for fact in Fact if fact in set(found)]
    assert len(found) == len(set(found))


def test_nothing_says_who_somebody_is() -> None:
    """No sentence holds a principal, a client or a token."""
    log = Log()
    before(log)
    for second in range(30, 50):
        log.refused(second, principal="jane.doe@example.org", client="203.0.113.9")

    texts = " ".join(f"{one.says} {one.subjects}" for one in observations(log.scene()))

    assert "jane" not in texts
    assert "203.0.113.9" not in texts


def test_an_empty_log_says_nothing() -> None:
    """Without a line nothing is observed, seen or absent."""
    assert not Log().observed()


def test_what_happens_every_day_at_its_rate_is_no_more_than_single_refusals() -> None:
    """A wrong password now and then, all along, is what happens where all is well."""
    log = Log()
    for second in range(120):
        log.asked(second, path="/login", method="POST", client=f"c{second}")
    for second in range(5, 120, 15):
        log.refused(second + 0.5, Sign.PASSWORD_WRONG, path="/login", client=f"d{second}")

    found = log.observed()

    assert seen_in(found, Fact.USUAL_RATE) is True
    assert seen_in(found, Fact.SINGLE_REFUSALS) is True


@pytest.mark.parametrize(
    ("lines_begin", "requests_begin", "differ"),
    [(-300, 31, True), (-60, 31, None), (-300, -200, None)],
)
def test_clocks_by_lines_of_before_a_revision_was_made(
    lines_begin: float,
    requests_begin: float,
    differ: bool | None,  # noqa: FBT001 - a parameter
) -> None:
    """A program that dates its lines before its own revision has another clock than its front.

    A minute is within what documents and deployments differ by, and where its front's requests are
    of before that moment too, the moment is wrong.
    """
    log = Log()
    before(log)
    log.says(lines_begin, Sign.CODE_ERROR, revision=NEW)
    log.refused(requests_begin, is_front=True, revision=NEW)
    made = Revision(where="revisions.json#/0", service="orders", name=NEW, created=at(30))

    assert seen_in(log.observed(revisions=(made,)), Fact.CLOCKS_DIFFER) is differ
