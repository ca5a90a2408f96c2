"""Logs with all that makes counting them hard: out of order, without times, twice, damaged."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from fakes.incident_log import entry

SERVICES = st.sampled_from([None, "web", "web", "shop", "a b", "a?b"])
"""The last two are written the same in names."""
REVISIONS = st.sampled_from([None, "web-00001-aaa", "web-00002-bbb", "odd name", "odd?name", "x"])
SEVERITIES = st.sampled_from([None, "INFO", "INFO", "WARNING", "ERROR", "CRITICAL"])
WORDS = st.sampled_from(["amber", "birch", "cedar", "delta", "ember", "fjord", "3fa9c1", "17"])
TIMES = st.none() | st.integers(0, 40).map(float) | st.floats(0, 9_000).map(lambda t: round(t, 3))
"""Seconds after the start; none for an entry without a time."""
TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "/app/shop/cart.py", line 30, in total',
    "    return self.prices[key]",
    "KeyError: 'price'",
)
STRAY = st.sampled_from(
    [
        *(f"{line}\n".encode() for line in TRACEBACK),
        b"2026-09-15 00:43:08 ERROR shop.cart: no price for 17\n",
        b"1969-12-31 23:59:59 WARNING shop.cart: a clock that stood still\n",
        b'{"textPayload": "broken of\n',
        b"\xff\xfe\xfa not of this world\n",
        b"\n",
    ]
)


def written(one: dict[str, Any]) -> bytes:
    """Write an entry as a line."""
    return json.dumps(one).encode() + b"\n"


def _payloads(word: str, number: int) -> list[dict[str, Any]]:
    """Give what an entry can say of a word and a number."""
    return [
        {"textPayload": f"lease {number} of {word} lost after {number * 7} ms"},
        {"textPayload": f"the door of house {word} would not open"},
        {"textPayload": "\n".join(TRACEBACK)},
        {"jsonPayload": {"message": f"answered in {number} ms", "user": f"usr_{number}"}},
        {"jsonPayload": {"message": "refused", "request_id": f"req_{number}", "user": word}},
        {"jsonPayload": {"event": "order_packed", "message": f"packed {word} {number}"}},
        {
            "httpRequest": {
                "requestMethod": "GET",
                "requestUrl": f"https://shop.example.org/api/orders/{number}",
                "status": 200 + 101 * (number % 4),
            },
            "trace": f"projects/p/traces/{number:032x}",
        },
    ]


@st.composite
def entries(draw: st.DrawFn, after: float | None = None) -> dict[str, Any]:
    """Give an entry of any kind, at so many seconds or at any time."""
    seconds = draw(TIMES) if after is None else after
    word, number = draw(WORDS), draw(st.integers(0, 9))
    payload = draw(st.sampled_from(_payloads(word, number)))
    found = entry(seconds or 0.0, **payload)
    found["resource"] = {
        "type": "cloud_run_revision",
        "labels": {"service_name": draw(SERVICES), "revision_name": draw(REVISIONS)},
    }
    found["severity"] = draw(SEVERITIES)
    # Some come twice, and most by another id.
    found["insertId"] = f"id{number}" if draw(st.booleans()) else f"{seconds}{number}{word}"
    if seconds is None:
        del found["timestamp"], found["receiveTimestamp"]
    return found


@st.composite
def beats(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Give the same entry at a regular interval, with what it carries along."""
    start, period = draw(st.integers(0, 3_000)), draw(st.sampled_from([0.25, 1.0, 7.1, 60.0]))
    number = draw(st.integers(3, 30))
    one, other = draw(entries(0.0)), draw(entries(0.0))
    found = []
    for beat in range(number):
        after = start + beat * period
        for place, like in enumerate((one, other)):
            times = entry(after + place * 0.012)
            found.append(like | {name: times[name] for name in ("timestamp", "receiveTimestamp")})
            found[-1]["insertId"] = f"beat{start}.{period}.{beat}.{place}"
    return found


@st.composite
def odd_logs(draw: st.DrawFn) -> bytes:
    """Give a log of lines: entries in some order, and others among them."""
    made = draw(st.lists(entries(), max_size=25))
    made += [one for more in draw(st.lists(beats(), max_size=3)) for one in more]
    order = draw(st.sampled_from(["as it is", "oldest first", "newest first"]))
    if order != "as it is":
        made.sort(key=_time, reverse=order == "newest first")
    lines = [written(one) for one in made]
    for line in draw(st.lists(STRAY, max_size=6)):
        lines.insert(draw(st.integers(0, len(lines))), line)
    return b"".join(lines)


def _time(one: dict[str, Any]) -> str:
    return str(one.get("timestamp", ""))


def in_halves(log: bytes) -> Sequence[bytes]:
    """Part a log into two files, the later half first."""
    lines = log.splitlines(keepends=True)
    half = len(lines) // 2
    return b"".join(lines[half:]), b"".join(lines[:half])
