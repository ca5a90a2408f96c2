"""The golden path against a server that answers rightly, and against wrong ones."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes.clock import ManualClock
from fakes.netra_over_http import SERVICES, FakeNetra, Fault, fake_netra
from netra.clock import SystemClock
from netra.secret import Secret
from netra_ops.findings import Verdict
from netra_ops.validation.answer import Asker
from netra_ops.validation.credentials import Credentials, Person, ServiceCredential
from netra_ops.validation.golden_path import WalkReport, steps_for, walk_golden_path
from netra_ops.validation.step import StepResult, Wanted

PASSWORD = "correct horse battery"


def _service(name: str) -> ServiceCredential:
    return ServiceCredential(name, Secret(SERVICES[name]))


def _credentials(netra: FakeNetra, *, throw_away: bool = True) -> Credentials:
    service = _service("netra-backend")
    if throw_away:
        return Credentials(netra.url, service, operator=_service("netra-ops"))
    netra.users["a@b.example"] = ("usr_a", PASSWORD)
    return Credentials(netra.url, service, person=Person("a@b.example", Secret(PASSWORD)))


def _walk(netra: FakeNetra, *, throw_away: bool = True) -> WalkReport:
    clock = SystemClock()
    credentials = _credentials(netra, throw_away=throw_away)
    with Asker(clock) as asker:
        return walk_golden_path(netra.url, credentials, asker, clock)


def _verdicts(report: WalkReport) -> dict[str, Verdict]:
    return {step.name: step.verdict for step in report.steps}


def _not_passed(report: WalkReport) -> dict[str, Verdict]:
    return {n: verdict for n, verdict in _verdicts(report).items() if verdict is not Verdict.PASS}


@pytest.fixture
def right() -> Iterator[FakeNetra]:
    """A server without a fault."""
    with fake_netra() as netra:
        yield netra


def test_a_right_server_passes_every_step(right: FakeNetra) -> None:
    """What must be served is, and what must be refused is."""
    report = _walk(right)

    assert _not_passed(report) == {}
    assert report.verdict is Verdict.PASS
    assert (report.wrong_refusals, report.wrong_admissions) == (0, 0)


def test_nothing_is_left_behind(right: FakeNetra) -> None:
    """The throw-away user, its thread and its session are gone afterwards."""
    _walk(right)

    assert right.users == {}
    assert right.threads == {}
    assert len(set(right.revoked)) == 1


def test_nobody_registers_themselves(right: FakeNetra) -> None:
    """The throw-away user is made by an operator, so it does not matter whether people may."""
    _walk(right)

    assert "POST /admin/users" in right.asked
    assert not {"POST /users", "GET /register", "POST /register"} & set(right.asked)


def test_a_persons_own_account_is_only_used(right: FakeNetra) -> None:
    """With credentials nobody is made or deleted, and only the session ends."""
    report = _walk(right, throw_away=False)

    assert report.verdict is Verdict.PASS
    assert list(right.users) == ["a@b.example"]
    assert not any("admin" in line or line == "DELETE /api/me" for line in right.asked)
    assert len(set(right.revoked)) == 1


def test_the_document_is_what_was_promised(right: FakeNetra) -> None:
    """A verdict, and steps of name, verdict, ms, expect and got, without a secret."""
    document = json.loads(json.dumps(_walk(right).as_document()))

    assert document["verdict"] == "PASS"
    assert all(list(s) == ["name", "verdict", "ms", "expect", "got"] for s in document["steps"])
    text = json.dumps(document)
    assert not any(value in text for value in (*right.tokens, *SERVICES.values()))


@pytest.mark.parametrize(
    ("fault", "failing", "admitted"),
    [
        (
            Fault.ADMITS_EVERYTHING,
            {
                "no token",
                "bad token",
                "tampered signature",
                "unsigned token",
                "token in the query only",
                "forged X-User-Id and X-Service-Id",
                "foreign audience",
                "user token on a service route",
                "service token on a user route",
                "two Authorization headers",
            },
            10,
        ),
        (Fault.IGNORES_SIGNATURES, {"tampered signature", "unsigned token"}, 2),
        (Fault.TRUSTS_HEADERS, {"forged X-User-Id and X-Service-Id"}, 1),
        (Fault.READS_QUERY, {"token in the query only"}, 1),
    ],
)
def test_a_wrong_admission_fails_and_is_counted(
    fault: Fault, failing: set[str], admitted: int
) -> None:
    """A server that lets in whom it must not is found out (checklist 64)."""
    with fake_netra(fault) as netra:
        report = _walk(netra)

    failed = {name for name, verdict in _verdicts(report).items() if verdict is Verdict.FAIL}
    assert failing <= failed
    assert report.verdict is Verdict.FAIL
    assert report.wrong_admissions == admitted


def test_refusing_everybody_is_no_better() -> None:
    """A server that answers 403 to all counts wrong refusals, and 403 is no answer to strangers."""
    with fake_netra(Fault.REFUSES_EVERYTHING) as netra:
        report = _walk(netra)
        left = dict(netra.users)

    verdicts = _verdicts(report)
    assert verdicts["me as user"] is Verdict.FAIL
    assert verdicts["no token"] is Verdict.FAIL
    assert report.wrong_refusals > 0
    assert report.wrong_admissions == 0
    assert left == {}


def test_forbidden_is_not_unauthenticated() -> None:
    """403 where 401 is right fails the step, and is not an admission."""
    with fake_netra(Fault.FORBIDS_STRANGERS) as netra:
        report = _walk(netra)

    assert _not_passed(report) == {
        "no token": Verdict.FAIL,
        "token in the query only": Verdict.FAIL,
        "forged X-User-Id and X-Service-Id": Verdict.FAIL,
    }
    assert report.wrong_admissions == 0


def test_degraded_is_not_a_pass() -> None:
    """A ready service whose dependency is amiss fails health and readiness (SPEC R14)."""
    with fake_netra(Fault.IS_DEGRADED) as netra:
        report = _walk(netra)

    assert _not_passed(report) == {"health": Verdict.FAIL, "ready": Verdict.FAIL}
    assert "auth degraded (down)" in next(s.got for s in report.steps if s.name == "health")


def test_being_taken_for_someone_else_fails() -> None:
    """Being served under another name is not being served."""
    with fake_netra(Fault.SWAPS_USERS) as netra:
        verdicts = _verdicts(_walk(netra))

    assert verdicts["me as user"] is Verdict.FAIL
    assert verdicts["session as user"] is Verdict.UNKNOWN
    assert verdicts["session as service"] is Verdict.FAIL


def test_a_lost_message_fails() -> None:
    """201 is not proof: what was written must be read."""
    with fake_netra(Fault.LOSES_MESSAGES) as netra:
        report = _walk(netra)

    assert _not_passed(report) == {"read back": Verdict.FAIL}


def test_what_depends_on_a_failed_step_is_unknown_and_says_why() -> None:
    """A step that was not taken neither passed nor failed; the rest goes on and tidies up."""
    with fake_netra(Fault.REFUSES_LOGIN) as netra:
        report = _walk(netra)
        left = dict(netra.users)

    verdicts = _verdicts(report)
    token = next(step for step in report.steps if step.name == "user token")
    assert verdicts["log in"] is Verdict.FAIL
    assert token.verdict is Verdict.UNKNOWN
    assert "'log in'" in token.got
    assert verdicts["session as service"] is Verdict.PASS
    assert verdicts["no token"] is Verdict.PASS
    assert left == {}


def test_a_failure_half_way_is_tidied_up() -> None:
    """The thread that was opened before the failure is deleted all the same."""
    with fake_netra(Fault.BREAKS_MESSAGES) as netra:
        report = _walk(netra, throw_away=False)

        assert netra.threads == {}
    assert _verdicts(report)["thread deleted"] is Verdict.PASS
    assert report.verdict is Verdict.FAIL


def test_a_walk_that_is_broken_off_tidies_up(right: FakeNetra) -> None:
    """Ctrl-C in the middle leaves neither user nor thread nor session."""
    clock = SystemClock()

    def interrupt(result: StepResult) -> None:
        if result.name == "message written":
            raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt), Asker(clock) as asker:
        walk_golden_path(right.url, _credentials(right), asker, clock, interrupt)

    assert "GET /api/threads/thr_1/messages" not in right.asked
    assert (right.users, right.threads, len(set(right.revoked))) == ({}, {}, 1)


def test_a_stranger_cannot_write_on_the_terminal() -> None:
    """What an answer says is shown without secrets, control characters or floods."""
    with fake_netra(Fault.ECHOES_TOKENS) as netra:
        report = _walk(netra)
        tokens = list(netra.tokens)

    shown = [step.got for step in report.steps]
    assert all(got.isprintable() and len(got) < 250 for got in shown)
    assert not any(token in got for token in tokens for got in shown)


def test_nonsense_fails_and_never_raises() -> None:
    """Bodies of an unexpected form are failures, not accidents."""
    with fake_netra(Fault.ANSWERS_NONSENSE) as netra:
        assert _walk(netra).verdict is Verdict.FAIL


def test_nobody_there_is_unknown() -> None:
    """A server that is down was not judged: no pass, no fail."""
    with fake_netra() as netra:
        pass

    report = _walk(netra)

    assert set(_verdicts(report).values()) == {Verdict.UNKNOWN}
    assert report.verdict is Verdict.UNKNOWN
    assert (report.wrong_refusals, report.wrong_admissions) == (0, 0)


def test_a_walk_ends_in_time(right: FakeNetra) -> None:
    """When the time is used up the rest is unknown, but tidying up gets time of its own."""
    clock = ManualClock()
    right.on_ask = lambda line: clock.advance(100) if line == "GET /api/session" else None

    with Asker(clock) as asker:
        report = walk_golden_path(right.url, _credentials(right), asker, clock)

    verdicts = _verdicts(report)
    assert verdicts["session as user"] is Verdict.PASS
    assert verdicts["service token"] is Verdict.UNKNOWN
    assert verdicts["throw-away user deleted"] is Verdict.PASS
    assert right.users == {}


def test_every_step_can_be_told_apart() -> None:
    """Names are unique, and what a step needs comes before it."""
    operator = _service("netra-ops")
    person = Person("a@b.example", Secret("x"))
    for credentials in (
        Credentials("http://127.0.0.1", operator, operator=operator),
        Credentials("http://127.0.0.1", operator, person=person),
    ):
        seen: set[str] = set()
        for step in steps_for(credentials):
            assert step.name not in seen
            assert set(step.needs) <= seen
            assert not (step.cleans_up and step.wanted is Wanted.REFUSED)
            seen.add(step.name)


def test_each_step_tells_which_service_it_asked() -> None:
    """Evidence names the service that answered, and the two may have addresses of their own."""
    with fake_netra() as netra:
        elsewhere = netra.url.replace("127.0.0.1", "localhost")
        credentials = replace(_credentials(netra), auth_url=elsewhere, issued_as=netra.url)
        clock = SystemClock()
        with Asker(clock) as asker:
            report = walk_golden_path(netra.url, credentials, asker, clock)

    asked = {step.name: step.asked for step in report.steps}
    assert asked["service token"] == elsewhere
    assert asked["health"] == netra.url
