"""Whether something comes back at a regular interval."""

from random import Random

import pytest

from netra_ops.gardener.facts.rhythm import SECOND, bursts_of, rhythm_of

_MILLISECOND = SECOND // 1000


def times(*seconds: float) -> list[int]:
    """Give times in nanoseconds."""
    return [round(one * SECOND) for one in seconds]


class TestBursts:
    """What comes at once is one burst."""

    def test_a_cascade_is_one(self) -> None:
        """Lines within milliseconds of each other are one failure."""
        assert bursts_of(times(1, 1.003, 1.2, 9, 9.1)) == times(1, 9)

    def test_a_long_one_is_still_one(self) -> None:
        """The pause counts, not the length."""
        assert bursts_of([n * 100 * _MILLISECOND for n in range(50)]) == [0]


class TestRhythm:
    """A restart loop has one, chance has none."""

    def test_a_restart_loop(self) -> None:
        """Every 7.1 s with some jitter, eight lines each, is told to a tenth of a second."""
        random = Random(7)  # noqa: S311 - chance to be judged, not a secret
        found = [
            round((7.1 * beat + random.gauss(0, 0.1) + 0.01 * line) * SECOND)
            for beat in range(15)
            for line in range(8)
        ]

        rhythm = rhythm_of(sorted(found))

        assert rhythm is not None
        assert rhythm.seconds == pytest.approx(7.1, abs=0.1)
        assert rhythm.deviation < 0.2
        assert (rhythm.bursts, rhythm.missed) == (15, 0)
        assert str(rhythm).startswith("every 7.")
        assert str(rhythm).endswith(", 15 bursts")

    def test_a_missing_beat(self) -> None:
        """A beat that is not in the log is counted as missed, and the interval stays."""
        rhythm = rhythm_of([beat * 20 * SECOND for beat in range(20) if beat not in {6, 13}])

        assert rhythm is not None
        assert rhythm.seconds == pytest.approx(20)
        assert rhythm.missed == 2

    @pytest.mark.parametrize("seed", range(40))
    def test_chance_has_none(self, seed: int) -> None:
        """Entries that come by chance are never called regular."""
        random, time, found = Random(seed), 0.0, []  # noqa: S311 - chance to be judged, not a secret
        for _ in range(30):
            time += random.expovariate(0.1)
            found.append(round(time * SECOND))

        assert rhythm_of(found) is None

    def test_too_few_say_nothing(self) -> None:
        """Four bursts are no rhythm, however even."""
        assert rhythm_of(times(0, 10, 20, 30)) is None
        assert rhythm_of([]) is None

    def test_one_instant(self) -> None:
        """A thousand entries of one moment are one burst."""
        assert rhythm_of([5] * 1000) is None

    def test_whole_seconds_are_no_rhythm(self) -> None:
        """What comes by chance and often is not regular for times in whole seconds."""
        random = Random(5)  # noqa: S311 - chance to be judged, not a secret
        found, now = [], 0.0
        for _ in range(300):
            now += random.expovariate(4.0)
            found.append(int(now) * SECOND)

        assert rhythm_of(found) is None

    def test_a_rhythm_in_whole_seconds(self) -> None:
        """A loop of many seconds is one also where times are whole seconds."""
        rhythm = rhythm_of([int(7.1 * beat) * SECOND for beat in range(30)])

        assert rhythm is not None
        assert rhythm.seconds == pytest.approx(7, abs=0.2)
