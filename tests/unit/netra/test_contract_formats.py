"""What the values of the declared variables must look like."""

import base64

import pytest

from fakes.environments import strong_secret
from netra.contract.flaws import ViolationKind
from netra.contract.formats import (
    DIRECTORY_PATH,
    FILE_PATH,
    PORT,
    DatabaseUrl,
    EncryptionKey,
    Host,
    Matching,
    Networks,
    OneOf,
    Origins,
    Registry,
    ServiceId,
    ServiceUrl,
    StrongSecret,
    WholeNumber,
    is_loopback,
)
from netra.contract.variable import Format

RANDOM_32 = "kQ3vN8-xT0pLw_7RzYb2Hf5JmCs9DgUe1AaXiVo4EnM"


def kind(form: Format, value: str, *, deployed: bool = True) -> ViolationKind | None:
    """Give what a format finds wrong with a value."""
    flaw = form.flaw(value, deployed=deployed)
    return flaw.problem if flaw else None


@pytest.mark.parametrize(
    "value",
    [
        "https://auth.example.org",
        "https://auth.example.org:8443",
        "https://10.0.0.7",
        "https://[2001:db8::1]:8443",
        "http://127.0.0.1:8001",
        "http://127.0.0.1",
        "http://[::1]:8001",
        "http://localhost:8001",
    ],
)
def test_a_service_url_is_accepted(value: str) -> None:
    """HTTPS anywhere and HTTP on this machine are base URLs of a service."""
    assert kind(ServiceUrl(), value) is None
    assert kind(Origins(), value) is None


@pytest.mark.parametrize(
    "value",
    [
        "auth.example.org",
        "//auth.example.org",
        "ftp://auth.example.org",
        "https://",
        "https://auth.example.org/",
        "https://auth.example.org/api",
        "https://auth.example.org?x=1",
        "https://auth.example.org?",
        "https://auth.example.org#x",
        "https://auth.example.org#",
        "https://user@auth.example.org",
        "https://user:pass@auth.example.org",
        "https://@auth.example.org",
        "HTTPS://auth.example.org",
        "https://Auth.example.org",
        "https://auth.example.org:443",
        "http://127.0.0.1:80",
        "https://auth.example.org:",
        "https://auth.example.org:0",
        "https://auth.example.org:99999",
        "https://auth.example.org:x",
        "https://auth_service",
        "https://-auth.example.org",
        "https://auth..example.org",
        "https://[::1",
        "https://auth.example.org\\@evil.example",
        "http://auth.example.org",
        "http://10.0.0.7:8001",
        "http://0.0.0.0:8001",
        "http://localhost.example.org",
        "http://127.0.0.1.example.org",
        "*",
        "null",
    ],
)
def test_another_url_is_malformed(value: str) -> None:
    """Whatever a character-by-character comparison of issuers would miss is refused."""
    assert kind(ServiceUrl(), value) is ViolationKind.MALFORMED
    assert kind(Origins(), f"https://chat.example.org,{value}") is ViolationKind.MALFORMED


def test_clear_text_to_another_machine_is_explained() -> None:
    """HTTP outside loopback says what is wrong with it (checklist 37)."""
    flaw = ServiceUrl().flaw("http://auth.example.org", deployed=False)

    assert flaw is not None
    assert "clear text" in flaw.says


def test_origins_are_separated_by_commas_alone() -> None:
    """An empty item is not skipped."""
    assert kind(Origins(), "https://a.example,https://b.example") is None
    assert kind(Origins(), "https://a.example,") is ViolationKind.MALFORMED


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104 - nothing is bound
        ("::", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine(host: str, expected: bool) -> None:  # noqa: FBT001 - a parameter
    """The unspecified address is not loopback."""
    assert is_loopback(host) is expected


@pytest.mark.parametrize("value", [strong_secret(), "a1" * 3 + RANDOM_32], ids=["made", "long"])
def test_a_strong_secret_is_accepted(value: str) -> None:
    """A random value of 256 bits passes."""
    assert kind(StrongSecret(), value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (RANDOM_32[:31], ViolationKind.TOO_SHORT),
        (RANDOM_32[:8], ViolationKind.TOO_SHORT),
        ("changeme", ViolationKind.PLACEHOLDER),
        ("aab" * 20, ViolationKind.PLACEHOLDER),
        ("netra-backend-jwt-key", ViolationKind.UNRESOLVED),
    ],
)
def test_a_weak_secret_is_refused(value: str, expected: ViolationKind) -> None:
    """A secret under 32 characters or guessable is refused, each for its reason (checklist 17)."""
    assert kind(StrongSecret(), value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (RANDOM_32, None),
        (f"{RANDOM_32}=", None),
        (base64.urlsafe_b64encode(bytes(range(7, 231, 7))).decode(), None),
        (RANDOM_32[:-1], ViolationKind.MALFORMED),
        (RANDOM_32[:-3], ViolationKind.TOO_SHORT),
        (RANDOM_32[:16], ViolationKind.TOO_SHORT),
        (f"{RANDOM_32[:-1]}N", ViolationKind.MALFORMED),
        (f"{RANDOM_32}==", ViolationKind.MALFORMED),
        (f"{RANDOM_32}AAAA", ViolationKind.MALFORMED),
        (RANDOM_32.replace("-", "+"), ViolationKind.MALFORMED),
        (bytes(range(7, 231, 7)).hex(), ViolationKind.MALFORMED),
        ("A" * 43, ViolationKind.PLACEHOLDER),
    ],
)
def test_an_encryption_key_is_exactly_32_bytes(value: str, expected: ViolationKind | None) -> None:
    """Only canonical base64url of 32 bytes is a key."""
    assert kind(EncryptionKey(), value) is expected


@pytest.mark.parametrize(
    "value",
    [
        "sqlite+aiosqlite:///netra.db",
        "sqlite+aiosqlite:////var/lib/netra/netra.db",
        "postgresql+asyncpg://netra:s3cr3t-of-the-db@db.example.org/netra",
        "postgresql+asyncpg://netra@db:5432/netra?ssl=require",
        "postgresql+asyncpg://netra:x%40y@/netra?host=/cloudsql/p:r:i",
    ],
)
def test_a_database_url_is_accepted(value: str) -> None:
    """SQLite files and PostgreSQL by host or by socket are stores."""
    assert kind(DatabaseUrl(), value) is None


@pytest.mark.parametrize(
    "value",
    [
        "netra.db",
        "sqlite:///netra.db",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///file:x?mode=memory",
        "sqlite+aiosqlite://netra.db",
        "postgres://u:p@h/d",
        "postgresql://u:p@h/d",
        "postgresql+asyncpg://u:p@h",
        "postgresql+asyncpg://u:p@h/",
        "postgresql+asyncpg:///netra",
        "postgresql+asyncpg://u:p@h:port/d",
        "postgresql+asyncpg://u:p@h/d#fragment",
        "mysql+aiomysql://u:p@h/d",
        "postgresql+asyncpg://[::1/d",
    ],
)
def test_another_database_url_is_malformed(value: str) -> None:
    """A URL without a driver we have, without a database, or in memory is refused."""
    assert kind(DatabaseUrl(), value) is ViolationKind.MALFORMED


@pytest.mark.parametrize("password", ["postgres", "password", "changeme", "netra", "Secret123"])
def test_a_default_password_of_a_database_is_for_local_use_only(password: str) -> None:
    """What a container image starts with may be used in `local` and nowhere else."""
    value = f"postgresql+asyncpg://netra:{password}@db/netra"

    assert kind(DatabaseUrl(), value, deployed=True) is ViolationKind.PLACEHOLDER
    assert kind(DatabaseUrl(), value, deployed=False) is None


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("10.0.0.0/8", True),
        ("169.254.0.0/16,::1", True),
        ("192.168.1.7", True),
        ("0.0.0.0/0", False),
        ("::/0", False),
        ("10.0.0.1/8", False),
        ("*", False),
        ("proxy.example.org", False),
        ("10.0.0.1,", False),
    ],
)
def test_trusted_networks_never_mean_everybody(value: str, good: bool) -> None:  # noqa: FBT001 - a parameter
    """Addresses and exact networks pass; the whole internet and names do not."""
    assert kind(Networks(), value) is (None if good else ViolationKind.MALFORMED)


@pytest.mark.parametrize(
    ("form", "value", "good"),
    [
        (OneOf(("a", "b")), "a", True),
        (OneOf(("a", "b")), "A", False),
        (OneOf(("a", "b")), "ab", False),
        (WholeNumber(30, 300), "30", True),
        (WholeNumber(30, 300), "300", True),
        (WholeNumber(30, 300), "29", False),
        (WholeNumber(30, 300), "301", False),
        (WholeNumber(30, 300), "+60", False),
        (WholeNumber(30, 300), "060", False),
        (WholeNumber(30, 300), "6_0", False),
        (WholeNumber(30, 300), "60.0", False),
        (WholeNumber(30, 300), "\u0666\u0660", False),
        (WholeNumber(30, 300), "9" * 10_000, False),
        (PORT, "0", True),
        (PORT, "65535", True),
        (PORT, "65536", False),
        (PORT, "-1", False),
        (ServiceId(), "netra-backend", True),
        (ServiceId(), "service:netra-backend", False),
        (ServiceId(), "Netra", False),
        (ServiceId(), "netra--backend", False),
        (Host(), "0.0.0.0", True),  # noqa: S104 - nothing is bound
        (Host(), "::", True),
        (Host(), "localhost", True),
        (Host(), "http://localhost", False),
        (Host(), "localhost:8000", False),
        (Host(), "a" * 200, False),
        (Matching("[a-z]+", "letters"), "abc", True),
        (Matching("[a-z]+", "letters"), "abc1", False),
        (FILE_PATH, "/etc/netra/with space.pem", True),
        (DIRECTORY_PATH, "/srv/netra/with space", True),
        (DIRECTORY_PATH, "srv/netra", False),
    ],
)
def test_plain_formats(form: Format, value: str, good: bool) -> None:  # noqa: FBT001 - a parameter
    """Words, numbers, names and addresses are taken exactly."""
    assert kind(form, value) is (None if good else ViolationKind.MALFORMED)


def test_a_registry_that_cannot_be_read_is_malformed() -> None:
    """The registry's own message is passed on."""
    flaw = Registry().flaw("[]", deployed=True)

    assert flaw is not None
    assert (flaw.problem, flaw.says) == (ViolationKind.MALFORMED, "lists no service")


@pytest.mark.parametrize(
    "form",
    [
        *(OneOf(("a", "b")), WholeNumber(0, 1), StrongSecret(), EncryptionKey(), ServiceUrl()),
        *(Origins(), Networks(), Host(), DatabaseUrl(), Registry(), ServiceId(), FILE_PATH),
    ],
)
def test_every_format_says_itself_in_words(form: Format) -> None:
    """The words continue "must be" and do not end the sentence."""
    assert form.text
    assert not form.text.endswith(".")
