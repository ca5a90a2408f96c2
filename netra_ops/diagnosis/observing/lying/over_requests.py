"""Facts about the failing requests themselves: lines, what went before, how long they took."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import REFUSING, Attempt
from netra_ops.diagnosis.observing.framing.silent import one_value
from netra_ops.diagnosis.observing.framing.telling import absent, seen, several
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.statistics.chances import ORDINARY, RARE, fisher
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Occurrence

_TWO: Final = 2
_ENOUGH: Final = 3
_FEW: Final = 20
"""More distinct requests are not few."""
_HALF: Final = 0.5
_MOST: Final = 0.9
_AT_ONCE: Final = 0.010
"""Seconds."""
_SLOW: Final = 1.0
"""Seconds."""
_WITHIN: Final = 0.02
_MADE: Final = frozenset({Sign.SESSION_CREATED, Sign.AUTHENTICATED, Sign.TOKEN_ISSUED})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SOON: Final = 5_000_000_000
"""Nanoseconds: who is redirected asks again within this."""
_NEXT: Final = 1_500_000_000
"""Nanoseconds: between a redirection and the request it leads to, or lines that tell of it."""
_REFUSALS: Final = frozenset({401, 403})
_NOT_LET_IN: Final = _REFUSALS | {404}
_OF_IDENTITY: Final = re.compile(
    r"(?:^|[^a-z])(?:auth|authn|authz|oauth2?|oidc|sso|saml|jwt|jwts|jwks|authenticat\w*|authoriz\w*"
    r"|authoris\w*|identit\w*|principals?|tokens?|claims?|credentials?|permissions?|security"
    r"|log_?in|sign_?in|current_?user|get_?user|user_?context|who_?am_?i|introspect\w*)(?:[^a-z]|$)",
    re.IGNORECASE,
)
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them."""
    yield from _lines(scene)
    yield from _session_first(scene)
    yield from _time_taken(scene)
    yield from _before_container(scene)
    yield from _redirected(scene)
    yield from _code(scene)


def _lines(scene: Scene) -> Iterator[Observation]:
    """Say whether few requests wrote several error lines each; lines without a request say none."""
    named = [one for one in scene.failing if one.request is not None and one.error_lines]
    if len(named) < _TWO:
        return
    lines = sum(one.error_lines for one in named)
    middle = median(one.error_lines for one in named)
    says = f"{len(named)} distinct requests wrote {lines} error lines."
    if middle >= _TWO and len(named) <= _FEW:
        yield seen(Fact.FEW_REQUESTS_MANY_LINES, says, named, service=scene.service)
    elif (middle < _TWO and len(named) >= _ENOUGH) or len(named) > _FEW:
        yield absent(Fact.FEW_REQUESTS_MANY_LINES, says, named, service=scene.service)


def _session_first(scene: Scene) -> Iterator[Observation]:
    """Say whether something had been made well in the same request before the refusal.

    By the lines of the attempt, and by those of other services that name the same request.
    """
    named = [one for one in scene.failing if one.request is not None or one.shown]
    made: dict[str, list[Occurrence]] = {}
    for sign in _MADE:
        for line in scene.tally.occurrences.get(sign, ()):
            if line.request is not None:
                made.setdefault(line.request, []).append(line)
    before = [(one, first) for one in named if (first := _made_before(one, made)) is not None]
    says = (
        f"In {len(before)} of {len(named)} failing requests a session or credential had been made "
        "successfully before the refusal."
    )
    if len(before) >= _TWO and len(before) >= _HALF * len(named):
        evidence = [number for one, first in before for number in (first.number, _line_of(one))]
        yield seen(Fact.SESSION_BEFORE_REFUSAL, says, evidence, service=scene.service)
    elif not before and made and len(named) >= _ENOUGH:
        yield absent(Fact.SESSION_BEFORE_REFUSAL, says, named, service=scene.service)


def _made_before(attempt: Attempt, made: Mapping[str, Sequence[Occurrence]]) -> Occurrence | None:
    """Give the line that tells so, if it stands before the first that refuses."""
    refused = min(
        ((line.time or 0, line.number) for line in attempt.shown if line.sign in REFUSING),
        default=(attempt.ended, attempt.number),
    )
    ids = {attempt.request, *(line.request for line in attempt.shown)} - {None}
    lines = [line for line in attempt.shown if line.sign in _MADE]
    lines += [line for name in ids for line in made.get(name or "", ())]
    return next((line for line in lines if (line.time or 0, line.number) < refused), None)


def _line_of(attempt: Attempt) -> int:
    """Give the line that tells best that it was refused."""
    return next((line.number for line in attempt.shown if line.sign in REFUSING), attempt.number)


def _time_taken(scene: Scene) -> Iterator[Observation]:
    """Say whether failing requests ended at once, or after one fixed time."""
    timed = [
        one
        for one in scene.failing
        if one.latency is not None and one.place.service == scene.service and not one.is_socket
    ]
    if len(timed) < _ENOUGH:
        return
    took = sorted(one.latency or 0.0 for one in timed)
    middle = median(took)
    at_once = sum(one <= _AT_ONCE for one in took)
    says = f"{len(timed)} failing requests took {middle:.3f} s in the middle"
    if at_once >= _MOST * len(took):
        yield seen(Fact.FAILS_AT_ONCE, f"{says}, {at_once} of them 10 ms or less.", timed)
    elif middle > 10 * _AT_ONCE:
        yield absent(Fact.FAILS_AT_ONCE, f"{says}.", timed)
    slow = [one for one in took if one >= _SLOW]
    value, number = one_value(slow, _WITHIN)
    if number >= max(_ENOUGH, _HALF * len(took)):
        near = [one for one in timed if abs((one.latency or 0) - value) <= _WITHIN * value]
        yield seen(
            Fact.FAILS_AFTER_TIMEOUT,
            f"{number} of {len(took)} failing requests took {value:.1f} s, within 2 %.",
            near,
            subjects=[f"{value:.1f} s"],
            service=scene.service,
        )
    elif len(slow) < (1 - _MOST) * len(took):
        yield absent(Fact.FAILS_AFTER_TIMEOUT, f"{says}.", timed, service=scene.service)


def _before_container(scene: Scene) -> Iterator[Observation]:
    """Say whether refused requests never came to the program.

    Where entries of requests that went well name an instance and those of refused ones do not, they
    came to none; else by lines of the program. That all refused ones show nothing, were they like
    those that went well, must be rarer than ORDINARY (Fisher).
    """
    front = [
        one
        for one in scene.attempts
        if one.place.service == scene.service and one.is_request and one.request is not None
    ]
    refused = [one for one in front if one.matters and one.status in _NOT_LET_IN]
    good = [one for one in front if not one.failed and not one.is_open]
    named = [one for one in good if one.place.instance is not None]
    unnamed = all(one.place.instance is None for one in refused)
    by_name = unnamed and len(named) == len(good) >= _ENOUGH
    came = [one for one in good if by_name or _spoke(scene, one)]
    silent = [one for one in refused if not _spoke(scene, one)]
    if _took_nothing(refused, good):
        yield seen(
            Fact.REFUSED_BEFORE_CONTAINER,
            f"{len(refused)} refused requests took no time at all; {len(good)} others did.",
            refused,
            service=scene.service,
        )
        return
    if len(refused) < _TWO or not came:
        return
    chance = fisher(len(silent), len(refused), len(good) - len(came), len(good))
    says = (
        f"{len(silent)} of {len(refused)} refused requests left neither a line of the program nor "
        f"the name of an instance; {len(came)} of {len(good)} others did."
    )
    if len(silent) == len(refused) and chance < ORDINARY:
        yield seen(Fact.REFUSED_BEFORE_CONTAINER, says, silent, service=scene.service)
    elif len(silent) < _HALF * len(refused):
        heard = [one for one in refused if _spoke(scene, one)]
        if len(heard) >= _HALF * len(refused):
            yield absent(Fact.REFUSED_BEFORE_CONTAINER, says, heard, service=scene.service)


def _took_nothing(refused: Sequence[Attempt], good: Sequence[Attempt]) -> bool:
    """Tell whether a front says of refused requests alone that they took no time: it asked nobody.

    No program answers in none, and the platform writes so of what it refuses by itself.
    """
    if len(refused) < _TWO or len(good) < _ENOUGH:
        return False
    is_none = all(one.is_front and one.latency == 0.0 for one in refused)
    return is_none and all(one.latency is not None and one.latency > 0.0 for one in good)


def _spoke(scene: Scene, attempt: Attempt) -> bool:
    """Tell whether the program wrote a line of it; the entry and the platform's words are none."""
    if not attempt.is_front or any(
        line.number != attempt.number and line.sign is not Sign.PLATFORM_REFUSED
        for line in attempt.shown
    ):
        return True
    return attempt.request in scene.tally.spoke and Sign.PLATFORM_REFUSED not in attempt.signs


def _redirected(scene: Scene) -> Iterator[Observation]:
    """Say whether those who were refused had been redirected just before, by the same request."""
    refused = [one for one in scene.failing if one.status in _REFUSALS and one.is_request]
    refused = refused or _met(scene)
    if len(refused) < _TWO:
        return
    hops = [one for one in scene.attempts if one.status in _REDIRECTS]
    lines = scene.tally.occurrences.get(Sign.REDIRECTED, ())
    before = [
        (one, hop)
        for one in refused
        if (hop := _hop(one, hops)) is not None or (hop := _told(one, lines)) is not None
    ]
    says = f"{len(before)} of {len(refused)} refused requests had been redirected just before."
    if len(before) >= _TWO and len(before) >= _HALF * len(refused):
        numbers = [number for one, hop in before for number in (hop, one.number)]
        yield seen(Fact.REDIRECT_BEFORE_REFUSAL, says, numbers, service=scene.service)
    elif _follow(scene, refused, near := _near(refused, hops, lines)):
        yield seen(
            Fact.REDIRECT_BEFORE_REFUSAL,
            f"{len(near)} of {len(refused)} refused requests came within "
            f"{_NEXT / 10**9:g} s of a redirection to what they ask for, and hardly one that "
            "was answered well.",
            [number for one, hop in near for number in (hop, one.number)],
            service=scene.service,
        )
    elif begun := _redirects_begun(scene, refused, hops):
        yield seen(
            Fact.REDIRECT_BEFORE_REFUSAL,
            f"With {len(refused)} requests that came without a credential began {len(begun)} "
            "redirections to what they ask for; before there was none.",
            [*begun[:3], *refused[:3]],
            service=scene.service,
        )
    elif hops and not (before or near) and len(refused) >= _ENOUGH:
        # What redirects may write no log here: only beside redirections their absence tells.
        yield absent(Fact.REDIRECT_BEFORE_REFUSAL, says, refused, service=scene.service)


def _met(scene: Scene) -> list[Attempt]:
    """Give the refusals that callers met elsewhere, where only their own lines tell of failures."""
    times = sorted(one.ended for one in scene.failing)
    found = []
    for one in scene.attempts:
        if one.status not in _REFUSALS or not one.is_request:
            continue
        at = bisect_left(times, one.ended - _NEXT)
        if at < len(times) and times[at] <= one.ended + _NEXT:
            found.append(one)
    return found if len(found) >= _HALF * len(scene.failing) else []


def _near(
    asked: Sequence[Attempt], hops: Sequence[Attempt], lines: Sequence[Occurrence]
) -> list[tuple[Attempt, int]]:
    """Give the attempts that came at once after a redirection, each with the line of that."""
    moments: list[tuple[int, str | None, int]]
    moments = [(one.ended, (one.path or "").rstrip("/"), one.number) for one in hops]
    moments += [(line.time, None, line.number) for line in lines if line.time is not None]
    moments.sort(key=lambda one: one[0])
    times = [one[0] for one in moments]
    found = []
    for one in asked:
        path = (one.path or "").rstrip("/")
        first, last = (bisect_left(times, one.time + way * _NEXT) for way in (-1, 1))
        hop = next((each for each in moments[first:last] if each[1] in {None, path}), None)
        if hop is not None:
            found.append((one, hop[2]))
    return found


def _follow(scene: Scene, refused: Sequence[Attempt], near: Sequence[tuple[Attempt, int]]) -> bool:
    """Tell whether refusals follow redirections more often than other answers do by chance.

    Callers' ids and addresses are others behind a proxy, so that only the moments tell.
    """
    if len(near) < _ENOUGH or len(near) < _HALF * len(refused):
        return False
    numbers = {one.number for one in refused}
    well = [
        one
        for one in scene.since
        if one.is_request
        and not one.failed
        and one.status not in _REDIRECTS
        and one.place.service == scene.service
        and one.number not in numbers
    ]
    hops = [one for one in scene.attempts if one.status in _REDIRECTS]
    lines = scene.tally.occurrences.get(Sign.REDIRECTED, ())
    also = len(_near(well, hops, lines))
    return fisher(len(near), len(refused), also, len(well)) < RARE


def _redirects_begun(
    scene: Scene, refused: Sequence[Attempt], hops: Sequence[Attempt]
) -> list[Attempt]:
    """Give redirections of what is refused that began with the refusals, if so many did.

    Only if the refused came without a credential, which is what a redirection takes away.
    """
    onset = scene.onset or 0
    paths = {(one.path or "").rstrip("/") for one in refused}
    same = [one for one in hops if (one.path or "").rstrip("/") in paths]
    is_new = bool(same) and onset - _SOON <= same[0].time <= onset + _SOON
    bare = [one for one in refused if Sign.CREDENTIAL_MISSING in one.signs]
    is_told = len(scene.earlier) >= _ENOUGH and len(bare) >= _MOST * len(refused)
    return same if is_new and is_told and len(same) >= _HALF * len(refused) else []


def _hop(refused: Attempt, hops: Sequence[Attempt]) -> int | None:
    """Give the line of a redirect of the same request, or of the same client to the same path."""
    for one in reversed(hops):
        if not 0 <= refused.ended - one.time <= _SOON or one.number == refused.number:
            continue
        if one.request is not None and one.request == refused.request:
            return one.number
        path = (refused.path or "").rstrip("/")
        is_same = refused.client is not None and one.client == refused.client
        if is_same and (one.path or "").rstrip("/") == path:
            return one.number
    return None


def _told(refused: Attempt, lines: Sequence[Occurrence]) -> int | None:
    return next(
        (
            line.number
            for line in lines
            if line.request is not None and line.request == refused.request
        ),
        None,
    )


def _code(scene: Scene) -> Iterator[Observation]:
    """Say whether the code that fails reads the caller's identity, by its file and function."""
    onset = scene.onset or 0
    lines = [
        line
        for line in scene.tally.occurrences.get(Sign.CODE_ERROR, ())
        if line.subject is not None and (line.time or 0) >= onset
    ]
    if not lines:
        return
    of_identity = [line for line in lines if _OF_IDENTITY.search(_words(line.subject or ""))]
    places = sorted({line.subject or "" for line in (of_identity or lines)})
    says = (
        f"{len(of_identity)} of {several(len(lines), 'error')} of the project's own code "
        f"{'is' if len(of_identity) == 1 else 'are'} in code that by its name reads identities."
    )
    numbers = [line.number for line in (of_identity or lines)]
    if len(of_identity) > _HALF * len(lines):
        yield seen(
            Fact.CODE_ERROR_IN_IDENTITY,
            says,
            numbers,
            time=of_identity[0].time,
            subjects=places[:5],
            service=of_identity[0].place.service,
        )
    elif not of_identity:
        yield absent(Fact.CODE_ERROR_IN_IDENTITY, says, numbers, service=lines[0].place.service)


def _words(subject: str) -> str:
    """Part names that are written together, so that their words show."""
    return _HUMP.sub("_", subject)
