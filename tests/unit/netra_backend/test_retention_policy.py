"""What is old enough to be deleted, and who is certainly gone."""

import pytest

from netra_backend.app.retention.policy import Gone, PlacedEvent, cutoffs, gone, journal_cut

OLD, YOUNG = "2026-01-01T00:00:00.000000Z", "2026-06-01T00:00:00.000000Z"
BEFORE = "2026-03-01T00:00:00.000000Z"


def journal(*marks: str) -> list[PlacedEvent]:
    """Write a journal: `a+` is an old event of run a, `a-` a young one."""
    return [
        PlacedEvent(seq, mark[0], OLD if mark[1] == "+" else YOUNG)
        for seq, mark in enumerate(marks, start=1)
    ]


def test_days_are_reckoned_back_from_now_and_none_are_for_ever() -> None:
    """Each kind has its own moment, and 0 days have none."""
    some = cutoffs(conversation_days=1, event_days=2, usage_days=0, now=864_000.0)
    none = cutoffs(conversation_days=0, event_days=0, usage_days=0, now=864_000.0)

    assert some.conversations == 9 * 86_400 * 1_000_000
    assert some.events == "1970-01-09T00:00:00.000000Z"
    assert some.usage is None
    assert (none.conversations, none.events, none.usage) == (None, None, None)


@pytest.mark.parametrize(
    ("marks", "unfinished", "cut"),
    [
        ((), "", 0),
        (("a+", "a+", "b-"), "", 2),
        (("a+", "b+", "a+", "c-"), "b", 1),
        (("b+", "a+", "c-"), "b", 0),
        (("a+", "a-", "b+", "b+"), "", 1),
        (("a+", "a+"), "", 1),
    ],
)
def test_only_the_old_beginning_of_a_journal_goes(
    marks: tuple[str, ...], unfinished: str, cut: int
) -> None:
    """Nothing behind a young event or one of an unfinished run goes, nor the last event of all."""
    found = journal(*marks)

    assert journal_cut(found, set(unfinished), head=len(found), before=BEFORE) == cut


def test_who_is_said_to_be_gone_twice_is_certain() -> None:
    """Once makes a suspect; who is known again is no longer one."""
    said = {"a": True, "b": True, "c": False}

    assert gone(said, {"a", "c"}) == Gone(frozenset("a"), frozenset("ab"), is_doubtful=False)
    assert gone({}, {"a"}) == Gone(frozenset(), frozenset(), is_doubtful=False)


def test_if_nobody_is_known_nobody_is_certain() -> None:
    """An auth service that knows none of the people is another one, or an empty one."""
    assert gone({"a": True}, {"a"}) == Gone(frozenset(), frozenset(), is_doubtful=True)
