"""What holds of mining for any lines in any order."""

import random

from hypothesis import given
from hypothesis import strategies as st

from netra_ops.gardener.mining.clustering import Clustering
from netra_ops.gardener.mining.forms.keys import digit_forms, key_of, marks_of, number_forms
from netra_ops.gardener.mining.forms.masks import tokens_of
from netra_ops.gardener.mining.miner import Miner
from netra_ops.gardener.mining.templates import Reader

_WORDS = st.one_of(
    st.sampled_from(["user", "ada", "bob", "job", "failed", "in", "from", "OK", "FAILED", "..."]),
    st.sampled_from(["10.0.0.1", "7", "42ms", "0x1f", "deadbeef01", "a1-b2-c3-d4-e5", "/a/b"]),
    st.sampled_from(["'x'", "k=v", "(a)", "[1,", "2]", "2026-01-02", "10:20:30", "com.acme.Run"]),
    st.sampled_from(["node-3", "node-44", "x@y.org", "::1"]),
)
_LINES = st.one_of(
    st.lists(_WORDS, max_size=7).map(" ".join),
    st.text(alphabet="abf019 -_.:/='\"()[]x\n\0\1é", max_size=30),
    st.text(max_size=20),
)


def _told(clustering: Clustering) -> set[tuple[object, ...]]:
    return {(one.id, one.plain, one.lines, one.merges) for one in clustering.clusters}


@given(st.lists(_LINES, max_size=40), st.randoms(use_true_random=False), st.integers(1, 50))
def test_the_order_of_lines_and_the_size_of_batches_do_not_matter(
    lines: list[str], rng: random.Random, size: int
) -> None:
    """The same lines in any order, in any batches, are the same clusters with the same ids."""
    whole = Miner()
    ids = whole.add(lines)
    first = whole.clusters()
    shuffled = list(lines)
    rng.shuffle(shuffled)
    parts = Miner()
    for start in range(0, len(shuffled), size):
        parts.add(shuffled[start : start + size])
    second = parts.clusters()

    assert _told(first) == _told(second)
    assert sum(one.lines for one in first.clusters) == len(lines)
    of_line = [first.clusters[first.of_shape[shape]].id for shape in ids]
    again = [second.clusters[second.of_shape[shape]].id for shape in parts.add(lines)]
    assert again == of_line


@given(st.lists(_LINES, max_size=30))
def test_the_same_lines_again_are_the_same_clusters(lines: list[str]) -> None:
    """What an earlier run of the same lines knew changes no cluster and no id."""
    miner = Miner()
    miner.add(lines)
    clustering = miner.clusters()
    again = Miner(known=clustering.known)
    again.add(lines)
    later = again.clusters()

    assert {one.id for one in later.clusters} == {one.id for one in clustering.clusters}
    assert all(one.aliases == () for one in later.clusters)


@given(_LINES)
def test_what_a_line_says_is_read_back_from_its_key(line: str) -> None:
    """Tokens cover the key, and stand in the text where the key has them."""
    (form,) = digit_forms([line])
    readable = form.decode()
    key = key_of(number_forms([form])[0])
    tokens = tokens_of(key)

    assert "".join(token.lead + token.text for token in tokens) == key
    if marks_of(readable)[0] == key:
        parts = Reader(tokens).parts(readable)
        assert "".join(parts) == readable
        assert len(parts) == 2 * len(tokens) - 1
