"""Whether the log of the time since shows a failure no more."""

from collections.abc import Callable, Sequence

import pytest

from fakes.clock import ManualClock
from netra_ops.diagnosis.observing.framing.attempt import Attempt
from netra_ops.diagnosis.signs.tally import Place
from netra_ops.evidence.records.traffic import Traffic
from netra_ops.findings import CouldNotTell, Verdict
from netra_ops.proof.absence import Log, absent, of_what_serves
from netra_ops.proof.document import Part
from netra_ops.proof.enough import enough_for
from netra_ops.proof.signature import Signature

ALWAYS = enough_for(40, 40)
SIGNATURE = Signature(
    service="orders", kinds=frozenset({"status 401"}), failed=40, tried=40, again=(), evidence=()
)


def attempts(number: int, *, bad: int = 0, service: str | None = "orders") -> list[Attempt]:
    """Give requests of which the first fail as they did."""
    return [
        Attempt(
            number=one + 1,
            time=one,
            ended=one,
            place=Place(service=service),
            kinds=SIGNATURE.kinds if one < bad else frozenset(),
        )
        for one in range(number)
    ]


def looked(read: Callable[[float], Sequence[Attempt]], patience: float) -> tuple[Part, float]:
    """Look for the signature in a log that is read at a time; say what, and how long it took."""
    clock = ManualClock()
    began = clock.monotonic()
    assert ALWAYS is not None
    log = Log(
        attempts_since=lambda _: read(clock.monotonic() - began),
        patience=patience,
        pause=clock.advance,
    )
    part = absent(SIGNATURE, ALWAYS, log, clock.timestamp(), clock, lambda _: None)
    return part, clock.monotonic() - began


def test_a_log_that_lags_behind_is_read_until_it_tells_of_enough() -> None:
    """Requests that were made and not yet written count as soon as they are."""
    part, took = looked(lambda seconds: attempts(12 if seconds < 3 else 20), patience=10)

    assert part.verdict is Verdict.PASS
    assert "20 requests since then, and none shows it" in part.says
    assert took == 3


def test_a_failure_that_shows_while_reading_on_ends_it() -> None:
    """What shows again shows again, however few requests there were."""
    part, took = looked(lambda seconds: attempts(5, bad=int(seconds >= 2)), patience=10)

    assert part.verdict is Verdict.FAIL
    assert part.evidence == ("logs:1",)
    assert took == 2


def test_where_too_few_come_it_is_told_how_long_it_takes() -> None:
    """At one request a second the ten that are missing take ten seconds more."""
    part, took = looked(lambda seconds: attempts(int(seconds)), patience=10)

    assert part.verdict is Verdict.UNKNOWN
    assert "10 more are needed" in part.says
    assert part.says.endswith("takes about 10 s.")
    assert took == 10


@pytest.mark.parametrize(
    ("patience", "words"),
    [
        (0, "17 more are needed."),
        (4, "17 more are needed; none came in the 4 s of reading on."),
    ],
)
def test_where_none_come_that_is_told(patience: float, words: str) -> None:
    """Nobody is told to wait for what does not come."""
    part, took = looked(lambda _: attempts(3), patience)

    assert part.verdict is Verdict.UNKNOWN
    assert part.says.endswith(words)
    assert took == patience


def test_another_services_requests_count_for_nothing() -> None:
    """Its failures are not this one's, and its successes neither."""
    part, _ = looked(lambda _: attempts(40, bad=40, service="billing"), 0)

    assert part.verdict is Verdict.UNKNOWN
    assert part.says.startswith("0 requests since then")


def test_a_log_that_cannot_be_read_shows_nothing() -> None:
    """Nothing is proven by what could not be looked at."""

    def unreadable(_: float) -> Sequence[Attempt]:
        raise CouldNotTell("it is gone")

    part, _ = looked(unreadable, 10)

    assert part.verdict is Verdict.UNKNOWN
    assert "it is gone" in part.says


def test_without_a_log_nothing_is_known_to_be_absent() -> None:
    """Whoever gives none is told which options do."""
    clock = ManualClock()
    assert ALWAYS is not None

    part = absent(SIGNATURE, ALWAYS, None, clock.timestamp(), clock, lambda _: None)

    assert part.verdict is Verdict.UNKNOWN
    assert "--logs" in part.says


def test_what_was_rolled_back_from_may_go_on_failing_by_itself() -> None:
    """Only what people are led to counts; of a share that is not known, all does."""

    def of(revision: str) -> Attempt:
        return Attempt(
            number=1, time=30, ended=30, place=Place(service="orders", revision=revision)
        )

    def share(revision: str, percent: float, time: int | None) -> Traffic:
        return Traffic(where="traffic.json#/0", revision=revision, percent=percent, time=time)

    traffic = [share("bad", 100, 5), share("bad", 0, 10), share("good", 100, 10)]
    late = [*traffic, share("bad", 0, 25)]

    assert of_what_serves([of("bad"), of("good"), of("other")], traffic, 20) == [
        of("good"),
        of("other"),
    ]
    assert of_what_serves([of("bad")], late, 20) == [of("bad")]
    assert of_what_serves([of("bad")], [share("bad", 0, None)], 20) == [of("bad")]
