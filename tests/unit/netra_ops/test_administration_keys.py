"""`netra keys`."""

import json

import pytest

from fakes.administration import key_record
from fakes.netra_command import Run
from fakes.netra_over_http import FakeNetra
from netra.wire.auth_admin import KeyState


@pytest.fixture(autouse=True)
def keys(netra: FakeNetra) -> None:
    """One key that signs."""
    netra.administration.keys.append(key_record("kid-1", KeyState.ACTIVE))


def test_keys_are_listed_and_changed(run: Run) -> None:
    """The answer to a change is how the keys stand then."""
    shown = run("keys", "list").out
    assert "Trust mode: keyring" in shown
    assert "active" in shown

    rotated = json.loads(run("keys", "rotate", "--json").out)

    assert [(key["kid"], key["state"]) for key in rotated["items"]] == [
        ("kid-2", "published"),
        ("kid-1", "active"),
    ]


def test_a_compromised_key_is_destroyed_with_its_reason(run: Run, netra: FakeNetra) -> None:
    """The reason goes with it, for the audit record."""
    done = run("keys", "remove", "kid-1", "--reason", " laptop stolen ", "--yes")

    assert (done.code, netra.administration.reasons) == (0, ["laptop stolen"])
    assert netra.administration.keys == []
    again = run("keys", "remove", "kid-1", "--reason", "x", "--yes")
    assert (again.code, "does not know a key kid-1" in again.err) == (1, True)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "two\nlines", "\x1b[31m"])
def test_a_key_is_not_destroyed_without_a_reason(run: Run, netra: FakeNetra, reason: str) -> None:
    """One printable line."""
    done = run("keys", "remove", "kid-1", "--reason", reason, "--yes")

    assert (done.code, netra.asked) == (2, [])
    assert run("keys", "remove", "kid-1", "--yes").code == 2
