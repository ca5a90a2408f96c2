"""The picture of an incident: requests and failures over time, and what happened between. Pure.

One SVG without a script; its colours are classes that the page defines.
"""

from datetime import UTC, datetime
from html import escape
from typing import Final

from netra_ops.findings import printable
from netra_ops.reports.document import Event, Picture

_WIDTH: Final = 960
_HEIGHT: Final = 120
_LEFT: Final = 50
_ROW: Final = 16
_TICKS: Final = 5
_NUMBER: Final = 30
_SAME_DAY: Final = 86_400.0


def as_svg(picture: Picture) -> str:
    """Draw it: a bar for each span, its failed part below, and a line for each event."""
    labels = _HEIGHT + 34
    height = labels + _ROW * len(picture.events) + 6
    drawn = [
        (
            f'<svg viewBox="0 0 {_LEFT + _WIDTH + 10} {height}" role="img" '
            'aria-label="Requests and failures over time">'
        )
    ]
    most = max((span.requests for span in picture.spans), default=0)
    width = _WIDTH / max(1, len(picture.spans))
    for place, span in enumerate(picture.spans):
        drawn += _bar(place * width, width, span.requests, span.failed, most)
    drawn.append(f'<text class="tick" x="4" y="14">{most}</text>')
    for place, event in enumerate(picture.events):
        drawn += _event(picture, event, labels + _ROW * (place + 1), place + 1)
    drawn += _numbers(picture)
    drawn += _axis(picture)
    return "".join((*drawn, "</svg>"))


def _bar(x: float, width: float, requests: int, failed: int, most: int) -> list[str]:
    if not most or not requests:
        return []
    whole, bad = _HEIGHT * requests / most, _HEIGHT * failed / most
    left, wide = _LEFT + x, max(1.0, width - 1)
    bars = [
        (
            f'<rect class="good" x="{left:.1f}" y="{_HEIGHT - whole:.1f}" width="{wide:.1f}" '
            f'height="{whole:.1f}"><title>{requests} requests, {failed} failed</title></rect>'
        )
    ]
    if failed:
        bars.append(
            f'<rect class="bad" x="{left:.1f}" y="{_HEIGHT - bad:.1f}" width="{wide:.1f}" '
            f'height="{bad:.1f}"><title>{failed} of {requests} failed</title></rect>'
        )
    return bars


def _event(picture: Picture, event: Event, y: int, number: int) -> list[str]:
    x = _LEFT + _WIDTH * _share(picture, event.time)
    says = escape(printable(event.says))
    return [
        (
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT}">'
            f"<title>{says}</title></line>"
        ),
        (
            f'<text class="event" x="{_LEFT}" y="{y}">{number}. '
            f"{_moment(event.time, short=False)} {says}</text>"
        ),
    ]


def _numbers(picture: Picture) -> list[str]:
    """Number the events under the axis; those that lie too close together share a place."""
    places: list[tuple[float, list[int]]] = []
    for number, event in enumerate(picture.events, 1):
        x = _LEFT + _WIDTH * _share(picture, event.time)
        if places and x - places[-1][0] < _NUMBER:
            places[-1][1].append(number)
        else:
            places.append((x, [number]))
    return [
        f'<text class="number" x="{x:.1f}" y="{_HEIGHT + 30}" text-anchor="middle">'
        f"{numbers[0] if len(numbers) == 1 else f'{numbers[0]}-{numbers[-1]}'}</text>"
        for x, numbers in places
    ]


def _axis(picture: Picture) -> list[str]:
    short = picture.last - picture.first < _SAME_DAY
    drawn = [
        f'<line class="axis" x1="{_LEFT}" x2="{_LEFT + _WIDTH}" y1="{_HEIGHT}" y2="{_HEIGHT}"/>'
    ]
    for place in range(_TICKS + 1):
        share = place / _TICKS
        moment = picture.first + (picture.last - picture.first) * share
        anchor = "start" if place == 0 else "end" if place == _TICKS else "middle"
        drawn.append(
            f'<text class="tick" x="{_LEFT + _WIDTH * share:.1f}" y="{_HEIGHT + 14}" '
            f'text-anchor="{anchor}">{_moment(moment, short=short)}</text>'
        )
    return drawn


def _share(picture: Picture, time: float) -> float:
    length = max(picture.last - picture.first, 1e-9)
    return min(1.0, max(0.0, (time - picture.first) / length))


def _moment(seconds: float, *, short: bool) -> str:
    form = "%H:%M:%S" if short else "%Y-%m-%d %H:%M:%S"
    return datetime.fromtimestamp(seconds, UTC).strftime(form)
