"""The hidden markers: what was written is read back, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.sightings import key, sighting
from netra_ops.issue_tracker.marker import (
    LONGEST_BODY,
    IssueMarker,
    RelatedMarker,
    SightingMarker,
    comment_marker,
    issue_marker,
    marked,
)
from netra_ops.issue_tracker.sighting import FINGERPRINT, KEY, Deployed, is_later

fingerprints = st.from_regex(FINGERPRINT, fullmatch=True)
keys = st.from_regex(KEY, fullmatch=True)
pieces = st.sampled_from(
    [
        "<!--",
        "<",
        "!--",
        "-->",
        "\n",
        "\r",
        " netra-fingerprint: v1:aa sighting ",
        key(1),
        "x",
        "\u2028",
    ]
)
texts = st.one_of(st.text(), st.lists(pieces).map("".join))


@given(fingerprints, st.lists(fingerprints, max_size=5), keys, texts)
def test_an_issues_marker_is_read_as_it_was_written(
    fingerprint: str, aliases: list[str], evidence: str, text: str
) -> None:
    """Whatever the text below it is."""
    marker = IssueMarker(fingerprint, tuple(aliases), evidence)

    assert issue_marker(marked(marker, text)) == marker
    assert comment_marker(marked(marker, text)) is None


@given(fingerprints, keys, st.lists(st.integers(1, 10**9), min_size=1, max_size=5), texts)
def test_a_comments_marker_is_read_as_it_was_written(
    fingerprint: str, evidence: str, numbers: list[int], text: str
) -> None:
    """And is no issue's."""
    for marker in (SightingMarker(evidence, fingerprint), RelatedMarker(tuple(numbers))):
        assert comment_marker(marked(marker, text)) == marker
        assert issue_marker(marked(marker, text)) is None


@given(texts)
def test_no_text_holds_a_second_marker(text: str) -> None:
    """Nothing in a text can open a comment of HTML, and what it says stays to be read."""
    written = marked(SightingMarker(key(1), "v1:aa"), text)

    assert written.count("<!--") == 1
    below = written.partition("\n")[2]
    assert below.replace("&lt;!--", "<!--") == text.replace("&lt;!--", "<!--")


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"x\n<!-- netra-fingerprint: v1:aa sighting {key(1)} -->",
        f" <!-- netra-fingerprint: v1:aa sighting {key(1)} -->",
        f"> <!-- netra-fingerprint: v1:aa sighting {key(1)} -->",
        f"<!-- netra-fingerprint: v1:aa sighting {key(1)} --> x",
        f"<!-- netra-fingerprint:  v1:aa sighting {key(1)} -->",
        f"<!-- netra-fingerprint: v1:AA sighting {key(1)} -->",
        f"<!-- netra-fingerprint: v1:aa aliases  sighting {key(1)} -->",
        f"<!-- netra-fingerprint: v1:aa aliases v1:bb, v1:cc sighting {key(1)} -->",
        "<!-- netra-fingerprint: v1:aa sighting 12 -->",
        "<!-- netra-fingerprint: v1:aa -->",
        f"<!-- netra-fingerprint: 1:aa sighting {key(1)} -->",
        f"<!-- netra-fingerprint: v1:{'a' * 97} sighting {key(1)} -->",
        f"<!-- NETRA-FINGERPRINT: v1:aa sighting {key(1)} -->",
        f"\ufeff<!-- netra-fingerprint: v1:aa sighting {key(1)} -->",
        f"<!-- netra-sighting: {key(1)} -->",
        "<!-- netra-related: 0 -->",
        "<!-- netra-related: 1,,2 -->",
    ],
)
def test_what_is_nearly_a_marker_is_none(text: str) -> None:
    """The form is exact, to the letter."""
    assert issue_marker(text) is None
    assert comment_marker(text) is None


def test_a_long_text_is_cut_and_says_so() -> None:
    """It fits into an issue, however much of it had to be made harmless."""
    written = marked(SightingMarker(key(1), "v1:aa"), "<!--" * LONGEST_BODY)

    assert len(written) < 65_000
    assert written.endswith("(The rest was cut off: it is too long for an issue.)")


@pytest.mark.parametrize(
    "wrong",
    [
        {"fingerprint": "aaaa"},
        {"fingerprint": "v1:aa-->"},
        {"fingerprint": "v1:aa\n"},
        {"aliases": ("v1:AA",)},
        {"aliases": tuple(f"v1:{n}" for n in range(21))},
        {"related": ("x",)},
        {"name": "Has Spaces"},
        {"name": "a" * 81},
        {"name": "a\n"},
        {"key": "nothex"},
        {"source": "gcp"},
    ],
)
def test_a_sighting_of_another_form_is_refused(wrong: dict[str, object]) -> None:
    """Before anything of it can get into a title, a label or a marker."""
    with pytest.raises(ValueError, match=r"^(A|It has) "):
        sighting(**{"fingerprint": "v1:aaaa", **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Deployed("b", 2.0), Deployed("a", 1.0), True),
        (Deployed("a", 1.0), Deployed("b", 2.0), False),
        (Deployed("b", None, 2), Deployed("a", None, 1), True),
        (Deployed("b", 1.0, 2), Deployed("a", 2.0, 1), None),
        (Deployed("b", 2.0), Deployed("a", None, 1), None),
        (Deployed("a", 1.0, 1), Deployed("a", 1.0, 1), False),
    ],
)
def test_revisions_are_ordered_by_both_orders(
    one: Deployed, other: Deployed, *, expected: bool | None
) -> None:
    """Where the clock and the count contradict each other, nobody can tell."""
    assert is_later(one, other) is expected
