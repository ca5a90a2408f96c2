"""The picture of a log: its clusters over time, against what was deployed. One SVG, no script.

Each cluster is a row of cells, one for each equal span of the covered interval; the more entries in
it, the darker the cell. Above them are the revisions of each service as bars, and deployments are
lines through everything.
"""

from collections.abc import Sequence
from html import escape
from math import log1p
from typing import Final

import msgspec

from netra_ops.logs.entries.entry import Level

_LEFT: Final = 300
_WIDTH: Final = 720
_ROW: Final = 22
_BAR: Final = 18
_TOP: Final = 14
_RIGHT: Final = 70
_LETTERS: Final = 44
_TICKS: Final = 6


class Bar(msgspec.Struct, frozen=True):
    """A revision: its name, and from when to when there are entries of it, seconds."""

    name: str
    first: float
    last: float


class Row(msgspec.Struct, frozen=True):
    """A cluster: its name, how bad it is, and how many entries there are in each span."""

    name: str
    level: Level
    counts: tuple[int, ...]


class Mark(msgspec.Struct, frozen=True):
    """A deployment: when, seconds, and what it was."""

    time: float
    says: str


class Timeline(msgspec.Struct, frozen=True):
    """What is drawn.

    Attributes:
        first: When it begins, seconds since the epoch.
        last: When it ends.
        ticks: The labels of equally spaced moments, the first and the last among them.
        bars: The revisions.
        marks: The deployments.
        rows: The clusters.
    """

    first: float
    last: float
    ticks: tuple[str, ...]
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    rows: tuple[Row, ...] = ()


def as_svg(timeline: Timeline) -> str:
    """Draw it; its colours are classes that the page defines."""
    bars, rows = len(timeline.bars), len(timeline.rows)
    body = _TOP + bars * _BAR + 8
    height = body + rows * _ROW + 26
    total = _LEFT + _WIDTH + _RIGHT
    drawn = [
        (
            f'<svg class="timeline" viewBox="0 0 {total} {height}" role="img" '
            'aria-label="Clusters over time, against revisions">'
        )
    ]
    for place, bar in enumerate(timeline.bars):
        drawn += _bar(timeline, bar, _TOP + place * _BAR)
    most = max((max(row.counts, default=0) for row in timeline.rows), default=0)
    for place, row in enumerate(timeline.rows):
        drawn += _row(row, body + place * _ROW, most)
    bottom = body + rows * _ROW
    for mark in timeline.marks:
        x = _x(timeline, mark.time)
        drawn.append(
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 8}" y2="{bottom}">'
            f"<title>{escape(mark.says)}</title></line>"
        )
    drawn += _axis(timeline.ticks, bottom + 18)
    return "".join((*drawn, "</svg>"))


def _bar(timeline: Timeline, bar: Bar, y: int) -> list[str]:
    begin, end = _x(timeline, bar.first), _x(timeline, bar.last)
    return [
        _label(bar.name, y + 12),
        (
            f'<rect class="bar" x="{begin:.1f}" y="{y + 3}" width="{max(2.0, end - begin):.1f}" '
            f'height="{_BAR - 7}" rx="3"><title>{escape(bar.name)}</title></rect>'
        ),
    ]


def _row(row: Row, y: int, most: int) -> list[str]:
    drawn = [_label(row.name, y + 15)]
    width = _WIDTH / max(1, len(row.counts))
    kind = "bad" if row.level >= Level.ERROR else "odd" if row.level >= Level.WARNING else "calm"
    for place, count in enumerate(row.counts):
        if count:
            shade = 0.25 + 0.75 * log1p(count) / log1p(most)
            drawn.append(
                f'<rect class="{kind}" x="{_LEFT + place * width:.1f}" y="{y + 3}" '
                f'width="{max(1.5, width - 1):.1f}" height="{_ROW - 6}" '
                f'fill-opacity="{shade:.2f}"><title>{count}</title></rect>'
            )
    drawn.append(
        f'<text class="count" x="{_LEFT + _WIDTH + 8}" y="{y + 15}">{sum(row.counts)}</text>'
    )
    return drawn


def _axis(ticks: Sequence[str], y: int) -> list[str]:
    step = _WIDTH / max(1, len(ticks) - 1)
    return [
        f'<text class="tick" x="{_LEFT + place * step:.1f}" y="{y}" text-anchor='
        f'"{"start" if place == 0 else "end" if place == len(ticks) - 1 else "middle"}">'
        f"{escape(text)}</text>"
        for place, text in enumerate(ticks)
    ]


def _label(text: str, y: int) -> str:
    short = text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"
    return (
        f'<text class="name" x="{_LEFT - 10}" y="{y}" text-anchor="end">{escape(short)}'
        f"<title>{escape(text)}</title></text>"
    )


def _x(timeline: Timeline, time: float) -> float:
    length = max(timeline.last - timeline.first, 1e-9)
    return _LEFT + _WIDTH * min(1.0, max(0.0, (time - timeline.first) / length))


def moments(first: float, last: float) -> tuple[float, ...]:
    """Give equally spaced moments for the labels of the axis, the first and the last among them."""
    return tuple(first + (last - first) * place / (_TICKS - 1) for place in range(_TICKS))
