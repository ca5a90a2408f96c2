"""What no value may have, and what makes a secret guessable."""

import hashlib

import pytest

from netra.contract.flaws import (
    ViolationKind,
    is_digest_of_placeholder,
    secret_flaw,
    text_flaw,
)

STRONG = "kQ3vN8-xT0pLw_7RzYb2Hf5JmCs9DgUe1AaXiVo4EnM"


def kind_of(value: str) -> ViolationKind | None:
    """Give the first thing wrong with a value of the kind secret, or None."""
    flaw = text_flaw(value) or secret_flaw(value)
    return flaw.problem if flaw else None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("", ViolationKind.EMPTY),
        (" \t\n", ViolationKind.EMPTY),
        (f"{STRONG}\n", ViolationKind.WHITESPACE),
        (f"{STRONG}\r", ViolationKind.WHITESPACE),
        (f"{STRONG}\r\n", ViolationKind.WHITESPACE),
        (f" {STRONG}", ViolationKind.WHITESPACE),
        (f"{STRONG}\t", ViolationKind.WHITESPACE),
        (f"{STRONG} {STRONG}", ViolationKind.WHITESPACE),
        (f"\ufeff{STRONG}", ViolationKind.WHITESPACE),
        (f"{STRONG}\u200b", ViolationKind.WHITESPACE),
        (f"{STRONG}\u00a0", ViolationKind.WHITESPACE),
        (f"{STRONG}\x00{STRONG}", ViolationKind.WHITESPACE),
        (f"{STRONG}\\n", ViolationKind.WHITESPACE),
        (f'"{STRONG}"', ViolationKind.QUOTED),
        (f"'{STRONG}'", ViolationKind.QUOTED),
        (f"`{STRONG}`", ViolationKind.QUOTED),
        (f"\u201c{STRONG}\u201d", ViolationKind.QUOTED),
        ('""', ViolationKind.QUOTED),
        (f'"{STRONG}', None),
    ],
)
def test_marks_of_a_careless_copy_are_told_apart(value: str, kind: ViolationKind | None) -> None:
    """Emptiness, white space, control characters and quotation marks each have their kind."""
    assert kind_of(value) is kind


@pytest.mark.parametrize(
    "value",
    [
        "${JWT_SECRET_KEY}",
        "prefix-${JWT_SECRET_KEY:-default}",
        "$(cat /run/secrets/key)",
        "${{ secrets.KEY }}",
        "{{ .Values.secret }}".replace(" ", ""),
        "$JWT_SECRET_KEY",
        "%JWT_SECRET_KEY%",
        "<secret>",
        "<your-jwt-secret>",
        "postgresql+asyncpg://user:<password>@host/db",
        "projects/p/secrets/jwt/versions/latest",
        "sm://project/jwt",
        "vault://secret/data/jwt",
        "op://vault/item/field",
        "secretref:jwt-key",
        "arn:aws:secretsmanager:eu:1:secret:jwt",
        "ENC[AES256_GCM,data:abc]",
        "netra-jwt-secret-key-prod",
        "netra_backend_service_secret_staging",
        "NETRA-BACKEND-SERVICE-SECRET-STAGING",
        "jwt-signing-key-00611",
    ],
)
def test_a_reference_is_not_a_value(value: str) -> None:
    """What a platform should have replaced is refused as unresolved."""
    assert kind_of(value.replace(" ", "")) is ViolationKind.UNRESOLVED


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "CHANGE_ME",
        "change-this-to-something-long-and-random-0",
        "secret",
        "Secret123",
        "password",
        "password1",
        "your-secret-here",
        "your-256-bit-secret",
        "your-super-secret-jwt-key-at-least-32-chars",
        "test",
        "test-jwt-secret-key-32-characters-long",
        "dev-service-secret-not-for-production",
        "local-development-key-000000000000000001",
        "example-key-example-key-example-key-1234",
        "placeholder",
        "REPLACE_ME_WITH_A_REAL_VALUE_0123456789",
        "none",
        "null",
        "undefined",
        "todo",
        "xxxx",
        "x" * 64,
        "0" * 43,
        "abababababababababababababababababababab",
        "0123456789abcdef0123456789abcdef",
        "12345678901234567890123456789012",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "zyxwvutsrqponmlkjihgfedcba9876543210",
        f"{STRONG[:20]}xxxxxxxx{STRONG[20:]}",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "a-string-secret-at-least-256-bits-long",
        "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FoJG-Onbc6mxCcY",
        "django-insecure-8k3#v9q!m2&x7z0p5w1t4y6u",
    ],
)
def test_a_placeholder_is_refused(value: str) -> None:
    """Known defaults, words that mean "fill me in" and patterns are placeholders (checklist 17)."""
    assert kind_of(value) is ViolationKind.PLACEHOLDER


@pytest.mark.parametrize(
    "value",
    [
        STRONG,
        "4f9c1e0b7a2d8365f1c09e4b7d2a8350c6e1f94b07d2a8365f1c09e4b7d2a835",
        "MZXW6YTBOI5DKNRQGEZDGNBVGY3TQOJQ",
        "9b2f1c34-7d5e-4a60-8b1c-2f3e4d5a6b7c",
        "q+U0/8sVnB2kTzXw7RfYp1LmJcHd9GaE5oI3uNvCxZs=",
        "correct-horse-battery-staple-orange-window",
    ],
)
def test_a_random_value_is_accepted(value: str) -> None:
    """Hexadecimal, base32, base64, UUIDs and long passphrases are not taken for something else."""
    assert kind_of(value) is None


def test_a_secret_is_printable_ascii() -> None:
    """A letter outside ASCII would mean different bytes to different readers."""
    assert kind_of(STRONG + "\u00e9") is ViolationKind.MALFORMED


def test_white_space_that_a_format_allows_may_stand_inside_only() -> None:
    """A document may have line breaks within, not at its ends."""
    assert text_flaw("[\n 1,\r\n 2]", " \t\r\n") is None
    ended = text_flaw("[1]\n", " \t\r\n")

    assert ended is not None
    assert ended.problem is ViolationKind.WHITESPACE


def test_a_carriage_return_is_explained_by_where_it_comes_from() -> None:
    """Windows line ends and a final line break each have their own advice."""
    windows, final = text_flaw("value\r"), text_flaw("value\n")

    assert windows is not None
    assert final is not None
    assert "Windows" in windows.fix
    assert "printf" in final.fix


def test_digests_of_placeholders_are_known() -> None:
    """The SHA-256 of nothing or of a default is recognised, that of a random value is not."""
    assert is_digest_of_placeholder(hashlib.sha256(b"").hexdigest())
    assert is_digest_of_placeholder(hashlib.sha256(b"changeme").hexdigest())
    assert not is_digest_of_placeholder(hashlib.sha256(STRONG.encode()).hexdigest())
