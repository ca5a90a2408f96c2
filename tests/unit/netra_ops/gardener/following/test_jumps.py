"""What is told of rates: that something comes far more often, or that it stopped."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from fakes.clock import ManualClock
from fakes.watched_log import WatchedLog
from netra_ops.gardener.following.watch.beats import Beats
from netra_ops.gardener.following.watch.series import BUCKET, Series
from netra_ops.gardener.following.watch.watching import COOLDOWN, Arrived

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "islet", "jetty")
LINE = "WARNING token of client 7 was refused"


def steady(log: WatchedLog, seconds: int, every: float) -> None:
    """Have the line come at one rate."""
    for _ in range(round(seconds / every)):
        log.write(LINE)
        log.wait(every)


class TestJumps:
    """A known cluster that comes far more often."""

    def test_it_is_told_within_seconds_with_both_rates(self) -> None:
        """From 12 to 300 a minute is told within 5 s, with the rates of before and now."""
        log = WatchedLog([LINE])
        steady(log, 120, 5)

        steady(log, 5, 0.2)

        (event,) = log.of("rate_jump")
        assert event.rate is not None
        assert event.rate.before == pytest.approx(12, abs=1)
        assert event.rate.after > 60
        assert event.rate.seconds >= 60

    def test_what_never_came_before_jumps_too(self) -> None:
        """A cluster of the baseline that was quiet for two minutes and comes ten times jumps."""
        log = WatchedLog([LINE])
        log.wait(120)

        log.write(*[LINE] * 10)

        (event,) = log.of("rate_jump")
        assert event.rate is not None
        assert event.rate.before == 0

    def test_it_needs_a_past(self) -> None:
        """Within the first seconds nothing can be compared."""
        log = WatchedLog([LINE])
        log.wait(8)

        log.write(*[LINE] * 100)
        log.wait(2)

        assert log.told == []

    @pytest.mark.parametrize(("every", "jumps"), [(10, 1), (1, 0)])
    def test_the_times_of_what_was_there_are_a_past(self, every: int, jumps: int) -> None:
        """Who begins to follow in the middle of a jump is told of it at once; its rate counts."""
        start = datetime.fromtimestamp(ManualClock().timestamp(), UTC)
        ago = range(300, 0, -every)
        log = WatchedLog([f"{(start - timedelta(seconds=one)).isoformat()} {LINE}" for one in ago])

        for _ in range(10):
            log.write(f"{(start + timedelta(seconds=1)).isoformat()} {LINE}")
        log.wait(3)

        assert [event.event for event in log.told] == ["rate_jump"] * jumps

    @pytest.mark.parametrize(("before", "now"), [(0.0, 9), (2.0, 15)])
    def test_few_or_little_more_is_none(self, before: float, now: int) -> None:
        """Nine entries are too few; two and a half times as many are not enough."""
        log = WatchedLog([LINE])
        for _ in range(24):
            log.write(*[LINE] * round(before * BUCKET))
            log.wait(BUCKET)

        log.write(*[LINE] * now)
        log.wait(1)

        assert log.told == []

    def test_it_is_told_once_until_it_was_quiet(self) -> None:
        """What stays high is told once; after a quiet time the next jump is told again."""
        log = WatchedLog([LINE])
        steady(log, 120, 5)

        steady(log, round(2 * COOLDOWN), 0.2)
        assert len(log.of("rate_jump")) == 1
        log.wait(COOLDOWN)
        log.write(*[LINE] * 50)

        assert len(log.of("rate_jump")) == 2

    def test_what_comes_in_bursts_does_not_jump(self) -> None:
        """Fifty lines every two minutes, again and again, are how it always comes."""
        log = WatchedLog([LINE])
        for _ in range(6):
            log.write(*[LINE] * 50)
            log.wait(120)

        assert log.of("rate_jump") == [log.told[0]]

    def test_something_new_is_not_also_a_jump(self) -> None:
        """A cluster that began just now, however often, is told as new alone."""
        log = WatchedLog()
        log.wait(120)

        steady(log, 30, 0.2)

        assert [event.event for event in log.told] == ["new_cluster"]

    @pytest.mark.parametrize("seed", range(10))
    def test_chance_is_no_jump(self, seed: int) -> None:
        """An hour of one rate, heaped as chance heaps it, has no jump."""
        random = Random(seed)  # noqa: S311 - chance to be judged, not a secret
        series, now = Series(0.0), 0.0
        while now < 3600:
            now += random.expovariate(1.0)
            series.add(now)
            assert series.jump(now) is None

    def test_what_calls_itself_a_tests_is_no_past(self) -> None:
        """Thirty of a walk hide no thirty of people's; people's own thirty are how it comes."""
        after_a_walk, after_people = Series(0.0), Series(0.0)
        for _ in range(30):
            after_a_walk.add(12.0, probing=True)
            after_people.add(12.0)
        for _ in range(30):
            after_a_walk.add(61.0)
            after_people.add(61.0)

        assert after_a_walk.jump(64.0) is not None
        assert after_people.jump(64.0) is None

    def test_to_call_oneself_a_test_hides_no_jump(self) -> None:
        """What claims to be a test's counts as anybody's; a walk that comes again is no jump."""
        series = Series(0.0)
        for _ in range(30):
            series.add(61.0, probing=True)
        assert series.jump(64.0) is not None

        for _ in range(30):
            series.add(121.0, probing=True)
        assert series.jump(124.0) is None

    def test_what_is_kept_is_bounded(self) -> None:
        """After a day of entries, ten minutes of counts are kept."""
        series = Series(0.0)
        for second in range(86_400):
            series.add(float(second))

        assert len(series.buckets) <= 121


class TestSilences:
    """What came regularly and does not any more."""

    @pytest.mark.parametrize("period", [5, 30, 60])
    def test_three_missed_beats_are_a_silence(self, period: int) -> None:
        """A heartbeat that misses three beats is told once, with its rhythm."""
        log = WatchedLog()
        for _ in range(10):
            log.write("INFO heartbeat of worker 3")
            log.wait(period)

        log.wait(1.8 * period)
        assert log.told == []
        log.wait(10 * period)

        (event,) = log.told
        assert event.event == "silence"
        assert event.silence is not None
        assert event.silence.rhythm.startswith(f"every {period}.0 s")
        assert event.silence.seconds < 4.5 * period

    def test_what_comes_with_other_values_is_no_silence(self) -> None:
        """A heartbeat whose words change is the same, also before that is known."""
        log = WatchedLog([f"INFO heartbeat of worker {word} at night" for word in WORDS[:6]])
        for _ in range(10):
            log.write("INFO heartbeat of worker amber at night")
            log.wait(5)
        for word in WORDS[6:]:
            log.write(f"INFO heartbeat of worker {word} at night")
            log.wait(5)

        assert log.told == []

    def test_what_comes_all_the_time_has_no_beats(self) -> None:
        """What never pauses has no rhythm, also where parts of it turn out to be the same."""
        one, other = Beats(), Beats()
        for second in range(300):
            one.add(second)
            if second % 30 == 0:
                other.add(second)
        one.join(other)

        assert len(one.spans) == 1
        assert one.silence(1000.0) is None

    def test_what_was_held_back_beats_when_it_came(self) -> None:
        """Entries count from when they were read, not from when it was clear that they end."""
        log = WatchedLog()
        for number in range(12):
            late = 0.6 if number % 2 else 0.0
            log.wait(late)
            came = log.clock.monotonic() - late
            entries = log.entries("INFO heartbeat of worker 3")
            log.watch.take(Arrived("app.log", entries, came=came), log.clock.monotonic())
            log.wait(2.2 - late)
        log.wait(30)

        (event,) = log.told
        assert event.silence is not None
        assert event.silence.rhythm.startswith("every 2.2 s ± 0.0")

    def test_it_is_told_again_when_it_stops_again(self) -> None:
        """What came back for a while and stops again is told again."""
        log = WatchedLog()
        for _ in range(2):
            for _ in range(10):
                log.write("INFO heartbeat of worker 3")
                log.wait(5)
            log.wait(60)

        assert [event.event for event in log.told] == ["silence", "silence"]

    @pytest.mark.parametrize("seed", range(10))
    def test_chance_has_no_silence(self, seed: int) -> None:
        """What comes at random moments is not missed when it does not come."""
        random = Random(seed)  # noqa: S311 - chance to be judged, not a secret
        log = WatchedLog()
        for _ in range(60):
            log.write("INFO somebody logged in")
            log.wait(random.expovariate(0.1))
        log.wait(300)

        assert log.told == []
