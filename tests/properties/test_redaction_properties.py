"""Properties of redaction: idempotent, nothing planted survives, harmless lines stay."""

import base64
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netra.secret import Secret
from netra.telemetry import Redactor, redact, redact_text

_CORPUS: Final = Path(__file__).parent.parent / "corpus" / "harmless_log_lines.txt"

HARMLESS: Final = [
    line
    for line in _CORPUS.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]

_BASE64URL: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

random_secrets = st.text(_BASE64URL, min_size=16, max_size=64).filter(
    lambda text: any(map(str.isdigit, text)) and any(map(str.isalpha, text)) and text[0] not in "-_"
)
"""What generators of tokens and passwords make."""

secret_names = st.sampled_from(
    [
        "SERVICE_SECRET", "service_secret", "clientSecret", "password", "Password", "access_token",
        "refresh_token", "api_key", "x-api-key", "JWT_SECRET_KEY", "private_key", "code_verifier",
        "db.password", "csrf_token", "client_assertion",
    ]
)  # fmt: skip

_TEMPLATES: Final = [
    "{name}={secret}",
    "{name}: {secret}",
    "{name} = {secret}",
    "{name}='{secret}'",
    '{name}: "{secret}"',
    "{{'{name}': '{secret}'}}",
    '{{"{name}":"{secret}","n":1}}',
    '"{{\\"{name}\\": \\"{secret}\\"}}"',
    "{{'{name}': b'{secret}'}}",
    "{{'{name}': ['{secret}']}}",
    "[(b'{name}', b'{secret}')]",
    "--{name} {secret} --quiet",
    "--{name}={secret}",
    "GET /x?{name}={secret}&n=1 HTTP/1.1",
    "next=%2Fx%3F{name}%3D{secret}",
    "Authorization: Bearer {secret}",
    "authorization={secret}",
    "Cookie: netra_session={secret}; a=b",
    "Bearer {secret}",
    "postgresql://netra:{secret}@db/netra",
    "https://user:{secret}@host:8443/path?x=1",
    "ValueError: {name}={secret}",
    "cut off {{'{name}': '{secret}",
]
_AROUND: Final = [
    "{}",
    "request failed: {} and was retried",
    "line one\n{}\nline three",
    "({})",
    "caller said {}, then left",
    "{}.",
]


@given(st.text(max_size=200))
@example("token=[redacted]x")
@example("password=[redacted][redacted]")
@example("a://b:[redacted]@c")
def test_redacting_twice_is_redacting_once(text: str) -> None:
    """Whatever the text, a second pass finds nothing."""
    once = redact_text(text)

    assert redact_text(once) == once


_PIECES: Final = st.sampled_from(
    [
        "password", "token", "secret", "key", "api key", "code", "authorization", "Bearer", "Basic",
        "Digest", "Cookie", "=", ":", ": ", " = ", "=>", "%3D", "'", '"', "\\", '\\"', "(", "[",
        "{", "}", "]", ")", ",", ";", "&", "?", "@", "://", "\n", " ", "  ", "\t", "abc", "x1y2",
        "not", "missing", "for", "[redacted]", "eyJhbGciOiJFUzI1NiJ9", ".", "-", "--", "%20",
        "input_value=", "[parameters: ", "-----BEGIN PRIVATE KEY-----", "None", "<", ">", "$X",
        "user:", "b'", "tokens:introspect", "1234567", "12",
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_redacting_twice_is_redacting_once_where_it_matters(text: str) -> None:
    """Also in texts made of nothing but what the passes look at."""
    once = redact_text(text)

    assert redact_text(once) == once


@given(st.sampled_from(_TEMPLATES), st.sampled_from(_AROUND), secret_names, random_secrets)
def test_a_planted_secret_never_survives(
    template: str, around: str, name: str, secret: str
) -> None:
    """In whatever form it stands beside its name, no long part of it is left (checklist 59)."""
    text = around.format(template.format(name=name, secret=secret))
    shown = redact_text(text)

    for start in range(len(secret) - 8):
        assert secret[start : start + 8] not in shown


@given(secret_names, random_secrets, st.sampled_from(["list", "dict", "tuple", "deep", "header"]))
def test_a_planted_secret_never_survives_in_a_structure(name: str, secret: str, form: str) -> None:
    """Nor in dicts, lists, tuples and header pairs."""
    given_value: dict[str, Any] = {
        "list": {name: [secret]},
        "dict": {name: {"value": secret}},
        "tuple": {"a": ({name: secret},)},
        "deep": [[{"a": [{name: secret}]}]],
        "header": [(name.encode(), secret.encode())],
    }

    assert secret not in repr(redact(given_value[form]))


@given(
    st.text(min_size=12, max_size=60).filter(lambda text: not text.isspace()),
    st.sampled_from(["{}", "({})", "saw {} there", "'{}'"]),
    st.binary(max_size=5),
)
def test_a_known_secret_never_survives_in_any_encoding(
    secret: str, around: str, before: bytes
) -> None:
    """Raw, as JSON, as a repr, URL-encoded, and base64 with anything before it."""
    if secret in "[redacted]" or any("\ud800" <= letter <= "\udfff" for letter in secret):
        return
    redactor = Redactor([Secret(secret)])
    encoded = [
        secret,
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe=""),
    ]
    for form in encoded:
        if form in "[redacted]" or form in around:
            continue
        shown = redactor.text(around.format(form))
        assert form not in shown

    raw = secret.encode()
    mixed = base64.b64encode(before + raw).decode()
    shown = redactor.text(around.format(mixed))
    assert base64.b64encode(raw).decode()[4:-4] not in shown or len(raw) < 12


@pytest.mark.parametrize("line", HARMLESS)
def test_a_harmless_line_is_left_as_it_is(line: str) -> None:
    """Sentences about secrets keep their words (SPEC R16)."""
    assert redact_text(line) == line


@given(st.lists(st.sampled_from(HARMLESS), min_size=2, max_size=5))
def test_harmless_lines_together_are_harmless(lines: list[str]) -> None:
    """What stands on one line does not change what the next one means."""
    text = "\n".join(lines)

    assert redact_text(text) == text


def test_there_is_a_corpus() -> None:
    """The corpus is not empty: nothing to check is not passed."""
    assert len(HARMLESS) > 100
