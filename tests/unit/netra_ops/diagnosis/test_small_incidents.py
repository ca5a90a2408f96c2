"""Small bundles in foreign words, and their twins without what decides."""

from pathlib import Path
from typing import Any

import pytest

from fakes.evidence_bundles import written
from fakes.scenes import NOON
from fakes.small_incidents import NEW, OLD, Incident, moment, released, waiting
from netra_ops.diagnosis.answering.answer import DiagnosisVerdict
from netra_ops.diagnosis.diagnosing import diagnosed, scene_of
from netra_ops.diagnosis.observing.framing.attempt import is_refused_grant

_SIGNATURE = "token signature is invalid"


def _after_release(status: int = 401, text: str | None = None) -> Incident:
    log = Incident()
    log.served(0, 110, revision=OLD)
    log.refused(120, 400, status, text=text)
    return log


def _with_keys(refused: str, passing: str) -> Incident:
    """A log of a service that says by which key each token was signed."""
    log = Incident()
    for number in range(8):
        log.asked(number * 12, 200, text=f"accepted kid=2026-0{1}")
    for number in range(12):
        log.asked(130 + number * 12, 401, text=f"{_SIGNATURE} kid={refused}")
        log.asked(136 + number * 12, 200, text=f"accepted kid={passing}")
    return log


def test_keys_by_name_tell_which_tokens_are_the_old_ones(tmp_path: Path) -> None:
    """Who is refused by the key that passed before is refused for an old token."""
    assert _with_keys("2026-01", "2026-02").found(tmp_path).cause == "key_rotated_without_overlap"


def test_new_keys_refused_are_those_of_a_stale_key_set(tmp_path: Path) -> None:
    """Who is refused by a key that came later is refused for a new one, if keys are to be had."""
    probe = {
        "name": "key set",
        "target": "https://login.example/jwks.json",
        "expect": 200,
        "got": 200,
        "ok": True,
        "time": moment(300),
    }
    found = _with_keys("2026-02", "2026-01").found(tmp_path, probes=[probe])
    assert found.cause == "stale_jwks"


def test_moments_with_a_zone_in_words_are_read(tmp_path: Path) -> None:
    """A time of issue is read where it has blanks and names its zone."""
    log = Incident()
    log.served(0, 110)
    for number in range(12):
        refused = f"{_SIGNATURE} iat=2026-03-04 09:{number:02}:00 UTC"
        log.asked(130 + number * 12, 401, text=refused)
        log.asked(136 + number * 12, 200, text=f"accepted iat=2026-03-04 12:02:{number:02} UTC")
    assert log.found(tmp_path).cause == "key_rotated_without_overlap"


def test_a_redirection_is_found_by_its_moment(tmp_path: Path) -> None:
    """Refusals that follow redirections of their path, each at once, come of them."""
    log = Incident()
    log.served(0, 110)
    for number in range(12):
        log.asked(120 + number * 20, 308, service="edge", revision="edge-00002-abc")
        log.asked(120.3 + number * 20, 401)
        log.asked(130 + number * 20, 200)
    assert log.found(tmp_path).cause == "redirect_drops_authorization"


@pytest.mark.parametrize(
    "got", [{"status": 401, "redirects": ["301"]}, {"status": 401}, {"status": 403, "headers": {}}]
)
def test_what_works_over_tls_only_was_redirected(tmp_path: Path, got: dict[str, Any]) -> None:
    """The same request refused over plain HTTP and admitted over TLS lost its credential."""
    log = Incident()
    log.refused(0, 400)
    probes = [
        {"name": "by http", "target": "http://orders.example/", "expect": 200, "got": got},
        {"name": "by https", "target": "https://orders.example/", "expect": 200, "got": 200},
    ]
    found = log.found(tmp_path, probes=probes)
    assert found.cause == "redirect_drops_authorization"


def test_sockets_of_one_age_that_came_to_an_end_are_no_timeout(tmp_path: Path) -> None:
    """What ended at one age for a while and then was never opened again is not what is wrong."""
    log = Incident()
    for number in range(8):
        log.asked(number * 12, 101, "/ws", took=60.0)
    window = {"start": moment(0), "end": moment(900)}
    assert log.found(tmp_path, bundle={"window": window}).cause != "proxy_timeout"


def test_sockets_that_go_on_ending_at_one_age_are(tmp_path: Path) -> None:
    """What ends at one age until the end of the log is cut off by a timer."""
    log = Incident()
    for number in range(16):
        log.asked(number * 22, 101, "/ws", took=60.0)
    assert log.found(tmp_path).cause == "proxy_timeout"


def test_a_handshake_closed_for_its_protocol_was_not_opened(tmp_path: Path) -> None:
    """A socket that is closed at once with an error was no success, whatever its status."""
    log = Incident()
    log.refused(0, 400, 400, path="/ws")
    target = {"target": "wss://orders.example/ws", "expect": 101}
    probes = [
        target | {"name": "ws offering chat.v1", "got": {"status": 101, "close_code": 1002}},
        target | {"name": "ws offering none", "got": {"status": 101}},
    ]
    assert log.found(tmp_path, probes=probes).cause == "subprotocol_not_negotiated"


def test_a_refused_deployment_is_one_though_the_old_revision_serves(tmp_path: Path) -> None:
    """What the platform would not deploy is an incident, and its words name the cause."""
    log = Incident()
    log.served(0, 400, 20, revision=OLD)
    log.said(
        100,
        "Cannot update environment variable [KEY] to the given type because it has already been "
        "set with a different type.",
        severity="ERROR",
        service="deployer",
        revision="deployer-00001-abc",
    )
    assert log.found(tmp_path).cause == "kind_switched"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Permission denied on secret: projects/1/secrets/jwt", "secret_accessor_missing"),
        ("Secret Version [projects/1/secrets/jwt/versions/3] is in DISABLED state.",
         "secret_version_unusable"),
    ],
)  # fmt: skip
def test_a_revision_that_never_served_is_an_incident(tmp_path: Path, text: str, cause: str) -> None:
    """That an older revision serves everybody hides no failed start."""
    log = Incident()
    log.served(0, 400, 30, revision=OLD)
    documents = released()
    documents["revisions"][1]["conditions"] = [
        {"type": "Ready", "state": "CONDITION_FAILED", "message": text}
    ]
    documents["traffic"] = documents["traffic"][:1]
    assert log.found(tmp_path, **documents).cause == cause


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        ({"type": "CLIENT_LOGIN_ERROR", "clientId": "orders", "error": "client_not_found"},
         "service_unregistered"),
        ({"type": "CLIENT_LOGIN_ERROR", "clientId": "orders", "error": "invalid_client_secret"},
         "service_secret_mismatch"),
        ({"event": "token.request", "actor": "orders", "result": "failure",
          "detail": "wrong client secret"}, "service_secret_mismatch"),
        ({"event": "client_credentials", "client": "orders", "success": False,
          "message": "No such client"}, "service_unregistered"),
    ],
)  # fmt: skip
def test_foreign_audit_records_tell_clients_refusals_apart(
    tmp_path: Path, record: dict[str, Any], cause: str
) -> None:
    """Why a client was refused is read in the words of other auth services too."""
    log = Incident()
    log.served(0, 110)
    log.refused(120, 400, 502, text='the token endpoint answered {"error":"invalid_client"}')
    lines = [str({"ts": moment(130 + each)} | record) for each in range(6)]
    audit = "\n".join(lines).replace("'", '"').replace("False", "false")
    assert log.found(tmp_path, audit=audit).cause == cause


def test_what_waited_before_it_failed_is_no_cure_that_waits(tmp_path: Path) -> None:
    """A candidate without traffic is not the cause of what began while it waited."""
    log = Incident()
    log.served(0, 110, revision=OLD)
    log.refused(120, 400, text=_SIGNATURE, revision=OLD)
    found = log.found(tmp_path, **waiting(-7000, 0))
    assert found.verdict is DiagnosisVerdict.INSUFFICIENT_EVIDENCE


def test_a_cure_that_waits_stands_behind_what_goes_on(tmp_path: Path) -> None:
    """What was deployed after the failures began, and never serves, is why they go on."""
    log = Incident()
    log.refused(0, 400, text="issuer mismatch: unexpected iss claim", revision=OLD)
    assert log.found(tmp_path, **waiting(100, 0)).cause == "traffic_pinned"


def test_what_has_no_part_in_identity_is_no_lost_variable(tmp_path: Path) -> None:
    """A program that does without its error reporting is not misconfigured."""
    log = _after_release()
    log.said(116, "SENTRY_DSN is not set, error reporting is disabled")
    found = log.found(tmp_path, traffic=released()["traffic"])
    assert found.verdict is DiagnosisVerdict.INSUFFICIENT_EVIDENCE


def test_what_served_well_with_a_default_key_does_not_fail_by_it(tmp_path: Path) -> None:
    """What was said at a start after which all went well is not what is wrong later."""
    log = Incident()
    log.said(0, "using the default development key")
    log.served(10, 200, 20)
    log.refused(
        220, 400, 503, text="connect ECONNREFUSED 10.0.0.3:443 https://login.example/jwks.json"
    )
    assert log.found(tmp_path).cause == "auth_service_unreachable"


def test_preflights_alone_do_not_tell_what_refuses_them(tmp_path: Path) -> None:
    """Refused preflights with nothing beside them may be anybody's."""
    log = Incident()
    log.served(0, 110, revision=OLD, method="OPTIONS")
    log.refused(120, 400, method="OPTIONS")
    found = log.found(tmp_path, traffic=released()["traffic"])
    assert found.verdict is DiagnosisVerdict.INSUFFICIENT_EVIDENCE


def test_preflights_without_a_word_for_browsers_do(tmp_path: Path) -> None:
    """A preflight refused without any Access-Control header never came to what answers it."""
    log = Incident()
    log.served(0, 400, 20)
    probe = {
        "name": "preflight of the page",
        "target": "https://orders.example/orders",
        "expect": 204,
        "got": {"status": 401, "headers": {"www-authenticate": "Bearer"}},
        "ok": False,
    }
    assert log.found(tmp_path, probes=[probe]).cause == "middleware_order"


def test_a_client_that_a_restart_cured_held_an_old_secret(tmp_path: Path) -> None:
    """Refused as a client until an instance of the same revision started, and never after."""
    log = Incident()
    log.served(0, 110)
    log.refused(120, 300, 502, text="token endpoint: invalid_client")
    log.said(310, "Starting new instance", severity="INFO", instance="two")
    log.served(320, 400, 12, instance="two")
    assert log.found(tmp_path).cause == "secret_not_reloaded"


def test_a_key_named_after_the_identity_service_is_its_peer(tmp_path: Path) -> None:
    """ID before a key's name is whose it is, and not the id of a key."""
    log = _after_release(text=_SIGNATURE)
    ours, theirs = "0" * 64, "1" * 64
    prints = {
        "orders": {"ID_HMAC_KEY": {"raw": ours, "stripped": ours, "unquoted": ours}},
        "login": {"HMAC_KEY": {"raw": theirs, "stripped": theirs, "unquoted": theirs}},
    }
    found = log.found(
        tmp_path,
        **released(
            "login-00003-abc",
            old={"ID_HMAC_KEY": ("k", "1")},
            new={"ID_HMAC_KEY": ("k", "2")},
            peer={"HMAC_KEY": ("l", "1")},
        ),
        fingerprints=prints,
    )
    assert found.cause == "signing_key_mismatch"


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("another value of 24 bytes", "signing_key_mismatch"),
        ("dGhlIHZhbHVlIG9mIGJvdGggc2lkZXM=", "encoding_mismatch"),
        ("the value of both sides ", "whitespace_in_value"),
    ],
)
def test_values_that_are_shown_are_compared_as_fingerprints_are(
    tmp_path: Path, value: str, cause: str
) -> None:
    """Keys that a bundle shows in plain need no fingerprints to be told apart."""
    right = "the value of both sides"
    documents = released(
        "login-00003-abc",
        old={"JWT_SECRET": right},
        new={"JWT_SECRET": value},
        peer={"JWT_SECRET": right},
    )
    assert _after_release(text=_SIGNATURE).found(tmp_path, **documents).cause == cause


def test_a_lost_variable_that_the_program_misses_needs_no_failed_request(tmp_path: Path) -> None:
    """Lines alone are enough where configuration and program say the same."""
    log = Incident()
    for number in range(6):
        log.said(number * 15, "orders listed", severity="INFO", revision=OLD)
        log.said(130 + number * 15, "LOGIN_BASE_URL is not set", severity="ERROR")
    found = log.found(
        tmp_path,
        **released(old={"LOGIN_BASE_URL": "https://login.example", "TZ": "UTC"}, new={"TZ": "UTC"}),
    )
    assert found.cause == "env_var_lost"


def test_ages_of_expired_tokens_at_their_usual_rate_are_no_incident(tmp_path: Path) -> None:
    """Tokens that end are refused every day."""
    log = Incident()
    log.served(0, 360, 60)
    for number in range(8):
        log.asked(number * 45 + 1, 401, text="token expired")
    found = log.found(tmp_path)
    assert found.verdict is DiagnosisVerdict.NOT_AN_INCIDENT
    assert NEW in found.affected.revisions


@pytest.mark.parametrize(("path", "failed"), [("/oauth/token", True), ("/orders", False)])
def test_a_token_endpoint_refuses_with_400(path: str, failed: bool) -> None:  # noqa: FBT001
    """At a token endpoint 400 is a refusal (RFC 6749, 5.2); elsewhere a caller's mistake."""
    assert is_refused_grant("POST", path, 400) is failed


@pytest.mark.parametrize(
    ("latency", "cause"), [(0.0, "invoker_missing"), (0.012, None)], ids=["none", "some"]
)
def test_what_took_no_time_came_to_no_program(
    tmp_path: Path, latency: float, cause: str | None
) -> None:
    """After the invoker was taken away, refusals that took no time are the platform's."""
    log = Incident()
    for number in range(20):
        log.asked(number * 30, 200)
    log.invoker_removed(610)
    for number in range(20):
        log.asked(640 + number * 30, 403, took=latency)

    assert log.found(tmp_path).cause == cause


def test_a_fault_is_no_test_whatever_it_was_asked_with(tmp_path: Path) -> None:
    """That code fails for curl as well makes it no trial of curl's."""
    log = [
        f'10.0.0.{number} - - [09/Oct/2025:08:{number:02}:00 +0000] "GET /a HTTP/1.1" 200 8 "-" "M"'
        for number in range(30)
    ]
    for number in range(30, 50):
        at = f"2025-10-09T08:{number}:00Z"
        log.append(f"{at} ERROR TypeError: cannot read properties of undefined (reading 'id')")
        asked = f'[09/Oct/2025:08:{number}:00 +0000] "GET /a HTTP/1.1"'
        log.append(f'10.0.1.1 - - {asked} 500 8 "-" "curl/8.1"')
    bundle = written(tmp_path / "bundle", logs="\n".join(log) + "\n")

    assert diagnosed(scene_of(bundle, int(NOON.timestamp()) * 10**9)).cause == "code_error"


def test_nobody_served_for_want_of_a_variable_is_no_change_of_the_check(tmp_path: Path) -> None:
    """A line that says which variable lacks tells why nobody is known: no check was dropped."""
    log = Incident()
    log.served(0, 110, revision=OLD)
    log.said(118, "TOKEN_KEY is not set, requests will be anonymous")
    log.served(120, 400, 14)
    commit = {"sha": "c", "time": moment(-90), "subject": "Tidy", "files": ["orders/auth.py"]}

    assert log.found(tmp_path, commits=[commit]).cause != "identity_made_optional"


def test_one_without_a_token_beside_others_tells_nothing(tmp_path: Path) -> None:
    """The platform refuses callers for their audience, and one more, who has no token at all."""
    page = "<html><title>401 Unauthorized</title>Your client does not have permission"
    log = Incident()
    log.served(0, 110)
    for number in range(9):
        log.asked(120 + number * 20, 401, took=0, instance=None)
        log.said(121 + number * 20, f"job failed: answered 401 {page}", service="puller")
    log.asked(305, 403, took=0, instance=None)

    assert log.found(tmp_path).cause != "invoker_missing"
