"""Whether a log is of the time in question, and what its clusters are known as."""

from typing import Any

import pytest

from netra_ops.gardener.facts.tests_and_age import age_of, is_probing
from netra_ops.gardener.known.failures import known_failure
from netra_ops.logs.entries.entry import Entry, Kind

_NOW = 1_790_000_000.0
_DAY = 86_400.0


def spanning(first: float, last: float) -> tuple[int, int]:
    """Give an interval in nanoseconds."""
    return round(first * 1e9), round(last * 1e9)


class TestAge:
    """A log of another time than was asked for says nothing of now."""

    def test_of_now(self) -> None:
        """There is nothing to say of a log that ends now."""
        assert age_of(spanning(_NOW - 60, _NOW), None, None, _NOW).says == ""

    def test_old_without_a_window(self) -> None:
        """Somebody may look back: it is told as old, and is not stale."""
        age = age_of(spanning(_NOW - 9 * _DAY, _NOW - 8 * _DAY), None, None, _NOW)

        assert not age.stale
        assert "8 days old" in age.says

    def test_before_the_window(self) -> None:
        """What ends before the window began is stale."""
        age = age_of(spanning(_NOW - 9 * _DAY, _NOW - 2 * _DAY), _NOW - _DAY, None, _NOW)

        assert age.stale

    def test_looking_back(self) -> None:
        """A log of the time that was named is not stale, however old it is."""
        asked = _NOW - 100 * _DAY

        assert age_of(spanning(asked - 60, asked), asked - _DAY, asked, _NOW).says == ""

    def test_without_times(self) -> None:
        """Nothing is said of when, and that is said."""
        age = age_of(None, None, None, _NOW)

        assert not age.stale
        assert "No entry has a time" in age.says


@pytest.mark.parametrize(
    ("principal", "labels", "expected"),
    [
        ("e2e-test-user", None, True),
        ("test", None, True),
        ("usr_1", {"netra/probe": "golden-path"}, True),
        ("contest-winner", None, False),
        ("attestation", None, False),
        ("latest", None, False),
        (None, {"env": "test"}, False),
        (None, None, False),
    ],
)
def test_tests_are_known_by_their_names(
    principal: str | None,
    labels: dict[str, str] | None,
    expected: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A test's principal or label counts, a word that only holds the letters does not."""
    assert is_probing(principal, labels) is expected


def entry(message: str, **more: Any) -> Entry:
    """An entry that says something."""
    return Entry(
        number=1, source=0, offset=0, length=0, message=message, **({"kind": Kind.TEXT} | more)
    )


class TestKnown:
    """Failures that are known by what logs say."""

    @pytest.mark.parametrize(
        ("text", "name"),
        [
            ("ModuleNotFoundError: No module named 'x'", "module-missing"),
            ("Container called exit(3).", "container-exited"),
            ("[ERROR] Worker (pid:14) exited with code 3", "worker-exited"),
            ("QueuePool limit of size 5 overflow 10 reached", "pool-exhausted"),
            ("403: Not authenticated", "not-authenticated"),
            ("Signature verification failed", "token-signature-invalid"),
            ("dial tcp 10.0.0.1:5432: connect: connection refused", "connection-refused"),
            ("The request was not authenticated. Either allow unauthenticated", "invoker-refused"),
            ("Secret Version [1] is in DESTROYED state.", "secret-not-readable"),
        ],
    )
    def test_by_text(self, text: str, name: str) -> None:
        """Other people's services are known by what their libraries say."""
        known = known_failure(entry(text), text)

        assert known is not None
        assert known.name == name

    def test_by_event(self) -> None:
        """Netra's own events are known exactly, whatever their sentence says."""
        own = entry("anything", kind=Kind.JSON, event="critical_auth_failure")

        known = known_failure(own, "anything")

        assert known is not None
        assert known.name == "critical-auth-failure"

    def test_what_is_not_known(self) -> None:
        """Ordinary text is no failure, and a word alone does not make one."""
        for text in ("served 200 in 3 ms", "authentication enabled", "connection accepted"):
            assert known_failure(entry(text), text) is None
