"""What the many libraries, servers and platforms say, each in its own words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from netra_ops.diagnosis.signs.lexicon.every import PHRASES
from netra_ops.diagnosis.signs.meaning import Lexicon
from netra_ops.diagnosis.signs.sign import Sign

LINES = Path(__file__).parents[3] / "corpus" / "said_lines.txt"
NONE = "none"
MAY_STAND_BESIDE = frozenset({Sign.START_FAILED, Sign.NOT_CONFIGURED, Sign.EXITED})
GOOD_NEWS = frozenset(
    {
        *(Sign.STARTING, Sign.STARTED, Sign.AUTHENTICATED, Sign.SESSION_CREATED),
        *(Sign.TOKEN_ISSUED, Sign.LOGGED_IN, Sign.CONFIGURED, Sign.KEY_ROTATED),
        *(Sign.DEPLOYED, Sign.TRAFFIC_CHANGED, Sign.SOCKET_OPENED, Sign.BREAKER_CLOSED),
    }
)


def said() -> Iterator[tuple[str, str, str | None]]:
    """Give each line of the corpus with its sign's name and its subject, where one is noted."""
    sign = NONE
    for row in LINES.read_text().splitlines():
        if row.startswith("## "):
            sign = row.removeprefix("## ")
        elif row and not row.startswith("# "):
            line, _, subject = row.partition("\t")
            yield sign, line, subject or None


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    """Give a lexicon, whose memory the tests share as a log's lines do."""
    return Lexicon()


@pytest.mark.parametrize("sign", sorted({sign for sign, _, _ in said()} - {NONE}))
def test_each_voice_is_heard(lexicon: Lexicon, sign: str) -> None:
    """Every line shows its sign and its subject, and no second refusal."""
    wanted = Sign(sign)
    for name, line, subject in said():
        if name != sign:
            continue
        found = lexicon.meanings(line)
        subjects = [one.subject for one in found if one.sign is wanted]

        assert subjects, line
        assert subject is None or subjects == [subject], line
        assert not {one.sign for one in found} - {wanted} - MAY_STAND_BESIDE, line


def test_what_looks_like_a_failure_and_is_none_shows_nothing(lexicon: Lexicon) -> None:
    """Successes, settings, counts of nothing and lines of other matters show no failure."""
    for name, line, _ in said():
        if name == NONE:
            assert not {one.sign for one in lexicon.meanings(line)} - GOOD_NEWS, line


def test_no_sign_that_has_words_lacks_voices() -> None:
    """Whatever has a phrase is said here by somebody."""
    assert {one.sign for one in PHRASES} <= {Sign(name) for name, _, _ in said() if name != NONE}
