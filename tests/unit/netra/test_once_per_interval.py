"""Tests of `netra.telemetry.once_per_interval`."""

from fakes.clock import ManualClock
from netra.telemetry import OncePerInterval


def test_the_first_occurrence_is_permitted_and_the_next_are_silent() -> None:
    """Within an interval a key is permitted once."""
    once = OncePerInterval(ManualClock(), seconds=60)

    assert [once.permit("a") for _ in range(4)] == [0, None, None, None]


def test_the_next_permit_says_how_many_were_suppressed() -> None:
    """After the interval the number of silent occurrences is told, and counting starts anew."""
    clock = ManualClock()
    once = OncePerInterval(clock, seconds=60)
    for _ in range(5):
        once.permit("a")
    clock.advance(60)

    assert once.permit("a") == 4
    clock.advance(60)
    assert once.permit("a") == 0


def test_the_interval_ends_exactly_after_its_seconds() -> None:
    """An instant before the end a key is still silent."""
    clock = ManualClock()
    once = OncePerInterval(clock, seconds=60)
    once.permit("a")
    clock.advance(59.999)
    assert once.permit("a") is None
    clock.advance(0.001)

    assert once.permit("a") == 1


def test_a_wall_clock_that_jumps_changes_nothing() -> None:
    """Intervals are measured on the monotonic clock."""
    clock = ManualClock()
    once = OncePerInterval(clock, seconds=60)
    once.permit("a")
    clock.jump(3600)

    assert once.permit("a") is None


def test_keys_do_not_silence_each_other() -> None:
    """Each key has its own interval."""
    once = OncePerInterval(ManualClock())

    assert once.permit("a") == 0
    assert once.permit(("b", 401)) == 0
    assert once.permit("a") is None


def test_memory_and_permits_are_bounded_however_many_keys_come() -> None:
    """A flood of distinct keys is permitted at most once per key told apart, plus one."""
    once = OncePerInterval(ManualClock(), max_keys=10)

    permitted = [once.permit(number) for number in range(10_000)]

    assert sum(given is not None for given in permitted) == 11
    assert len(once._windows) == 11


def test_windows_that_ended_make_room() -> None:
    """After the interval new keys are told apart again."""
    clock = ManualClock()
    once = OncePerInterval(clock, seconds=60, max_keys=2)
    for key in "abcd":
        once.permit(key)
    clock.advance(61)

    assert [once.permit(key) for key in "ef"] == [0, 0]
    assert len(once._windows) <= 3


def test_a_key_in_its_window_is_not_forgotten_for_a_new_one() -> None:
    """While its window is live a key stays silent, whatever comes between."""
    once = OncePerInterval(ManualClock(), max_keys=2)
    once.permit("a")
    for number in range(100):
        once.permit(number)

    assert once.permit("a") is None
