"""Whatever order lines come in, what is new is told once, and what was there is not."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.watched_log import WatchedLog
from netra_ops.gardener.following.watch.kinds import Bounds

APART = (
    "ERROR payment {} of order {} failed at the bank",
    "WARNING cache {} is cold",
    "CRITICAL no route from node {}",
    "ERROR lease {} lost after {} ms, giving up for good now",
)
"""Templates whose values are numbers: each is one cluster at once."""
WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath")
LINES = st.one_of(
    st.builds(str.format, st.sampled_from(APART), st.integers(0, 99), st.integers(0, 99)),
    st.sampled_from(WORDS).map("ERROR the door of house {} would not open for the guest".format),
    st.sampled_from(WORDS).map("INFO guest {} went home".format),
)
STEPS = st.lists(st.tuples(st.lists(LINES, max_size=6), st.sampled_from([0.2, 1.0, 3.0])))
BOUNDS = st.sampled_from([None, Bounds(shapes=4, kept=3), Bounds(entries=10)])


def template_of(line: str) -> str | None:
    """Give which of the templates with numbers a line is of."""
    head = " ".join(line.split()[:2])
    return next((one for one in APART if one.startswith(head)), None)


@given(st.lists(LINES, max_size=20), STEPS, BOUNDS)
@settings(max_examples=60, deadline=None)
def test_a_cluster_is_told_at_most_once(
    before: list[str], steps: list[tuple[list[str], float]], bounds: Bounds | None
) -> None:
    """No id and no message is told twice; what is one cluster from the first line is told once."""
    log = WatchedLog(before, bounds=bounds)
    for lines, seconds in steps:
        log.write(*lines)
        log.wait(seconds)
    log.look(is_last=True)

    told = log.of("new_cluster")
    messages = [event.example.message for event in told]
    came = {template_of(line) for lines, _ in steps for line in lines}
    there = {template_of(line) for line in before}
    heads = sorted(" ".join(one.split()[1:2]) for one in came - there if one is not None)
    doors = [message for message in messages if message.startswith("the door")]

    assert len({event.id for event in told}) == len(told)
    assert len(set(messages)) == len(messages)
    assert sorted(one.split()[0] for one in messages if one not in doors) == heads
    assert not {f"ERROR {message}" for message in doors} & set(before)
