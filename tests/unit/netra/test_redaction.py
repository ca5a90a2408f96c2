"""Tests of `netra.telemetry.redaction`: what is hidden, what stays, and how long it takes."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, quote_plus

import pytest

from fakes.timing import UNIT
from netra.secret import Secret
from netra.telemetry import REDACTED, Redactor, redact, redact_text
from netra.telemetry.redaction.names import names_a_secret

JWT: Final = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJlLW9mLWJ5dGVz"
PEM: Final = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"


HIDDEN: Final = {
    # Named values in texts.
    "SERVICE_SECRET=abc": "SERVICE_SECRET=[redacted]",
    "export SERVICE_SECRET=abc && run": "export SERVICE_SECRET=[redacted] && run",
    "password: hunter2": "password: [redacted]",
    "password: hunter": "password: [redacted]",
    "Password: hunter, user: bob": "Password: [redacted], user: bob",
    "password=hunter for user bob": "password=[redacted] for user bob",
    "password: hunter for user bob": "password: [redacted] for user bob",
    "password = 'hunter 2'": "password = '[redacted]'",
    "password=ab&cd": "password=[redacted]",
    "password=a,b;c rest": "password=[redacted] rest",
    "password=1234": "password=[redacted]",
    "Client Secret: s3cr3t": "Client Secret: [redacted]",
    "API key: abcdef12": "API key: [redacted]",
    "x-api-key: abcdef12": "x-api-key: [redacted]",
    "clientSecret=abc, clientId=me": "clientSecret=[redacted], clientId=me",
    "(token=abc123)": "(token=[redacted])",
    "refresh_token=abc&expires_in=3600": "refresh_token=[redacted]&expires_in=3600",
    "--client-secret abc --verbose": "--client-secret [redacted] --verbose",
    "--password=abc": "--password=[redacted]",
    "secret_sha256=9f86d081": "secret_sha256=[redacted]",
    "code_verifier=dBjftJeZ4CVP": "code_verifier=[redacted]",
    "client_assertion=abc.def": "client_assertion=[redacted]",
    "netra_session=V4x": "netra_session=[redacted]",
    "first\npassword=abc\nlast": "first\npassword=[redacted]\nlast",
    r"'first\npassword=abc'": r"'first\npassword=[redacted]'",
    # Reprs and JSON, also JSON inside JSON.
    "{'service_secret': 'abc'}": "{'service_secret': '[redacted]'}",
    '{"service_secret": "abc"}': '{"service_secret": "[redacted]"}',
    '{"password":"a\\"b","user":"bob"}': '{"password":"[redacted]","user":"bob"}',
    r'"{\"token\": \"abc\", \"n\": 1}"': r'"{\"token\": \"[redacted]\", \"n\": 1}"',
    "{'password': b'abc'}": "{'password': b'[redacted]'}",
    "Settings(password='abc', port=1)": "Settings(password='[redacted]', port=1)",
    "headers['authorization'] = 'abc'": "headers['authorization'] = '[redacted]'",
    "[(b'authorization', b'abc'), (b'host', b'x')]": (
        "[(b'authorization', b'[redacted]'), (b'host', b'x')]"
    ),
    "'tokens': ['abc', 'def'], 'n': 1": "'tokens': [redacted], 'n': 1",
    "'token': {'value': 'abc', 'n': [1]}, 'n': 1": "'token': [redacted], 'n': 1",
    "cut off: {'password': 'abc": "cut off: {'password': '[redacted]",
    "cut off: {'password': 'abc\nnext line": "cut off: {'password': '[redacted]\nnext line",
    # Headers.
    "Authorization: Bearer abc": "Authorization: Bearer [redacted]",
    "authorization: abc123": "authorization: [redacted]",
    "Authorization: Basic dXNlcjpwYXNz": "Authorization: Basic [redacted]",
    "Authorization: DPoP abc.def-ghi": "Authorization: DPoP [redacted]",
    'Authorization: Digest username="u", response="ab"': "Authorization: Digest [redacted]",
    "sent Bearer abc123 to it": "sent Bearer [redacted] to it",
    "sent Basic dXNlcjpwYXNz to it": "sent Basic [redacted] to it",
    "Cookie: a=b; c=d": "Cookie: [redacted]",
    "Set-Cookie: netra_session=ab; HttpOnly\nnext": "Set-Cookie: [redacted]\nnext",
    "Sec-WebSocket-Protocol: netra.v1, bearer.dGhpc0lzT3BhcXVl1": (
        "Sec-WebSocket-Protocol: netra.v1, bearer.[redacted]"
    ),
    # Shapes.
    f"got {JWT} from it": "got [redacted] from it",
    f"/ws?x=%20{JWT}": "/ws?x=%20[redacted]",
    f"cut {JWT[:40]}": "cut [redacted]",
    f"before\n{PEM}\nafter": "before\n[redacted]\nafter",
    f"cut {PEM[:40]}": "cut [redacted]",
    "rt_Zm9vYmFyYmF6cXV4cXV1eA is spent": "[redacted] is spent",
    "made nsec_Zm9vYmFyYmF6cXV4cXV1eA for it": "made [redacted] for it",
    "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA stored": "[redacted] stored",
    '{"kty":"EC","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}': (
        '{"kty":"EC","d":"[redacted]"}'
    ),
    # Addresses.
    "postgresql+asyncpg://netra:abc@db/netra": "postgresql+asyncpg://netra:[redacted]@db/netra",
    "redis://:abc@cache:6379/0": "redis://:[redacted]@cache:6379/0",
    "https://u:a/b@host/path": "https://u:[redacted]@host/path",
    "https://ghp1A2b3C4d5E6f7G8h9@host/x": "https://[redacted]@host/x",
    "GET /ws?token=abc&room=1": "GET /ws?token=[redacted]&room=1",
    "GET /cb?code=SplxlOBeZQQYbYS6WxSbIA&state=x": "GET /cb?code=[redacted]&state=x",
    "to=https%3A%2F%2Fh%2F%3Ftoken%3Dabc": "to=https%3A%2F%2Fh%2F%3Ftoken%3D[redacted]",
    # What validators and drivers quote.
    "[type=string_too_short, input_value='abc', input_type=str]": (
        "[type=string_too_short, input_value=[redacted], input_type=str]"
    ),
    "[SQL: SELECT 1]\n[parameters: ('abc', 'x]y')]\n(Background": (
        "[SQL: SELECT 1]\n[parameters: [redacted]]\n(Background"
    ),
}


@pytest.mark.parametrize(("text", "expected"), HIDDEN.items(), ids=range(len(HIDDEN)))
def test_a_secret_in_a_text_is_hidden_and_nothing_else(text: str, expected: str) -> None:
    """Names, punctuation and the rest of the sentence stay (checklist 59, 16.2.5)."""
    assert redact_text(text) == expected


@pytest.mark.parametrize("text", HIDDEN, ids=range(len(HIDDEN)))
def test_redacting_again_changes_nothing(text: str) -> None:
    """A redacted text is as it should be."""
    once = redact_text(text)

    assert redact_text(once) == once


SECRET_NAMES: Final = """
    secret SERVICE_SECRET service_secret serviceSecret client-secret JWT_SECRET_KEY
    JWT_SECRET_KEY_PREVIOUS KEYRING_ENCRYPTION_KEY password Password new_password db.password
    passwd pwd passphrase token access_token refreshToken id_token csrf_token bearer_token tokens
    authorization Authorization proxy-authorization cookie Cookie set-cookie cookies api_key apiKey
    X-Api-Key private_key privateKey private_jwk signing_key client_assertion code_verifier
    device_code secret_sha256 token_hash password_hash hashed_password token_value otp
    netra_session __Host-netra_session credentials
"""
HARMLESS_NAMES: Final = """
    token_type token_id jti kid expires_in token_expires_at token_url token_endpoint
    user_id_pattern secret_name password_min_length token_count max_tokens has_token
    requires_password token_ttl_seconds TOKEN_ISSUER TOKEN_AUDIENCE TOKEN_TRUST_MODE
    ACCESS_TOKEN_SECONDS SERVICE_SECRET_FILE secret_fingerprint credential_method cookie_name
    authorization_endpoint auth_failure_stage authentication_method error_code status user_id
    session_id request_id client_id scope keyword monkey tokenizer secretary author code_challenge
    password_reset_required token_rejected secretKeyRef
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_these_names_name_secrets(name: str) -> None:
    """In every spelling that configuration, headers, JSON and code use."""
    assert names_a_secret(name)
    assert redact({name: "abc"}) == {name: REDACTED}


@pytest.mark.parametrize("name", HARMLESS_NAMES.split())
def test_these_names_are_about_secrets_or_about_nothing_of_the_kind(name: str) -> None:
    """A name's last word can say that the value only describes a secret."""
    assert not names_a_secret(name)
    assert redact({name: "abc"}) == {name: "abc"}


@pytest.mark.parametrize("value", [True, False, None, 0, 12345678, 1.5])
def test_numbers_booleans_and_nothing_are_no_secrets(value: object) -> None:
    """`secret_configured: True` and `token: None` say how things are."""
    assert redact({"service_secret": value}) == {"service_secret": value}


@pytest.mark.parametrize("value", ["missing", "not configured", "expired", "True", "[redacted]"])
def test_a_state_under_a_secrets_name_stays(value: str) -> None:
    """A value that is a statement about the secret is shown."""
    assert redact({"service_secret": value}) == {"service_secret": value}


def test_structures_are_searched_through() -> None:
    """Dicts, lists, tuples and sets inside each other are all looked at."""
    given = {
        "user": "bob",
        "headers": [(b"authorization", b"Bearer abc"), (b"host", b"x")],
        "nested": {"deep": [{"password": "abc", "n": 1}]},
        "texts": ("token=abc", {"password=abc"}),
        "token": {"value": "abc", "token_type": "Bearer", "n": 3},
        "secrets": ["abc", "def"],
        "handle": Secret("abc"),
    }

    assert redact(given) == {
        "user": "bob",
        "headers": [(b"authorization", REDACTED), (b"host", b"x")],
        "nested": {"deep": [{"password": REDACTED, "n": 1}]},
        "texts": ("token=[redacted]", {"password=[redacted]"}),
        "token": {"value": REDACTED, "token_type": "Bearer", "n": 3},
        "secrets": [REDACTED, REDACTED],
        "handle": REDACTED,
    }


def test_the_original_is_left_alone() -> None:
    """Redaction gives a copy; what goes on being used keeps its values."""
    given = {"password": "abc", "list": ["token=abc"]}
    redact(given)

    assert given == {"password": "abc", "list": ["token=abc"]}


def test_a_private_key_in_json_form_loses_its_private_members() -> None:
    """Only the public half of a JWK is shown."""
    key = {"kty": "EC", "crv": "P-256", "x": "xx", "y": "yy", "d": "private", "kid": "k1"}

    assert redact(key) == {**key, "d": REDACTED}


def test_what_a_validator_refused_is_not_repeated() -> None:
    """The input of a field that failed validation may be anything, a password too."""
    error = {
        "type": "string_too_short",
        "loc": ("body", "password"),
        "input": "abc",
        "msg": "short",
    }

    assert redact(error) == {**error, "input": REDACTED}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("not_found", True),
        ("insufficient_scope", True),
        ("ECONNREFUSED", True),
        ("4401", True),
        ("SplxlOBeZQQYbYS6WxSbIA", False),
        ("4/0AX4XfWh", False),
    ],
)
def test_an_error_code_is_shown_and_an_authorization_code_is_not(
    value: str, *, shown: bool
) -> None:
    """`code` holds either; a stable word or a number is the former."""
    assert redact({"code": value}) == {"code": value if shown else REDACTED}


def test_a_cycle_ends() -> None:
    """A structure that contains itself is cut, not followed for ever."""
    given: dict[str, Any] = {"name": "a"}
    given["self"] = given

    assert redact(given)["name"] == "a"


KNOWN: Final = "Correct/Horse+Battery=Staple?&~9"


def _json(text: str) -> str:
    return json.dumps({"x": text})


def _basic(text: str) -> str:
    return base64.b64encode(f"netra-backend:{text}".encode()).decode()


@pytest.mark.parametrize(
    "encode",
    [
        str,
        quote,
        quote_plus,
        lambda text: quote(text, safe=""),
        _json,
        repr,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(b"a" + text.encode() + b"z").decode(),
        lambda text: base64.b64encode(b"ab" + text.encode() + b"yz").decode(),
        _basic,
    ],
)
@pytest.mark.parametrize("secret", [KNOWN, "grüße-aus-Köln-'quoted'\\9", "x" * 20 + "Y1"])
def test_a_known_secret_is_hidden_in_every_encoding(
    encode: Callable[[str], str], secret: str
) -> None:
    """Exactly, escaped, URL-encoded, and base64 at any offset, without any name beside it."""
    shown = Redactor([Secret(secret)]).text(f"saw <{encode(secret)}> there")

    assert REDACTED in shown
    assert shown.startswith("saw <")
    assert shown.endswith("> there")
    for offset in range(len(secret) - 8):
        assert secret[offset : offset + 8] not in shown


def test_the_password_in_a_known_address_is_known_too() -> None:
    """A driver may mention the password of DATABASE_URL without the rest."""
    redactor = Redactor([Secret("postgresql://netra:p%40ss-w0rd@db/netra")])

    assert redactor.text("tried p@ss-w0rd, then p%40ss-w0rd") == "tried [redacted], then [redacted]"


def test_short_known_values_do_not_garble_texts() -> None:
    """A known text that is too short to be a secret is not searched for."""
    redactor = Redactor([Secret("netra"), Secret(""), Secret("redacted")])

    assert redactor.text("netra was redacted") == "netra was redacted"


def test_a_redactor_shows_nothing_of_what_it_knows() -> None:
    """Its repr says how many, not what."""
    assert KNOWN not in repr(Redactor([Secret(KNOWN)]))


def test_cutting_a_long_text_does_not_leave_half_of_a_known_secret() -> None:
    """The cut falls outside of what must be hidden."""
    redactor = Redactor([Secret(KNOWN)])
    for before in range(80, 120):
        kept = redactor.workable("a" * before + " " + KNOWN + " " + "b" * 100, 120)
        assert KNOWN[:8] not in kept
        assert "[truncated" in kept


HOSTILE: Final = [
    "password=", "password:", "token: ", "token=ok ", '"token": [', "token='", "a://x:y", "Bearer ",
    "Bearer+", "Basic+", "eyJ", "eyJ_", "\\", '\\"', 'token=\\"', "-----BEGIN PRIVATE KEY-----",
    "-", "a.", "a-", "{'", '{"token": {', "'password', '", "input_value=", "[parameters: ",
    "Cookie: a=b; ", "Authorization: Digest ", "code=", "%3Dtoken", '"k": "', "sk-", "$argon2id$",
    "bearer.", "Bearer realm=", "key: ", "token=a,", "--token ", "password: hunter for ", "://",
    "token=[redacted", "secret: ('", "A1", "%20eyJ", "\n",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear_in_hostile_texts(unit: str) -> None:
    """Eight times the text takes about eight times as long, not sixty-four (checklist 59)."""
    redactor = Redactor([Secret(KNOWN)])

    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        began = time.process_time()
        redactor.text(text)
        return time.process_time() - began

    small = min(seconds(20_000) for _ in range(3))

    assert seconds(160_000) < 8 * small * 3 + 0.05 * UNIT


@pytest.mark.long
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_megabyte_of_anything_is_done_in_seconds(unit: str) -> None:
    """No text of 1 MB holds the process up."""
    text = unit * (1_000_000 // len(unit))
    began = time.process_time()
    redact_text(text)

    assert time.process_time() - began < 10 * UNIT
