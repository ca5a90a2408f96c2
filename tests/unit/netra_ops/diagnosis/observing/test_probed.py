"""Tests of `netra_ops.diagnosis.observing.probed`."""

from pathlib import Path
from typing import Any

import pytest

from fakes.scenes import (
    BAD,
    GOOD,
    nanoseconds,
    probe,
    revision,
    says,
    scene_in,
    seen,
    silent,
    unseen,
)
from netra_ops.diagnosis.facts import PROBES, Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.probed import observed
from netra_ops.diagnosis.signs.sign import Sign

API = "https://orders.example.org/v1/items"
WS = "wss://orders.example.org/ws"
RUN = "orders-h7x2-ew.a.run.app"


@pytest.fixture
def of(tmp_path: Path) -> Any:
    """Observe probes."""

    def observe(*probes: dict[str, Any], **said: Any) -> tuple[Observation, ...]:
        return tuple(observed(scene_in(tmp_path / "b", probes=list(probes), **said)))

    return observe


@pytest.mark.parametrize(
    "name", ["items without a token", "no credential", "garbage token", "list with a forged JWT"]
)
def test_who_must_be_refused_and_is_served_is_admitted(of: Any, name: str) -> None:
    """A negative probe that got an answer is told, in whatever words it was named."""
    admitted = of(probe(name, API, expect="401", status=200, ok=False))
    assert seen(admitted, Fact.UNAUTHENTICATED_ADMITTED) is not None


def test_who_is_refused_as_is_right_is_not_admitted(of: Any) -> None:
    """A refused negative probe is told as such, and is no failure."""
    found = of(probe("no token", API, expect={"status": 401}, status=401, ok=True))

    assert unseen(found, Fact.UNAUTHENTICATED_ADMITTED) is not None
    assert silent(found, Fact.FAILURES)


def test_an_open_route_admits_nobody_wrongly(of: Any) -> None:
    """Whom nobody expected to be refused was not wrongly admitted."""
    found = of(probe("health without token", API, expect="200", status=200, ok=True))

    assert silent(found, Fact.UNAUTHENTICATED_ADMITTED)


def test_a_step_that_was_not_taken_shows_nothing(of: Any) -> None:
    """What was not tried is neither admitted nor refused nor anybody's failure to answer."""
    step = probe("bad token", API, expect="401", body_excerpt="not taken: it needs a login")
    found = of(step | {"ok": False})

    assert silent(found, Fact.UNAUTHENTICATED_ADMITTED)
    assert silent(found, Fact.FAILURES)


def test_a_status_in_words_is_read(of: Any) -> None:
    """An answer that is told as a text is read by the status at its beginning."""
    words = '401, WWW-Authenticate: Bearer realm="netra", credential_missing'
    found = of(probe("no token", API, expect="401 with WWW-Authenticate", body_excerpt=words))

    assert unseen(found, Fact.UNAUTHENTICATED_ADMITTED) is not None


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("handshake with Origin https://my.example", "handshake without an Origin"),
        ("handshake with Origin None", "handshake with Origin https://app.example"),
    ],
)
def test_a_handshake_that_its_origin_decides_is_told(of: Any, bad: str, good: str) -> None:
    """One and the same handshake, refused with one Origin and not with another."""
    found = of(probe(bad, WS, status=403, ok=False), probe(good, WS, status=101, ok=True))

    assert seen(found, Fact.ORIGIN_DECIDES) is not None
    assert silent(found, Fact.SUBPROTOCOL_DECIDES)


def test_a_foreign_origin_that_is_refused_as_it_must_be_decides_nothing(of: Any) -> None:
    """A probe that must be refused and is tells of no failure of sockets."""
    found = of(
        probe("socket from a foreign Origin", WS, expect="403", status=403, ok=True),
        probe("handshake", WS, status=101, ok=True),
        probe("me as user", API, status=200, ok=True),
    )

    assert seen(found, Fact.ORIGIN_DECIDES) is None
    assert seen(found, Fact.SOCKETS_ONLY) is None


def test_handshakes_that_end_alike_are_not_decided_by_their_origin(of: Any) -> None:
    """Whatever the Origin, the handshake is refused: something else refuses it."""
    found = of(
        probe("handshake with Origin https://a.example", WS, status=403, ok=False),
        probe("handshake without Origin", WS, status=403, ok=False),
    )

    assert unseen(found, Fact.ORIGIN_DECIDES) is not None


def test_a_handshake_that_its_subprotocol_decides_is_told(of: Any) -> None:
    """One subprotocol is accepted, another is not."""
    found = of(
        probe("handshake offering feed.v2", WS, status=400, ok=False),
        probe("handshake offering feed.v1", WS, status=101, ok=True),
    )

    assert seen(found, Fact.SUBPROTOCOL_DECIDES) is not None
    assert silent(found, Fact.ORIGIN_DECIDES)


def test_what_works_directly_and_not_through_the_proxy_is_told(of: Any) -> None:
    """The same handshake at the edge and at the service itself."""
    found = of(
        probe("handshake at the edge", WS, status=426, ok=False),
        probe("handshake at the service itself", f"wss://{RUN}/ws", status=101, ok=True),
        probe("health through the edge", "https://orders.example.org/health", status=200, ok=True),
    )

    assert seen(found, Fact.DIRECT_WORKS_PROXY_FAILS) is not None
    assert seen(found, Fact.SOCKETS_ONLY) is not None


def test_what_fails_on_both_ways_is_not_the_proxys(of: Any) -> None:
    """Where the service itself refuses too, the proxy does not."""
    found = of(
        probe("handshake at the edge", WS, status=403, ok=False),
        probe("handshake without the gateway", f"wss://{RUN}/ws", status=403, ok=False),
    )

    assert unseen(found, Fact.DIRECT_WORKS_PROXY_FAILS) is not None


def test_a_redirection_to_https_is_told_and_one_to_the_log_in_is_not(of: Any) -> None:
    """Only a redirection to the same place is one that drops what was sent along."""
    plain = API.replace("https", "http")
    moved = of(probe("with a token over http", plain, status=301, headers={"Location": API}))
    assert seen(moved, Fact.REDIRECTED) is not None


def test_a_page_that_leads_to_the_log_in_is_not_redirected(of: Any) -> None:
    """A browser that is sent to log in is sent somewhere else."""
    found = of(probe("page", API, status=302, headers={"Location": "/login?next=/v1/items"}))

    assert seen(found, Fact.REDIRECTED) is None


@pytest.mark.parametrize(("status", "is_refused"), [(401, True), (204, False)])
def test_how_a_browsers_first_question_was_answered_is_told(
    of: Any, status: int, *, is_refused: bool
) -> None:
    """OPTIONS that are refused are told, and those that are not too."""
    found = of(probe("preflight", API, expect="204", status=status))

    assert (seen(found, Fact.PREFLIGHT_REFUSED) is not None) is is_refused
    assert (unseen(found, Fact.PREFLIGHT_REFUSED) is not None) is not is_refused


KEYS = "https://login.example.org/.well-known/jwks.json"


def test_an_auth_service_that_answers_is_healthy_and_not_down(of: Any) -> None:
    """Keys that come, and an introspection that judges, show a healthy dependency."""
    found = of(
        probe("keys", KEYS, expect="200", status=200, ok=True),
        probe("sso introspects", "https://sso.example.org/introspect", expect="401 without token",
              status=401, ok=True),
    )  # fmt: skip

    assert seen(found, Fact.DEPENDENCY_HEALTHY) is not None
    assert unseen(found, Fact.DEPENDENCY_DOWN) is not None


@pytest.mark.parametrize(
    "got",
    [
        {"status": 503},
        {"error": "timeout after 10 s"},
        {"error": "could not resolve host"},
        {"body_excerpt": "no answer within 10 s (connected)"},
    ],
)
def test_an_auth_service_that_does_not_answer_is_down(of: Any, got: dict[str, Any]) -> None:
    """No answer, and a server's error, show that it is down."""
    found = of(
        probe("identity health", "https://identity.example.org/healthz", **got) | {"ok": False}
    )

    assert seen(found, Fact.DEPENDENCY_DOWN) is not None
    assert unseen(found, Fact.DEPENDENCY_HEALTHY) is not None


def test_a_database_or_another_service_is_no_auth_service(of: Any) -> None:
    """What others than the auth service answer says nothing of it."""
    found = of(
        probe("store tcp", "tcp://10.0.0.5:5432", error="connection refused"),
        probe("settings health", "https://settings.example.org/healthz", status=200, ok=True),
    )

    assert silent(found, Fact.DEPENDENCY_DOWN)
    assert silent(found, Fact.DEPENDENCY_HEALTHY)


def test_an_auth_service_that_fails_itself_is_no_dependency(of: Any) -> None:
    """Where the auth service is what fails, probes of it are of no dependency."""
    assert silent(of(probe("keys", KEYS, status=200, ok=True), service="login"),
                  Fact.DEPENDENCY_HEALTHY)  # fmt: skip


def test_a_breaker_that_refuses_long_after_the_dependency_answered_is_told(of: Any) -> None:
    """Calls refused by an open breaker minutes after a good probe are told."""
    keys = probe("keys", KEYS, status=200, ok=True)
    late = of(keys, says=[says(Sign.BREAKER_OPEN, minutes=12)])

    assert seen(late, Fact.BREAKER_OPEN_AFTER_RECOVERY) is not None


def test_a_breaker_that_is_still_open_at_once_is_not_told(of: Any) -> None:
    """A breaker waits a while by its nature."""
    keys = probe("keys", KEYS, status=200, ok=True)

    assert silent(of(keys, says=[says(Sign.BREAKER_OPEN, minutes=6)]),
                  Fact.BREAKER_OPEN_AFTER_RECOVERY)  # fmt: skip


@pytest.mark.parametrize(
    ("end", "is_past"),
    [("Mar  4 11:59:00 2026 GMT", True), ("Mar  4 23:59:00 2027 GMT", False)],
)
def test_a_certificates_end_is_compared_with_the_probes_time(
    of: Any, end: str, *, is_past: bool
) -> None:
    """A certificate's end in OpenSSL's words is read, and compared."""
    found = of(probe("certificate", "https://login.example.org", body_excerpt=f"notAfter={end}"))

    assert (seen(found, Fact.CERTIFICATE_EXPIRED) is not None) is is_past
    assert (unseen(found, Fact.CERTIFICATE_EXPIRED) is not None) is not is_past


def _dated(host: str, seconds: int) -> dict[str, Any]:
    """Probe a host whose clock is off by some seconds."""
    hours, rest = divmod(12 * 3600 + 5 * 60 + seconds, 3600)
    date = f"Wed, 04 Mar 2026 {hours:02}:{rest // 60:02}:{rest % 60:02} GMT"
    return probe(f"time of {host}", f"https://{host}.example.org/", status=200,
                 headers={"Date": date})  # fmt: skip


def test_clocks_that_are_apart_are_told_and_a_late_answer_is_not(of: Any) -> None:
    """Two hosts minutes apart differ; a second or two is the way there."""
    assert seen(of(_dated("orders", 0), _dated("login", -90)), Fact.CLOCKS_DIFFER) is not None


def test_a_prober_whose_clock_is_wrong_accuses_nobody(of: Any) -> None:
    """Where all hosts are off alike it is the prober's clock; a second is the way there."""
    assert unseen(of(_dated("orders", 60), _dated("login", 61)), Fact.CLOCKS_DIFFER) is not None


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        (f'{{"revision":"{GOOD}"}}', "seen"),
        (f'{{"revision":"{BAD}"}}', "unseen"),
    ],
)
def test_a_tag_that_another_revision_answers_is_told(of: Any, body: str, fact: str) -> None:
    """Which revision a tag names is known by the traffic, and who answers by the body."""
    traffic = [{"time": "2026-03-04T11:00:00Z", "revision": BAD, "percent": 0, "tag": "candidate"}]
    found = of(
        probe("version", f"https://candidate---{RUN}/version", status=200, body_excerpt=body),
        traffic=traffic,
        revisions=[revision(GOOD, -600), revision(BAD, -5)],
    )
    asked = seen if fact == "seen" else unseen

    assert asked(found, Fact.OTHER_REVISION_ANSWERED) is not None


@pytest.mark.parametrize(
    ("name", "host", "fact", "other"),
    [
        ("build", "green.orders.example", "OTHER_REVISION_ANSWERED", "NEWEST_WITHOUT_TRAFFIC"),
        ("build", "canary.orders.example", "OTHER_REVISION_ANSWERED", "NEWEST_WITHOUT_TRAFFIC"),
        ("build on green", "x.orders.example", "OTHER_REVISION_ANSWERED", "NEWEST_WITHOUT_TRAFFIC"),
        (
            "build that serves",
            "orders.example",
            "NEWEST_WITHOUT_TRAFFIC",
            "OTHER_REVISION_ANSWERED",
        ),
    ],
)
def test_a_host_of_one_revision_is_its_address(
    of: Any, name: str, host: str, fact: str, other: str
) -> None:
    """Blue and green, or a canary, have hosts of their own, whatever the traffic is."""
    found = of(probe(name, f"https://{host}/build", expect="build 2025.12.10-2", status=200,
                     headers={"x-build": "2025.12.03-1"}, ok=False))  # fmt: skip

    assert seen(found, Fact[fact]) is not None
    assert silent(found, Fact[other])


def test_revisions_are_known_by_the_names_they_have(of: Any) -> None:
    """Names of another form than the platform's are known from the bundle's revisions."""
    found = of(
        probe("who is behind the canary", "https://canary.orders.example/version",
              expect="orders-green", status=200, headers={"x-served-by": "orders-blue"}, ok=False),
        revisions=[revision("orders-blue", -600), revision("orders-green", -5)],
    )  # fmt: skip
    told = seen(found, Fact.OTHER_REVISION_ANSWERED)

    assert told is not None
    assert told.subjects == ("orders-green", "orders-blue")


def test_an_old_commit_under_a_tag_is_another_revision_and_in_public_the_newest_without(
    of: Any,
) -> None:
    """What a tag answers is of a revision; what the public address answers is of the traffic."""
    old = '{"sha":"5517e0b"}'
    tag = of(probe("candidate's version, try 1", f"https://c---{RUN}/version",
                   expect="sha e0a4d92", status=200, body_excerpt=old, ok=False))  # fmt: skip

    assert seen(tag, Fact.OTHER_REVISION_ANSWERED) is not None
    assert silent(tag, Fact.NEWEST_WITHOUT_TRAFFIC)


def test_a_public_address_that_serves_old_code_has_the_newest_without_traffic(of: Any) -> None:
    """The public address answers with an older commit than was expected."""
    found = of(probe("version that serves", f"https://{RUN}/version", expect="sha e0a4d92",
                     status=200, body_excerpt='{"sha":"5517e0b"}', ok=False))  # fmt: skip

    assert seen(found, Fact.NEWEST_WITHOUT_TRAFFIC) is not None
    assert silent(found, Fact.OTHER_REVISION_ANSWERED)


def test_instances_that_answer_each_in_its_way_disagree(of: Any) -> None:
    """One probe again and again: one instance admits, another refuses."""
    tries = [
        probe(f"me with a valid token, try {number}", API, expect="200",
              status=200 if number % 2 else 401, headers={"X-Instance": f"i{number % 2}"})
        for number in range(4)
    ]  # fmt: skip

    assert seen(of(*tries), Fact.INSTANCES_DISAGREE) is not None


def test_one_change_in_time_is_no_disagreement_of_instances(of: Any) -> None:
    """A probe that failed first and then went well tells of a moment, not of instances."""
    tries = [
        probe(f"me with a valid token, try {number}", API, expect="200",
              status=401 if number < 3 else 200)
        for number in range(6)
    ]  # fmt: skip

    assert seen(of(*tries), Fact.INSTANCES_DISAGREE) is None


def test_the_platforms_own_page_is_told_from_the_programs_answer(of: Any) -> None:
    """A page in the platform's words is its refusal; JSON is the program's."""
    page = (
        "<html><title>403 Forbidden</title>Your client does not have permission to get URL</html>"
    )
    by_platform = of(probe("items", API, status=403, body_excerpt=page))
    assert seen(by_platform, Fact.PLATFORM_REFUSED_CALLER) is not None


def test_a_refusal_by_the_platform_that_was_expected_is_none_of_callers(of: Any) -> None:
    """Whom nobody lets in without a token is refused as is right."""
    page = "<html><title>403 Forbidden</title>Your client does not have permission</html>"
    found = of(probe("without-token", API, expect="403", status=403, body_excerpt=page, ok=True))

    assert silent(found, Fact.PLATFORM_REFUSED_CALLER)
    assert silent(found, Fact.PLATFORM_SAID_403)


def test_getting_a_token_is_not_using_one(of: Any) -> None:
    """A token that was issued says nothing of how it is taken."""
    found = of(probe("service token", API, expect="200", body_excerpt="200", ok=True))

    assert silent(found, Fact.GOOD_CREDENTIAL_WORKS)


def test_one_hosts_date_of_seconds_ago_is_no_other_clock(of: Any) -> None:
    """A probe's time may be that of its end, seconds after the answer was dated."""
    assert unseen(of(_dated("login", -12)), Fact.CLOCKS_DIFFER) is not None


def test_the_programs_refusal_is_not_the_platforms(of: Any) -> None:
    """A refusal in JSON is told as the program's own."""
    found = of(probe("items", API, status=403, body_excerpt='{"detail":"Not authenticated"}'))

    assert unseen(found, Fact.PLATFORM_REFUSED_CALLER) is not None


FRONT = {"server": "Google Frontend", "content-type": "text/html"}
NOT_FOUND = "<html><h2>The requested URL was not found on this server.</h2></html>"


def test_a_service_that_is_asked_from_outside_and_open_to_the_inside_is_told(of: Any) -> None:
    """The platform's 404, and an ingress that lets nobody in from outside."""
    described = {"kind": "Service", "metadata": {"name": "orders", "annotations": {
        "run.googleapis.com/ingress": "internal"}}}  # fmt: skip
    found = of(
        probe("from outside", API, expect="200", status=404, headers=FRONT,
              body_excerpt=NOT_FOUND, ok=False),
        revisions=[revision(BAD, -5), described],
    )  # fmt: skip

    assert seen(found, Fact.PLATFORM_REFUSED_CALLER) is not None
    assert seen(found, Fact.INGRESS_OR_ACCOUNT_CHANGED) is not None


def test_a_programs_404_is_not_the_platforms(of: Any) -> None:
    """A page that the program does not have is no refusal by the platform."""
    found = of(probe("items", API, expect="200", status=404, body_excerpt='{"detail":"x"}'))

    assert seen(found, Fact.PLATFORM_REFUSED_CALLER) is None


@pytest.mark.parametrize("is_ok", [False, True])
def test_who_may_invoke_is_told_by_the_policy(of: Any, *, is_ok: bool) -> None:
    """A policy without who should be in it is told, and one with them too."""
    policy = '{"bindings": [{"role": "roles/run.invoker", "members": ["group:web@example.org"]}]}'
    found = of(probe("who may invoke orders", "run.googleapis.com/v2/orders:getIamPolicy",
                     expect="200", status=200, body_excerpt=policy, ok=is_ok))  # fmt: skip

    assert (unseen if is_ok else seen)(found, Fact.INVOKER_CHANGED) is not None
    assert "web@" not in "".join(one.says for one in found)


SECRET = "secretmanager.googleapis.com/v1/projects/1/secrets/jwt-key/versions/6"


@pytest.mark.parametrize(
    ("state", "ask"), [("DISABLED", seen), ("DESTROYED", seen), ("ENABLED", unseen)]
)
def test_the_state_of_a_secrets_version_is_read(of: Any, state: str, ask: Any) -> None:
    """A version that cannot be read is told by what the platform says of it."""
    body = f'{{"state": "{state}", "createTime": "2026-03-04T11:58:00Z"}}'
    found = of(probe("version 6", SECRET, expect="200", status=200, body_excerpt=body, ok=True))

    assert ask(found, Fact.SECRET_VERSION_SAID) is not None
    assert seen(found, Fact.SECRET_CHANGED_AT_ONSET) is not None


def test_a_workloads_key_that_is_not_there_any_more_is_told(of: Any) -> None:
    """The keys of an account without the one that was expected."""
    keys = "iam.googleapis.com/v1/projects/p/serviceAccounts/a/keys"
    found = of(probe("keys of the account", keys, expect="200", status=200,
                     body_excerpt='{"keys": []}', ok=False))  # fmt: skip

    assert seen(found, Fact.WORKLOAD_KEY_DELETED) is not None


def test_a_tag_that_is_still_on_the_old_revision_is_measured_by_what_was_expected(of: Any) -> None:
    """The expected commit, and not where the traffic has the tag, says what was asked for."""
    found = of(
        probe("candidate's version", f"https://candidate---{RUN}/version", expect="sha fe7719b",
              status=200, body_excerpt=f'{{"sha":"aa90c1d","revision":"{GOOD}"}}', ok=False),
        traffic=[{"time": "2026-03-04T11:00:00Z", "revision": GOOD, "percent": 0,
                  "tag": "candidate"}],
        revisions=[revision(GOOD, -600), revision(BAD, -5)],
    )  # fmt: skip

    assert seen(found, Fact.OTHER_REVISION_ANSWERED) is not None


def test_a_log_in_that_works_and_a_token_that_does_not_are_told(of: Any) -> None:
    """The log-in was answered well, and what its token was used for was refused."""
    found = of(
        probe("user token", "https://login.example.org", expect="200", body_excerpt="200", ok=True),
        probe("me as user", API, expect="200", status=401, ok=False),
    )

    assert seen(found, Fact.LOGIN_WORKS_LATER_FAILS) is not None
    assert unseen(found, Fact.GOOD_CREDENTIAL_WORKS) is not None


def test_a_good_credential_that_works_is_told(of: Any) -> None:
    """A valid token that is answered well in the midst of the failures is told."""
    found = of(probe("items with a valid token", API, expect="200", status=200, ok=True))
    told = seen(found, Fact.GOOD_CREDENTIAL_WORKS)

    assert told is not None
    assert told.time == nanoseconds(5)


def test_every_observation_is_of_a_fact_that_probes_show(of: Any) -> None:
    """No observer of probes says what only other files could show."""
    found = of(
        probe("no token", API, expect="401", status=200, ok=False),
        probe("handshake with Origin https://a.example", WS, status=403, ok=False),
        probe("keys", KEYS, status=503, ok=False),
    )

    assert len(found) > 3
    assert all(one.fact.shown_by & PROBES for one in found)


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        ('{"database":"down","error":"i/o timeout"}', Fact.DATABASE_SILENT),
        ('{"circuitBreakers":{"auth":{"state":"OPEN"}}}', Fact.BREAKER_OPEN_SAID),
        ("QueuePool limit of size 5 overflow 10 reached", Fact.POOL_EXHAUSTED_SAID),
        ("SessionMiddleware must be installed", Fact.SESSION_MIDDLEWARE_SAID),
    ],
)
def test_bodies_of_failed_probes_speak_as_logs_do(of: Any, body: str, fact: Fact) -> None:
    """What a failed probe was told of the service's own troubles is told; of a good one nothing."""
    bad = of(probe("ready", API, status=503, ok=False, body_excerpt=body))

    assert seen(bad, fact) is not None


@pytest.mark.parametrize(("age", "is_cut"), [(60.0, True), (8.0, False)])
def test_probed_sockets_that_are_cut_off_at_one_age_are_told(
    of: Any, age: float, *, is_cut: bool
) -> None:
    """Sockets through a proxy are cut off at one age, or each at its own."""
    cut = [
        probe(f"socket {n}", WS, status=101, close_code=1006, ok=False,
              body_excerpt=f"closed after {60.0 if is_cut else age * (n + 1)} s")
        for n in range(3)
    ]  # fmt: skip

    assert (seen(of(*cut), Fact.SOCKETS_END_AT_ONE_AGE) is not None) is is_cut


def test_keys_of_another_environment_than_the_tokens_are_told(of: Any) -> None:
    """Who asks one environment's auth service is shown the tokens of another's."""
    keys = probe("discovery", "https://login.preview.example.org/.well-known", status=200,
                 body_excerpt='{"issuer":"https://login.preview.example.org"}')  # fmt: skip
    token = probe("refused token", API, status=401,
                  body_excerpt='{"iss":"https://login.example.org","aud":"orders"}')  # fmt: skip

    found = of(keys, token)

    assert seen(found, Fact.FOREIGN_ENVIRONMENT_CALLED) is not None
