"""Tests of `netra.ids`: names that sort, names that can be traced, and names nobody can guess."""

import re
import time

import pytest

from netra import ids


def test_a_row_id_is_a_prefix_and_twenty_six_letters() -> None:
    """As a ULID in Crockford's letters, which cannot be misread."""
    assert re.fullmatch(r"thr_[0-9a-hjkmnp-tv-z]{26}", ids.row_id("thr"))


def test_row_ids_sort_by_the_time_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids of later milliseconds are greater as texts, across centuries."""
    moments = [0, 1, 31, 32, 10**9, 1_800_000_000_000, 1_800_000_000_001, 2**48 - 1]
    made = []
    for moment in moments:
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment * 1_000_000)
        made.append(ids.row_id("msg"))

    assert made == sorted(made)
    assert {len(name) for name in made} == {30}


def test_row_ids_of_one_millisecond_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eighty random bits part them."""
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_000_000_000)

    made = {ids.row_id("msg") for _ in range(10_000)}

    assert len(made) == 10_000


@pytest.mark.parametrize(
    ("make", "prefix"), [(ids.request_id, "req"), (ids.correlation_id, "debug_corr")]
)
def test_a_traceable_id_says_when_and_in_which_order(make: object, prefix: str) -> None:
    """Prefix, epoch milliseconds, a counter that goes up, eight hex digits."""
    assert callable(make)
    before = time.time_ns() // 1_000_000
    parsed = [re.fullmatch(rf"{prefix}_(\d+)_(\d+)_[0-9a-f]{{8}}", make()) for _ in range(3)]
    after = time.time_ns() // 1_000_000

    found = [(int(match[1]), int(match[2])) for match in parsed if match]
    assert len(found) == 3
    assert all(before <= milliseconds <= after for milliseconds, _ in found)
    assert [count for _, count in found] == sorted({count for _, count in found})


def test_a_random_token_has_256_bits_in_base64url() -> None:
    """Codes, session ids and refresh tokens cannot be guessed (checklist 50)."""
    made = {ids.random_token() for _ in range(1000)}

    assert len(made) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in made)
