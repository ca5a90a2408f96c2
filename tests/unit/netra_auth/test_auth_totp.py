"""Codes of authenticator apps, and recovery codes."""

from base64 import b32encode
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netra.secret import Secret
from netra_auth.identities.second_factor import recovery_codes
from netra_auth.identities.second_factor.totp import (
    STEP_SECONDS,
    as_code,
    code_at,
    matching_step,
    new_secret,
    provisioning_uri,
    step_at,
)

RFC_SECRET = Secret(b32encode(b"12345678901234567890").decode())
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(timestamp: int, code: str) -> None:
    """The SHA-1 vectors of RFC 6238, appendix B, come out digit by digit."""
    step = step_at(timestamp)

    assert code_at(RFC_SECRET, step, digits=8) == code
    assert code_at(RFC_SECRET, step) == code[2:]


@pytest.mark.parametrize(
    "code",
    ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871"],
)
def test_the_vectors_of_rfc_4226(code: str) -> None:
    """The counters of RFC 4226, appendix D, give their codes."""
    codes = [code_at(RFC_SECRET, counter) for counter in range(9)]

    assert code in codes


def test_a_secret_is_160_random_bits() -> None:
    """A secret is 32 letters of base32 without padding, new each time."""
    first, second = new_secret(), new_secret()

    assert len(first.reveal()) == 32
    assert "=" not in first.reveal()
    assert first != second
    assert first.reveal() not in repr(first)


@pytest.mark.parametrize(("seconds", "accepted"), [(-60, False), (-30, True), (30, True)])
def test_a_clock_may_be_one_step_off(seconds: int, *, accepted: bool) -> None:
    """Codes of one step around now are taken, those beyond are not."""
    secret = new_secret()
    step = step_at(NOW + seconds)

    found = matching_step(secret, code_at(secret, step), NOW)

    assert found == (step if accepted else None)
    assert matching_step(secret, code_at(secret, step_at(NOW) + 2), NOW) is None


@given(st.text(max_size=20))
def test_only_six_digits_are_a_code(text: str) -> None:
    """Whatever is typed is a code of six ASCII digits or none, and judging it never fails."""
    code = as_code(text)

    assert code is None or (len(code) == 6 and code.isascii() and code.isdigit())
    assert as_code(f" {code_at(RFC_SECRET, 1)[:3]} {code_at(RFC_SECRET, 1)[3:]} ") is not None
    recovery_codes.hash_of("usr_1", text)


@pytest.mark.parametrize(
    "text", ["", "12345", "1234567", "12345a", "-12345", "\uff11" * 6, "\u0661" * 6]
)
def test_what_is_no_code(text: str) -> None:
    """Digits of other scripts, too few and too many are no code."""
    assert as_code(text) is None


def test_apps_are_told_the_account() -> None:
    """The URI names issuer, account and parameters, with the address escaped."""
    uri = provisioning_uri(RFC_SECRET, "ada&x=1?/#@example.org")
    parts = urlsplit(uri.reveal())
    query = parse_qs(parts.query)

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/Netra:ada%26x%3D1%3F%2F%23@example.org"
    assert query == {
        "secret": [RFC_SECRET.reveal()],
        "issuer": ["Netra"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": [str(STEP_SECONDS)],
    }


def test_ten_recovery_codes_of_80_bits() -> None:
    """A set has ten different codes of sixteen letters that nobody mistakes for each other."""
    codes = [code.reveal() for code in recovery_codes.new_codes()]

    assert len(set(codes)) == 10
    for code in codes:
        assert len(code.replace("-", "")) == 16
        assert not set(code) & set("ilou")


def test_a_recovery_code_is_read_as_people_write_it() -> None:
    """Case, spaces, hyphens and letters taken for digits do not matter; the person does."""
    first = recovery_codes.hash_of("usr_1", "01ab-cdef-ghjk-mnpq")

    assert first is not None
    assert recovery_codes.hash_of("usr_1", " O1AB CDEF GHJK MNPQ ") == first
    assert recovery_codes.hash_of("usr_1", "0Iabcdefghjkmnpq") == first
    assert recovery_codes.hash_of("usr_1", "0labcdefghjkmnpq") == first
    assert recovery_codes.hash_of("usr_2", "01ab-cdef-ghjk-mnpq") != first
    assert recovery_codes.hash_of("usr_1", "01ab-cdef-ghjk-mnp") is None
    assert recovery_codes.hash_of("usr_1", "x" * 1_000_000) is None
