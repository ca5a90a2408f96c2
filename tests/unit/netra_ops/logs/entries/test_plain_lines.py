"""What plain lines say before their messages."""

import pytest

from netra_ops.logs.entries import Level
from netra_ops.logs.entries.heads.header import header_of
from netra_ops.logs.entries.heads.layout import layout_of

SECOND = 1_000_000_000
NOW = 1_757_937_600 * SECOND  # 2025-09-15T12:00:00Z
EARLIER = NOW - 43_200 * SECOND + 2_588 * SECOND  # 00:43:08 of that day


@pytest.mark.parametrize(
    ("line", "time", "level", "logger", "message"),
    [
        (
            "2025-09-15T00:43:08Z ERROR shop.cart: no price",
            EARLIER,
            Level.ERROR,
            "shop.cart",
            "no price",
        ),
        (
            "2025-09-15 00:43:08,123 - shop.cart - WARNING - slow",
            EARLIER + 123_000_000,
            Level.WARNING,
            "shop.cart",
            "slow",
        ),
        (
            "[2025-09-15 00:43:08 +0000] [14] [ERROR] Worker exited",
            EARLIER,
            Level.ERROR,
            None,
            "Worker exited",
        ),
        (
            "2025-09-15 02:43:08+02:00 INFO [main] com.shop.Pool - taken: 3",
            EARLIER,
            Level.INFO,
            "com.shop.Pool",
            "taken: 3",
        ),
        (
            "2025-09-15 00:43:08.000  WARN 7 --- [nio-1] c.shop.Web    : late",
            EARLIER,
            Level.WARNING,
            "c.shop.Web",
            "late",
        ),
        (
            "2025/09/15 00:43:08 [error] 31#31: *1 connect() failed",
            EARLIER,
            Level.ERROR,
            None,
            "*1 connect() failed",
        ),
        (
            "E0915 00:43:08.000000    12 pool.go:41] no pool",
            EARLIER,
            Level.ERROR,
            "pool.go:41",
            "no pool",
        ),
        (
            "Sep 15 00:43:08 web-1 sshd[42]: closed by 10.0.0.1",
            EARLIER,
            Level.DEFAULT,
            "sshd",
            "closed by 10.0.0.1",
        ),
        (
            "<11>Sep 15 00:43:08 web-1 shop: no price",
            EARLIER,
            Level.ERROR,
            "shop",
            "no price",
        ),
        (
            "[Mon Sep 15 00:43:08 2025] [notice] child started",
            EARLIER,
            Level.NOTICE,
            None,
            "child started",
        ),
        (
            '10.0.0.1 - ann [15/Sep/2025:00:43:08 +0000] "GET / HTTP/1.1" 200 12',
            EARLIER,
            Level.DEFAULT,
            None,
            '"GET / HTTP/1.1" 200 12',
        ),
        ("1757896988 INFO ready", EARLIER, Level.INFO, None, "ready"),
        ("1757896988.25 ready", EARLIER + SECOND // 4, Level.DEFAULT, None, "ready"),
        ("00:43:08 INFO ready", None, Level.INFO, None, "ready"),
        ("INFO:     10.0.0.1 said hello", None, Level.INFO, None, "10.0.0.1 said hello"),
        ("[WARN] slow", None, Level.WARNING, None, "slow"),
        (
            "ERROR [mailroom] start-up check failed: no template",
            None,
            Level.ERROR,
            None,
            "start-up check failed: no template",
        ),
    ],
)
def test_a_header_is_recognised(
    line: str, time: int | None, level: Level, logger: str | None, message: str
) -> None:
    """Time, level and logger are read from what programs write first; the rest is the message."""
    header = header_of(line, NOW)

    assert header is not None
    assert (header.time, header.level, header.logger) == (time, level, logger)
    assert line[header.end :] == message


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Order 17 is packed",
        '  File "/app/x.py", line 3, in f',
        "Information about orders",
        "errors: none",
        "Every 5 minutes",
        "12 orders",
        "2025 was a good year",
    ],
)
def test_a_message_is_no_header(line: str) -> None:
    """What merely begins with a number or a word is left in the message."""
    assert header_of(line, NOW) is None


def test_who_asked_a_web_server_is_the_principal() -> None:
    """The user of an access log's line is kept, a dash is nobody."""
    line = '10.0.0.1 - {} [15/Sep/2025:00:43:08 +0000] "GET / HTTP/1.1" 200 12'
    known, nobody = header_of(line.format("ann"), NOW), header_of(line.format("-"), NOW)

    assert known is not None
    assert nobody is not None
    assert (known.principal, nobody.principal) == ("ann", None)


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("Sep 14 10:00:00 a b: c", 1_757_844_000),
        ("Dec 31 10:00:00 a b: c", 1_735_639_200),
        ("Feb 29 10:00:00 a b: c", 1_709_200_800),
    ],
)
def test_a_date_without_a_year_is_the_latest_such(line: str, seconds: int) -> None:
    """A day that would be months ahead was last year's."""
    header = header_of(line, NOW)

    assert header is not None
    assert header.time == seconds * SECOND


def test_a_date_without_a_year_needs_a_present() -> None:
    """Where nothing says when now is, such a date is no time."""
    header = header_of("Sep 14 10:00:00 a b: c", 0)

    assert header is not None
    assert header.time is None


@pytest.mark.parametrize("text", ["a$$" * 2_000, "a." * 5_000 + " ", "[" * 5_000, "+-" * 5_000])
def test_long_lines_of_one_kind_cost_no_more_than_others(text: str) -> None:
    """No header's pattern takes longer than a moment for what repeats without end."""
    assert header_of(f"2025-09-15 00:43:08 INFO {text}x", NOW) is not None


def test_columns_before_the_header_are_learned() -> None:
    """Where a node and an epoch stand before each line's level, they are no part of messages."""
    lines = [
        f"- 11178385{number} node-{number} R0{number % 4}-M1 RAS KERNEL INFO {said}"
        for number, said in enumerate(["cache error corrected", "core dumped: 7"] * 20, 10)
    ]
    layout = layout_of(lines)

    assert layout is not None
    begin, time = layout.before(lines[3], NOW)
    header = header_of(lines[3], NOW, begin)
    assert header is not None
    assert lines[3][header.end :] == "core dumped: 7"
    assert time == 1_117_838_513 * SECOND
    assert layout.before("Order 17 is packed", NOW) == (0, None)


def test_lines_that_begin_with_their_header_have_no_columns() -> None:
    """Lines that begin with a time, and lines without any, have nothing before their headers."""
    assert layout_of([f"2025-09-15 00:43:{n} INFO hello" for n in range(10, 50)]) is None
    assert layout_of([f"Order {n} is packed" for n in range(40)]) is None
    assert layout_of([]) is None
