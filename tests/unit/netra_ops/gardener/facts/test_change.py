"""When a rate changed."""

from random import Random

import pytest

from netra_ops.gardener.facts.change import change_of


class TestChange:
    """The moment that divides best, if it divides clearly."""

    def test_it_begins(self) -> None:
        """From none to many is found where it begins."""
        change = change_of([0] * 40 + [6] * 20)

        assert change is not None
        assert (change.index, change.before, change.after, change.rises) == (40, 0.0, 6.0, True)

    def test_it_ends(self) -> None:
        """From many to none is a change that falls."""
        change = change_of([9] * 30 + [0] * 30)

        assert change is not None
        assert (change.index, change.rises) == (30, False)

    @pytest.mark.parametrize("seed", range(30))
    def test_one_rate_has_none(self, seed: int) -> None:
        """Counts of one rate have no moment, wherever chance heaps them."""
        random = Random(seed)  # noqa: S311 - chance to be judged, not a secret
        counts = [sum(random.random() < 0.05 for _ in range(100)) for _ in range(60)]

        assert change_of(counts) is None

    def test_few_say_nothing(self) -> None:
        """Three entries, all at the end, are not enough to speak of a change."""
        assert change_of([0] * 57 + [1, 1, 1]) is None
        assert change_of([0] * 60) is None
        assert change_of([]) is None
