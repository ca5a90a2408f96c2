"""What one and the same request met on different ways, with different headers. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Final
from urllib.parse import urljoin, urlsplit

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.silent import LONG, TIMERS, one_value
from netra_ops.diagnosis.observing.tried.attempt import Credential, End, Tried, Way, told
from netra_ops.diagnosis.observing.wording import counted, observation

_ORIGIN_NONE: Final = re.compile(r"\b(?:no|without(?: an?)?|missing) origin\b|\borigin:? none\b")
_ORIGIN: Final = re.compile(r"\b(?:([\w-]+) )?origin\b")
_ARTICLES: Final = frozenset({"a", "an", "the", "with", "its", "this", "same", "browser", "header"})
_ORIGIN_VALUE: Final = re.compile(r"\borigin:?(?: of)? (https?://[^\s,;]+)")
_PROTOCOL_NONE: Final = re.compile(r"\b(?:no|without(?: an?)?|missing|empty) sub-?protocol")
_PROTOCOL: Final = re.compile(r"\bsub-?protocols?\b|\bsec-websocket-protocol\b|\boffering\b")
_PROTOCOL_VALUE: Final = re.compile(
    r"(?:\bsub-?protocols?:?(?: of| header)?|\bsec-websocket-protocol:?|\boffering|\bproposing) "
    r"([\w.+-]+)"
)
_PROBED: Final = 0.02
"""Ages this near to one another are one: who probes reads a clock too."""
_SWITCHED: Final = 101
_AGE: Final = re.compile(
    r"(?:\w+_)?(?:age|duration|elapsed|open_?for|open|lasted|lifetime|seconds|after|took)"
    r"(?:_?(?:ms|s|sec|seconds))?",
    re.IGNORECASE,
)
_AFTER: Final = re.compile(
    r"\b(?:after|for|at|lasted|lived|age|duration)[ =:]{1,2}(\d+(?:\.\d+)?) ?(ms|s\b|sec|min)",
    re.IGNORECASE,
)
_UNITS: Final = {"ms": 0.001, "mi": 60.0}
_FOLLOWED: Final = re.compile(r"\bfollow|\bredirect")
_HOPS: Final = re.compile(r"redirect|\Ahistory\Z|\Ahops?\Z|\Achain\Z", re.IGNORECASE)
_OPENED: Final = frozenset({End.ADMITTED})
_NOT_OPENED: Final = frozenset({End.REFUSED, End.FAILED})
_FAILING: Final = _NOT_OPENED | {End.SILENT, End.REDIRECTED}


def origins(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether a handshake's end depends on its Origin alone."""
    yield from _decided(tried, Fact.ORIGIN_DECIDES, _origin_of, "Origin")


def subprotocols(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether a handshake's end depends on its subprotocol alone."""
    yield from _decided(tried, Fact.SUBPROTOCOL_DECIDES, _protocol_of, "subprotocol")


def proxies(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether the same request works directly and fails through what is in between."""
    directly = [one for one in tried if one.way is Way.DIRECT]
    through = [one for one in tried if one.way is Way.THROUGH] or [
        one for one in tried if one.way is Way.UNKNOWN
    ]
    pairs = [(a, b) for a, b in product(directly, through) if _are_alike(a, b)]
    telling = [
        (a, b)
        for a, b in pairs
        if a.end is End.ADMITTED
        and a.is_ok is not False
        and b.end in _FAILING
        and not b.is_ok
        and not _was_opened(b)
    ]
    if telling:
        first, second = telling[0]
        yield observation(
            Fact.DIRECT_WORKS_PROXY_FAILS,
            f"{first.probe.name} got {first.status}, and {second.probe.name} got "
            f"{second.status or 'no answer'}.",
            [first.where, second.where],
            time=second.probe.time,
        )
        return
    same = [(a, b) for a, b in pairs if End.UNKNOWN not in {a.end, b.end}]
    if same and all((a.end in _FAILING) == (b.end in _FAILING) for a, b in same):
        first, second = same[0]
        yield observation(
            Fact.DIRECT_WORKS_PROXY_FAILS,
            f"{first.probe.name} got {first.status or 'no answer'}, and {second.probe.name} got "
            f"{second.status or 'no answer'}.",
            [first.where, second.where],
            is_seen=False,
        )


def redirections(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe requests that were sent on to the same place under another scheme or host."""
    moved = [
        one
        for one in tried
        if one.end is End.REDIRECTED and one.expected != one.status and _is_same_place(one)
    ]
    chained = [
        one
        for one in tried
        if one.end is not End.ADMITTED and (_went_on(one) or _differs_by_scheme(one, tried))
    ]
    if moved or chained:
        first = (moved or chained)[0]
        yield observation(
            Fact.REDIRECTED,
            f"{first.probe.name} was redirected ({first.status}).",
            [one.where for one in (*moved, *chained)],
            time=first.probe.time,
        )
        return
    plain = [
        one
        for one in tried
        if one.url is not None
        and one.url.scheme == "http"
        and one.status is not None
        and one.end is not End.REDIRECTED
        and not _FOLLOWED.search(one.text)
    ]
    if plain:
        yield observation(
            Fact.REDIRECTED,
            f"{counted(len(plain), 'probe')} over plain HTTP got an answer and no redirection.",
            [one.where for one in plain],
            is_seen=False,
        )


def _decided(
    tried: Sequence[Tried], fact: Fact, said: Callable[[Tried], str | None], what: str
) -> Iterator[Observation]:
    asked = [one for one in tried if (one.is_socket or said(one)) and not one.is_preflight]
    pairs = [
        (good, bad)
        for good, bad in product(asked, asked)
        if good.end in _OPENED | {End.ADMITTED}
        and bad.end in _NOT_OPENED
        and not (bad.is_negative and bad.is_ok)
        and (good.url or bad.url) is not None
        and good.url == bad.url
        and (
            good.credential == bad.credential
            or Credential.UNKNOWN in {good.credential, bad.credential}
        )
        and said(good) != said(bad)
        and (said(bad) or said(good))
    ]
    if pairs:
        good, bad = pairs[0]
        yield observation(
            fact,
            f"{good.probe.name} was answered with {good.status}, {bad.probe.name} with "
            f"{bad.status}: only the {what} differs.",
            [bad.where, good.where],
            time=bad.probe.time,
            subjects=[text for one in (bad, good) if (text := said(one))],
        )
        return
    ended = [one for one in asked if said(one) is not None and one.end in _OPENED | _NOT_OPENED]
    with_other = {said(one) for one in ended}
    same = len({one.end in _OPENED for one in ended}) == 1
    if len(with_other) > 1 and same and len({one.url for one in ended}) == 1:
        yield observation(
            fact,
            f"{counted(len(ended), 'handshake')} with different {what}s ended alike, with "
            f"{ended[0].status}.",
            [one.where for one in ended],
            is_seen=False,
        )


def _origin_of(one: Tried) -> str | None:
    """Give the Origin that a probe says; `none` where it says that it sends none."""
    if _ORIGIN_NONE.search(one.text):
        return "none"
    found = _ORIGIN_VALUE.search(one.text)
    if found:
        return found[1]
    found = _ORIGIN.search(one.text.partition("://")[0] or one.text)
    if found is None:
        return None
    return found[0] if found[1] and found[1] not in _ARTICLES else "an origin"


def _protocol_of(one: Tried) -> str | None:
    if _PROTOCOL_NONE.search(one.text):
        return "none"
    found = _PROTOCOL_VALUE.search(one.text)
    if found:
        return found[1]
    return "a subprotocol" if _PROTOCOL.search(one.text) else None


def _are_alike(one: Tried, other: Tried) -> bool:
    """Tell whether two probes ask for the same thing on different ways."""
    if one.url is None or other.url is None:
        return False
    return (
        one.url.hostname != other.url.hostname
        and one.path == other.path
        and one.is_socket == other.is_socket
        and one.credential == other.credential
        and one.is_preflight == other.is_preflight
        and one.is_auth == other.is_auth
        and one.is_negative == other.is_negative
    )


def _was_opened(one: Tried) -> bool:
    """Tell whether a socket was opened, however it ended."""
    return one.is_socket and one.status == _SWITCHED


def ages(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe sockets that were cut off at one age, which others outlived on another way or not."""
    lived = [(one, age) for one in tried if _was_opened(one) and (age := _age_of(one)) is not None]
    cut = [(one, age) for one, age in lived if one.is_ok is False and age >= LONG]
    age, number = one_value([age for _, age in cut], _PROBED)
    alike = [one for one, each in cut if abs(each - age) <= _PROBED * age]
    outlived = [one for one, each in lived if one.is_ok is not False and each > age * (1 + _PROBED)]
    is_timer = any(abs(age - timer) <= _PROBED * timer for timer in TIMERS)
    if number > 1 or (number == 1 and is_timer and outlived):
        yield observation(
            Fact.SOCKETS_END_AT_ONE_AGE,
            f"{counted(number, 'probed socket')} of {len(cut)} that were cut off ended at "
            f"{age:.0f} s.",
            [one.where for one in (*alike, *outlived)],
            time=alike[0].probe.time,
            subjects=[f"{age:.0f} s"],
        )


def _age_of(one: Tried) -> float | None:
    """Give after how many seconds a probe's socket ended, where that is told."""
    got = one.probe.got
    if got is None:
        return None
    for name, value in got.fields.items():
        member = _AGE.fullmatch(name)
        if member is not None and isinstance(value, int | float) and not isinstance(value, bool):
            return value / 1e3 if name.lower().endswith("ms") else float(value)
    found = _AFTER.search(told(one.probe))
    if found is None:
        return None
    scale = _UNITS.get(found[2].lower()[:2], 1.0)
    return float(found[1]) * scale


def _is_same_place(one: Tried) -> bool:
    """Tell whether a redirection only changes scheme, host or a slash, and leads to no log-in."""
    got = one.probe.got
    location = "" if got is None else got.headers.get("location", "")
    if one.url is None or not location:
        return False
    try:
        to = urlsplit(urljoin(one.url.geturl(), location))
    except ValueError:
        return False
    return to.path.rstrip("/") == one.url.path.rstrip("/") and to != one.url


def _went_on(one: Tried) -> bool:
    """Tell whether what came back tells of redirections before the last answer."""
    got = one.probe.got
    if got is None:
        return False
    return any(value for name, value in got.fields.items() if _HOPS.search(name)) or any(
        value for name, value in got.headers.items() if "redirect" in name
    )


def _differs_by_scheme(one: Tried, tried: Sequence[Tried]) -> bool:
    """Tell whether what was refused over plain HTTP is admitted over TLS, at the same place."""
    if one.url is None or one.url.scheme not in {"http", "ws"} or one.end is not End.REFUSED:
        return False
    return any(
        other.url is not None
        and other.url.scheme in {"https", "wss"}
        and other.url.hostname == one.url.hostname
        and other.path == one.path
        and other.end is End.ADMITTED
        and other.is_negative == one.is_negative
        for other in tried
    )
