"""With which revision something began, as far as a log can tell."""

from time import perf_counter

import pytest

from netra_ops.gardener.facts.deploys.onset import Nature, Shown, onset_of
from netra_ops.gardener.facts.deploys.revisions import Seen, minute_of

_MINUTE = 60_000_000_000


def seen(number: int, start: int, minutes: int, per_minute: int = 20) -> Seen:
    """A revision that wrote the same number of entries in every minute."""
    return Seen(
        "web",
        f"web-{number:05}-abc",
        start * _MINUTE,
        (start + minutes) * _MINUTE - 1,
        minutes * per_minute,
        dict.fromkeys(range(start, start + minutes), per_minute),
    )


def shown(start: int, minutes: int, per_minute: int = 1) -> Shown:
    """A cluster that came in every minute."""
    return Shown.of(
        [(start + at) * _MINUTE + one for at in range(minutes) for one in range(per_minute)]
    )


class TestOnset:
    """What can be said, and what cannot."""

    def test_a_regression(self) -> None:
        """What began with a revision and was due before is a regression, with the last good one."""
        revisions = (seen(1, 0, 60), seen(2, 60, 60), seen(3, 120, 30))

        onset = onset_of(revisions, {"web-00003-abc": shown(121, 29)})

        assert onset.nature is Nature.REGRESSION
        assert (onset.revision, onset.last_good) == ("web-00003-abc", "web-00002-abc")
        assert onset.due_before > 50
        assert onset.after_start == 60.0
        assert "web-00003-abc" in onset.says

    def test_too_little_before(self) -> None:
        """A revision that lived a minute before shows nothing by not having it."""
        revisions = (seen(1, 0, 1), seen(2, 1, 60))

        onset = onset_of(revisions, {"web-00002-abc": shown(1, 60)})

        assert onset.nature is Nature.TOO_LITTLE_BEFORE
        assert onset.last_good is None

    def test_a_rare_thing_is_no_regression(self) -> None:
        """What came once in an hour was not due in the hour before."""
        revisions = (seen(1, 0, 60), seen(2, 60, 60))

        onset = onset_of(revisions, {"web-00002-abc": shown(90, 1)})

        assert onset.nature is Nature.TOO_LITTLE_BEFORE

    def test_also_on_earlier_revisions(self) -> None:
        """What the first revision has, no later one brought."""
        revisions = (seen(1, 0, 60), seen(2, 60, 60))

        onset = onset_of(revisions, {"web-00001-abc": shown(0, 60), "web-00002-abc": shown(60, 60)})

        assert onset.nature is Nature.ALSO_EARLIER
        assert onset.revision is None

    def test_far_more_often(self) -> None:
        """What was rare and became frequent with a revision is told as that, not as new."""
        revisions = (seen(1, 0, 60), seen(2, 60, 60))

        onset = onset_of(
            revisions, {"web-00001-abc": shown(10, 2), "web-00002-abc": shown(60, 60, 5)}
        )

        assert onset.nature is Nature.MORE_OFTEN
        assert onset.revision == "web-00002-abc"

    def test_gone_again(self) -> None:
        """A later revision that had enough to show and does not is where it ended."""
        revisions = (seen(1, 0, 60), seen(2, 60, 60), seen(3, 120, 60))

        onset = onset_of(revisions, {"web-00002-abc": shown(60, 60)})

        assert onset.nature is Nature.REGRESSION
        assert onset.gone_since == "web-00003-abc"

    def test_a_revision_that_only_dies_shows_no_more_than_its_minutes(self) -> None:
        """A crash loop writes little else; its rate by entries alone would make all before good."""
        revisions = (seen(1, 0, 2, per_minute=1000), seen(2, 2, 3, per_minute=8))

        onset = onset_of(revisions, {"web-00002-abc": shown(2, 3, 8)})

        assert onset.nature is Nature.TOO_LITTLE_BEFORE

    def test_an_outage_that_comes_later_is_no_regression(self) -> None:
        """What a revision ran fifty minutes without, at one a minute, it did not bring."""
        revisions = (seen(1, 0, 60), seen(2, 60, 60))

        onset = onset_of(revisions, {"web-00002-abc": shown(110, 10, 5)})

        assert onset.nature is Nature.LATER
        assert (onset.revision, onset.last_good) == (None, None)
        assert "did not begin with it" in onset.says

    def test_one_entry_is_due_rarely(self) -> None:
        """A single entry in the last quarter lies there by chance once in four logs."""
        revisions = (seen(1, 0, 45), seen(2, 45, 15))

        onset = onset_of(revisions, {"web-00002-abc": shown(50, 1)})

        assert onset.nature is Nature.TOO_LITTLE_BEFORE
        assert onset.due_before >= 3

    def test_the_revision_that_made_it_more_frequent_is_named(self) -> None:
        """A revision that has it as rarely as the first one is not blamed for the next one's."""
        revisions = (seen(1, 0, 60), seen(2, 60, 60), seen(3, 120, 60))

        onset = onset_of(
            revisions,
            {
                "web-00001-abc": shown(10, 5),
                "web-00002-abc": shown(70, 5),
                "web-00003-abc": shown(120, 60, 5),
            },
        )

        assert (onset.nature, onset.revision) == (Nature.MORE_OFTEN, "web-00003-abc")

    def test_an_outage_on_a_revision_makes_it_no_cause(self) -> None:
        """What became frequent long after the revision began is not put down to it."""
        revisions = (seen(1, 0, 60), seen(2, 60, 60))

        onset = onset_of(
            revisions,
            {
                "web-00001-abc": shown(10, 2),
                "web-00002-abc": Shown.of(
                    [minute * _MINUTE for minute in (65, *range(110, 120)) for _ in range(5)]
                ),
            },
        )

        assert onset.nature is Nature.ALSO_EARLIER

    @pytest.mark.parametrize("first", [0, 1])
    def test_many_revisions_are_weighed_in_one_go(self, first: int) -> None:
        """Twenty thousand revisions take no time that grows with their square."""
        revisions = tuple(seen(number, number, 1) for number in range(20_000))
        with_it = {one.revision: shown(place, 1) for place, one in enumerate(revisions)}
        begun = dict(list(with_it.items())[first * 19_000 :])

        began = perf_counter()
        onset = onset_of(revisions, begun)

        assert perf_counter() - began < 5
        assert onset.nature is (Nature.REGRESSION if first else Nature.ALSO_EARLIER)

    def test_no_revision(self) -> None:
        """Entries that name none say so."""
        assert onset_of((), {}).nature is Nature.NO_REVISION

    def test_only_one_revision(self) -> None:
        """With one revision nothing can be compared."""
        onset = onset_of((seen(1, 0, 60),), {"web-00001-abc": shown(0, 60)})

        assert onset.nature is Nature.TOO_LITTLE_BEFORE
        assert "only revision" in onset.says

    def test_minutes_are_counted_from_the_epoch(self) -> None:
        """A minute has the same number for every revision."""
        assert minute_of(61 * _MINUTE + 5) == 61
