"""How failures lie over instances and over the ages of tokens."""

import pytest

from fakes.tallies import Log, at, seen_in
from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.signs.sign import Sign

WITH_TOKEN = {"principal": "u"}


def before(log: Log, *instances: str) -> None:
    """Write thirty good requests, dealt to instances."""
    for second in range(30):
        log.asked(second, instance=instances[second % len(instances)])


def test_instances_that_always_fail_beside_some_that_never_do() -> None:
    """Of two instances of one revision one fails always: split, and not mixed."""
    log = Log()
    before(log, "one", "two")
    for second in range(30, 60):
        (log.refused if second % 2 else log.asked)(second, instance=("one", "two")[second % 2])

    found = log.observed()

    assert seen_in(found, Fact.SPLIT_BY_INSTANCE) is True
    assert seen_in(found, Fact.MIXED_WITHIN_INSTANCES) is False
    assert seen_in(found, Fact.ONE_INSTANCE_ONLY) is True


def test_instances_that_all_fail_at_times() -> None:
    """Both instances fail every third time: mixed, and not split."""
    log = Log()
    before(log, "one", "two")
    for second in range(30, 90):
        (log.asked if second % 3 else log.refused)(second, instance=("one", "two")[second % 2])

    found = log.observed()

    assert seen_in(found, Fact.MIXED_WITHIN_INSTANCES) is True
    assert seen_in(found, Fact.SPLIT_BY_INSTANCE) is False
    assert seen_in(found, Fact.ONE_INSTANCE_ONLY) is False


def test_one_request_of_an_instance_says_nothing() -> None:
    """With one or two requests each, instances are neither split nor mixed."""
    log = Log()
    before(log, "one", "two")
    log.refused(31, instance="one")
    log.asked(32, instance="two")
    log.refused(33, instance="one")

    found = log.observed()

    assert Fact.SPLIT_BY_INSTANCE not in found
    assert Fact.ONE_INSTANCE_ONLY not in found


def test_only_instances_that_started_later_fail() -> None:
    """The old instance goes on well beside new ones that fail."""
    log = Log()
    before(log, "one")
    for second in range(30, 60):
        (log.refused if second % 2 else log.asked)(second, instance=("one", "two")[second % 2])

    found = log.observed()

    assert seen_in(found, Fact.CONFINED_TO_NEW_INSTANCES) is True
    assert found[Fact.CONFINED_TO_NEW_INSTANCES].time == at(31)


def test_old_instances_that_fail_are_not_new_ones() -> None:
    """What had started before the onset and fails is not confined to new instances."""
    log = Log()
    before(log, "one")
    for second in range(30, 60):
        log.refused(second)

    assert seen_in(log.observed(), Fact.CONFINED_TO_NEW_INSTANCES) is False


def test_a_new_instance_that_does_well_is_a_cure() -> None:
    """Failures on what ran at the onset, none on what started later."""
    log = Log()
    before(log, "one")
    for second in range(30, 45):
        log.refused(second)
    for second in range(45, 60):
        log.asked(second, instance="two")

    found = log.observed()

    assert seen_in(found, Fact.CURED_BY_RESTART) is True
    assert Fact.SPLIT_BY_INSTANCE not in found
    assert Fact.ONE_INSTANCE_ONLY not in found


def test_a_restart_in_place_is_a_cure_too() -> None:
    """An instance that starts anew is another process."""
    log = Log()
    before(log, "one")
    for second in range(30, 45):
        log.refused(second)
    log.starts(45)
    for second in range(46, 60):
        log.asked(second)

    assert seen_in(log.observed(), Fact.CURED_BY_RESTART) is True


def test_a_new_instance_that_fails_too_is_no_cure() -> None:
    """Failures go on on an instance that started after the onset."""
    log = Log()
    before(log, "one")
    for second in range(30, 45):
        log.refused(second)
    for second in range(45, 60):
        log.refused(second, instance="two")

    assert seen_in(log.observed(), Fact.CURED_BY_RESTART) is False


def passes(log: Log, second: float, issued: float, principal: str = "u") -> None:
    """Write a request that a token of that age was let in for."""
    request = log.asked(second, principal=principal)
    log.says(second, Sign.AUTHENTICATED, request=request, issued=at(issued), level=200)


@pytest.mark.parametrize("old_fail", [True, False])
def test_a_moment_parts_the_tokens(old_fail: bool) -> None:  # noqa: FBT001 - a parameter
    """Tokens from before a moment fail and later ones pass, or the other way round."""
    log = Log()
    before(log, "one")
    for step in range(10):
        second, issued = 60 + step, (10 + step if old_fail else 40 + step)
        log.refused(second, issued=at(issued))
        passes(log, second + 0.5, issued=40 + step if old_fail else 10 + step)

    found = log.observed()

    assert seen_in(found, Fact.OLD_TOKENS_REFUSED) is old_fail
    assert seen_in(found, Fact.NEW_TOKENS_REFUSED) is not old_fail


def test_tokens_of_all_ages_fail_and_pass() -> None:
    """Where ages mingle no moment parts the tokens."""
    log = Log()
    before(log, "one")
    for step in range(10):
        log.refused(60 + step, issued=at(10 + 2 * step))
        passes(log, 60.5 + step, issued=11 + 2 * step)

    found = log.observed()

    assert seen_in(found, Fact.OLD_TOKENS_REFUSED) is False
    assert seen_in(found, Fact.NEW_TOKENS_REFUSED) is False


def test_who_logs_in_anew_passes() -> None:
    """Without times of issue, the last log-in tells how old a principal's token is."""
    log = Log()
    before(log, "one")
    for step in range(6):
        log.refused(60 + step, principal=f"user-{step}")
    for step in range(6):
        log.asked(70 + step, path="/login", method="POST", principal=f"user-{step}")
        log.asked(80 + step, principal=f"user-{step}")
    log.refused(90, principal="user-9")

    assert seen_in(log.observed(), Fact.OLD_TOKENS_REFUSED) is True


def test_expired_tokens_are_no_old_tokens_refused() -> None:
    """A token that came after its end is old, and nobody's key changed."""
    log = Log()
    before(log, "one")
    for step in range(10):
        log.refused(60 + step, Sign.TOKEN_EXPIRED, issued=at(10))
        passes(log, 60.5 + step, issued=40 + step)

    assert Fact.OLD_TOKENS_REFUSED not in log.observed()


def test_few_tokens_that_came_just_after_their_issue() -> None:
    """Few fail, within seconds of their issue, and pass when they come again."""
    log = Log()
    for second in range(120):
        log.asked(second, principal=f"user-{second % 9}")
    for second in (121, 141, 161):
        log.refused(second, Sign.TOKEN_TOO_EARLY, issued=at(second + 2), principal="user-1")
        for later in range(2, 18):
            log.asked(second + later, principal="user-1")

    found = log.observed()

    assert seen_in(found, Fact.RARE_AND_NEAR_ISSUE) is True
    assert seen_in(found, Fact.CLOCKS_DIFFER) is True


def test_old_tokens_are_not_near_their_issue() -> None:
    """Tokens of ten minutes that fail are not near their issue."""
    log = Log()
    before(log, "one")
    for second in range(600, 610):
        log.refused(second, issued=at(0))

    assert seen_in(log.observed(), Fact.RARE_AND_NEAR_ISSUE) is False
