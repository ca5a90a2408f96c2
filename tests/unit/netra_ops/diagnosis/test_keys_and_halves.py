"""Which key a token came with, what processes say of theirs, and requests told in two lines."""

from pathlib import Path
from typing import Any

import pytest

from fakes.evidence_bundles import written
from fakes.small_incidents import NEW, OLD, Incident, moment, released
from netra_ops.diagnosis.answering.answer import DiagnosisVerdict
from netra_ops.diagnosis.diagnosing import diagnosed, scene_of

ROTATION = {"action": "rotate_signing_key", "kid": "k-2", "previous": "k-1", "at": moment(115)}


def _by_key(refused: str) -> Incident:
    """A log that names keys of refused tokens only."""
    log = Incident()
    log.served(0, 110)
    for number in range(10):
        log.asked(130 + number * 12, 401, text=f"no applicable key found, kid={refused}")
        log.asked(136 + number * 12, 200)
    return log


@pytest.mark.parametrize(
    ("refused", "cause"), [("k-1", "key_rotated_without_overlap"), ("k-2", "stale_jwks")]
)
def test_a_recorded_rotation_tells_the_old_key_from_the_new(
    tmp_path: Path, refused: str, cause: str
) -> None:
    """Where passing requests name no key, the record of the rotation says which is refused."""
    assert _by_key(refused).found(tmp_path, audit=[ROTATION]).cause == cause


def test_a_key_that_no_rotation_names_is_neither(tmp_path: Path) -> None:
    """Twin: a third key is refused."""
    assert _by_key("k-7").found(tmp_path, audit=[ROTATION]).cause is None


def test_log_ins_by_name_do_not_date_requests_by_address(tmp_path: Path) -> None:
    """A request of which only an address is known is not one from before the first log-in."""
    log = Incident()
    log.served(0, 110)
    for number in range(6):
        said = {"message": "token verification failed: invalid signature", "sub": f"u{number}"}
        log.asked(130 + number * 12, 401, path="/cart")
        log.said(130.01 + number * 12, said)
        log.asked(136 + number * 12, 200, path="/cart")
    audit = [
        {"action": "login", "subject": f"u{number}", "at": moment(number), "outcome": "success"}
        for number in range(6)
    ]

    assert log.found(tmp_path, audit=audit).cause is None


def _of_workers(keys: str) -> Incident:
    log = Incident()
    for number, key in enumerate(keys):
        log.said(number, f"worker {18 + number} signs with key {key}7f{key}", severity="INFO")
    for number in range(24):
        failed = number % 3 != 0
        text = "BadSignatureError: bad_signature" if failed else None
        log.asked(10 + number * 7, 401 if failed else 200, text=text)
    return log


def test_workers_that_sign_with_keys_of_their_own(tmp_path: Path) -> None:
    """Processes of one instance that were started at once say three keys."""
    assert _of_workers("abc").found(tmp_path).cause == "random_key_per_process"


@pytest.mark.parametrize("keys", ["aaa", "aab"])
def test_workers_that_share_a_key_say_nothing_of_it(tmp_path: Path, keys: str) -> None:
    """Twins: all sign with one, or two with one."""
    assert _of_workers(keys).found(tmp_path).cause is None


def _two_lines(came: str, ended: str) -> Incident:
    log = Incident()
    for number in range(30):
        status = 401 if number >= 10 and number % 2 else 200
        log.said(number * 10, came, severity="INFO", instance=f"i{number % 2}")
        log.said(number * 10 + 1, ended.format(status), severity="INFO", instance=f"i{number % 2}")
    return log


@pytest.mark.parametrize(
    ("came", "ended"),
    [
        ("[info] GET /api/scores", "[info] Sent {} in 25ms"),
        ('Started GET "/scores" for 203.0.113.7 at 2026-01-02', "Completed {} OK in 12ms (Views)"),
        ('GET "/api/scores", parameters={}', "Completed {} OK"),
    ],
)
def test_requests_of_two_lines_are_counted(tmp_path: Path, came: str, ended: str) -> None:
    """What came and how it was answered are one request, good or refused."""
    found = _two_lines(came, ended).found(tmp_path)

    assert (found.affected.requests_failed, found.affected.requests) == (10, 19)


def _nobody(before: Any) -> Incident:
    log = Incident()
    for number in range(24):
        is_new = number >= 10
        user = None if is_new else before
        asked = {"method": "GET", "path": "/me", "status": 200, "user": user}
        log.said(number * 12, asked, severity="INFO", revision=NEW if is_new else OLD)
    return log


def test_who_was_somebody_and_is_nobody_fails(tmp_path: Path) -> None:
    """Good answers to nobody fail where somebody had been named, and the commit says why."""
    commit = {
        "sha": "1" * 40,
        "time": moment(60),
        "subject": "tidy up (process.env.JWT_ACCESS_KEY)",
        "files": ["src/auth/decode.ts"],
    }
    environment = {"JWT_ACCESS_SECRET": "x" * 40, "JWT_REFRESH_SECRET": "y" * 40}
    documents = released(old=environment, new=environment)
    found = _nobody("m12").found(tmp_path, commits=[commit], **documents)

    assert found.cause == "variable_half_renamed"
    assert found.first_bad_revision == NEW


def test_guests_are_no_failure(tmp_path: Path) -> None:
    """Twin: nobody had been named before either."""
    assert _nobody(None).found(tmp_path).verdict is DiagnosisVerdict.NOT_AN_INCIDENT


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("AADSTS700016: Application 'orders' was not found", "service_unregistered"),
        ("AADSTS7000215: Invalid client secret provided.", "service_secret_mismatch"),
        ("token endpoint: invalid_client (e.g., unknown client)", None),
    ],
)
def test_a_line_may_say_why_a_client_is_refused(
    tmp_path: Path, said: str, cause: str | None
) -> None:
    """Issuers that tell callers tell an unknown client from a wrong secret; others tell neither."""
    log = Incident()
    log.served(0, 110)
    log.refused(120, 400, 502, text=said)

    assert log.found(tmp_path).cause == cause


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("JWT_SECRET has a trailing newline", "whitespace_in_value"),
        ("JWT_SECRET begins and ends with a double quote", "quotes_in_value"),
        ("JWT_SECRET had a trailing newline, stripped it", None),
    ],
)
def test_blanks_and_quotes_that_are_told(tmp_path: Path, said: str, cause: str | None) -> None:
    """What a program says of a value's form counts, if it left it so."""
    log = Incident()
    log.served(0, 110, revision=OLD)
    log.said(118, said)
    log.refused(120, 400, text="invalid signature")

    assert log.found(tmp_path).cause == cause


@pytest.mark.parametrize(
    "record",
    [
        {"operation": "update", "type": "response", "path": "secret/data/orders/jwt"},
        {"eventName": "PutSecretValue", "eventSource": "secretsmanager.amazonaws.com"},
        {"verb": "patch", "objectRef": {"resource": "secrets", "name": "jwt"}},
    ],
)
def test_a_store_records_that_a_secret_was_changed(tmp_path: Path, record: dict[str, Any]) -> None:
    """Vault, AWS and Kubernetes record it each in their form; a restart cures what had not read."""
    log = Incident()
    log.served(0, 110)
    log.refused(120, 300, times=20, text="invalid signature")
    log.said(310, "starting orders", severity="INFO", instance="two")
    log.served(320, 600, 20, instance="two")

    assert log.found(tmp_path, audit=[{"time": moment(100), **record}]).cause == (
        "secret_not_reloaded"
    )


def test_names_and_values_have_times_and_levels(tmp_path: Path) -> None:
    """Plain lines of names and values are placed in time, wherever in their head it stands."""
    log = [
        f"level=warn ts={moment(number * 10)} msg=request method=GET path=/me "
        f"status={401 if number > 9 else 200}"
        for number in range(20)
    ]
    bundle = written(tmp_path / "bundle", logs="\n".join(log) + "\n")

    assert diagnosed(scene_of(bundle, 0)).onset == moment(100).replace("Z", ".000000Z")


def test_a_platform_says_that_a_variable_was_taken(tmp_path: Path) -> None:
    """Where no revision is known, the platform's line of it tells what is not there any more."""
    log = Incident()
    log.served(0, 110)
    log.said(115, "app[api]: Unset JWT_SECRET config vars by user ops", severity="INFO")
    log.refused(120, 400, 500, text="KeyError: 'JWT_SECRET'")

    assert log.found(tmp_path).cause == "env_var_lost"


@pytest.mark.parametrize(
    ("claim", "cause"), [("https://id", "wrong_issuer"), ("https://id/", None)]
)
def test_a_decoded_token_has_another_issuer_than_expected(
    tmp_path: Path, claim: str, cause: str | None
) -> None:
    """A probe that expects one issuer and finds another says what differs."""
    log = Incident()
    log.served(0, 110)
    log.refused(120, 400)
    probe = {
        "time": moment(300),
        "name": "fresh token, decoded",
        "target": "token",
        "expect": "iss https://id/",
        "got": {"status": 200, "body_excerpt": f'{{"iss":"{claim}"}}'},
        "ok": cause is None,
    }

    assert log.found(tmp_path, probes=[probe]).cause == cause


@pytest.mark.parametrize(
    ("decoded", "cause"), [("a", "empty_value"), ("b", "signing_key_mismatch")]
)
def test_what_is_its_own_base64_is_empty(tmp_path: Path, decoded: str, cause: str) -> None:
    """A fingerprint that is the same decoded is that of nothing."""
    log = Incident()
    log.served(0, 110, revision=OLD)
    log.refused(120, 400, text="invalid signature")
    ours = {"raw": "a" * 64, "stripped": "a" * 64, "unquoted": "a" * 64}
    theirs = dict.fromkeys(("raw", "stripped", "unquoted"), "c" * 64)
    prints = {
        "orders": {"JWT_SECRET": {**ours, "b64decoded": decoded * 64}},
        "auth": {"JWT_SECRET": {**theirs, "b64decoded": None}},
    }

    assert log.found(tmp_path, fingerprints=prints).cause == cause
