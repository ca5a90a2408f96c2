"""When a signing key changes its state, by examples; the properties are beside the others."""

import pytest

from netra.wire.auth_admin import KeyState
from netra.wire.auth_api import JWKS_MAX_AGE_SECONDS, MAX_ACCESS_TOKEN_SECONDS
from netra_auth.keyring.life_cycle import (
    SPREAD_SECONDS,
    Change,
    KeyLife,
    Pace,
    due_changes,
    entered,
    is_rotation_due,
    next_change_at,
    waiting,
)

PACE = Pace.of(90)
DAY = 24 * 3600
PUBLISHED_SECONDS = JWKS_MAX_AGE_SECONDS + SPREAD_SECONDS
RETIRING_SECONDS = MAX_ACCESS_TOKEN_SECONDS + 60 + SPREAD_SECONDS


def key(kid: str, state: KeyState, **times: float) -> KeyLife:
    """Make a key in a state."""
    return KeyLife(kid=kid, state=state, created_at=times.pop("created_at", 0.0), **times)


def test_the_pace_follows_from_the_two_constants() -> None:
    """Only how often to rotate can be chosen, and 0 is never (checklist 19, 20)."""
    assert Pace.of(90) == Pace(PUBLISHED_SECONDS, RETIRING_SECONDS, 90 * DAY)
    assert Pace.of(0) == Pace(PUBLISHED_SECONDS, RETIRING_SECONDS, None)


def test_a_created_key_is_published_at_once() -> None:
    """Nothing is waited for between creation and publication."""
    keys = [key("a", KeyState.ACTIVE), key("b", KeyState.CREATED, created_at=10)]

    assert due_changes(keys, 10, PACE) == (Change("b", KeyState.PUBLISHED),)
    assert next_change_at(keys[1], keys, PACE) == 10
    assert next_change_at(keys[0], keys, PACE) == 10 + PUBLISHED_SECONDS


@pytest.mark.parametrize(("waited", "is_due"), [(-1, False), (0, True), (1, True)])
def test_a_published_key_waits_for_every_cached_set(*, waited: float, is_due: bool) -> None:
    """It signs when no verifier can hold a set without it, and the old one retires (19)."""
    keys = [key("a", KeyState.ACTIVE), key("b", KeyState.PUBLISHED, published_at=10)]
    now = 10 + PUBLISHED_SECONDS + waited

    succession = (Change("a", KeyState.RETIRING), Change("b", KeyState.ACTIVE))
    assert due_changes(keys, now, PACE) == (succession if is_due else ())
    assert next_change_at(keys[0], keys, PACE) == 10 + PUBLISHED_SECONDS


@pytest.mark.parametrize(("waited", "is_due"), [(-1, False), (0, True)])
def test_a_retiring_key_waits_for_every_token(*, waited: float, is_due: bool) -> None:
    """It stays published while a token it signed may be taken anywhere (checklist 20)."""
    keys = [
        key("a", KeyState.RETIRING, retired_at=10),
        key("b", KeyState.ACTIVE, activated_at=10),
    ]
    now = 10 + RETIRING_SECONDS + waited

    assert due_changes(keys, now, PACE) == ((Change("a", KeyState.GONE),) if is_due else ())
    assert next_change_at(keys[0], keys, PACE) == 10 + RETIRING_SECONDS


def test_of_two_that_are_ready_one_follows() -> None:
    """Should two wait, the one published first takes over and the other goes on waiting."""
    keys = [
        key("c", KeyState.PUBLISHED, published_at=2),
        key("a", KeyState.ACTIVE),
        key("b", KeyState.PUBLISHED, published_at=1),
    ]

    assert due_changes(keys, 10 * DAY, PACE) == (
        Change("a", KeyState.RETIRING),
        Change("b", KeyState.ACTIVE),
    )


@pytest.mark.parametrize(
    ("days", "age", "is_due"),
    [(90, 90 * DAY - 1, False), (90, 90 * DAY, True), (1, DAY, True), (0, 10_000 * DAY, False)],
)
def test_the_schedule_rotates_an_old_key(*, days: int, age: float, is_due: bool) -> None:
    """A rotation is due once the active key has signed for the configured days."""
    keys = [key("a", KeyState.ACTIVE, created_at=0, activated_at=100)]

    assert is_rotation_due(keys, 100 + age, Pace.of(days)) is is_due
    assert next_change_at(keys[0], keys, Pace.of(days)) == (100 + days * DAY if days else None)


@pytest.mark.parametrize("state", [KeyState.CREATED, KeyState.PUBLISHED])
def test_one_rotation_at_a_time(state: KeyState) -> None:
    """While a key waits the schedule wants no other."""
    keys = [key("a", KeyState.ACTIVE), key("b", state)]

    assert not is_rotation_due(keys, 1000 * DAY, PACE)
    assert waiting(keys) == keys[1]


def test_a_row_without_times_counts_from_its_creation() -> None:
    """A key that older code made says only when it was created; that is when it began to sign."""
    old = key("a", KeyState.ACTIVE, created_at=50)

    assert next_change_at(old, [old], PACE) == 50 + 90 * DAY


def test_a_key_that_is_gone_stays_gone() -> None:
    """Nothing is ever due for it."""
    gone = key("a", KeyState.GONE, gone_at=1)

    assert due_changes([gone, key("b", KeyState.ACTIVE)], 1000 * DAY, PACE) == ()
    assert next_change_at(gone, [gone], PACE) is None


def test_entering_a_state_notes_its_time() -> None:
    """Each state has its own time, and the earlier ones stay."""
    life = key("a", KeyState.CREATED)
    for at, state in enumerate(KeyState):
        life = entered(life, state, float(at))

    assert life == key(
        "a",
        KeyState.GONE,
        created_at=0,
        published_at=1,
        activated_at=2,
        retired_at=3,
        gone_at=4,
    )
