"""Facts about what stands around the failing requests: clocks, breakers, secrets that changed."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.telling import absent, seen, several, short
from netra_ops.diagnosis.observing.recorded.reading import is_refused
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Occurrence, Place
from netra_ops.evidence.records.revisions.revision import Kind

_SECOND: Final = 1_000_000_000
_ENOUGH: Final = 5
_TWO: Final = 2
_FRESH: Final = 10 * _SECOND
_EARLY: Final = 120 * _SECOND
_DAY: Final = 86_400 * _SECOND
_AUTH: Final = re.compile(
    r"auth|identity|idp|oidc|jwks|login|sso|token|\bsts\b|introspect|keycloak", re.IGNORECASE
)
_SILENT: Final = (
    Sign.CONNECTION_REFUSED,
    Sign.HOST_UNKNOWN,
    Sign.TIMED_OUT,
    Sign.DEPENDENCY_FAILED,
)


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them."""
    yield from _clocks(scene)
    yield from _breaker(scene)
    yield from _secret(scene)


def _clocks(scene: Scene) -> Iterator[Observation]:
    """Say whether clocks differ: by tokens from the future, and by when entries were received.

    An entry is received after it was written, so the least difference of an instance is how far its
    clock is behind at most, and one below zero how far it is ahead at least. That entries come in
    time says nothing: platforms date them by their own clocks.
    """
    future = [
        (line.issued - line.time, line)
        for lines in scene.tally.occurrences.values()
        for line in lines
        if line.issued is not None and line.time is not None
        if line.issued - line.time > _SECOND
    ]
    if future:
        most = max(ahead for ahead, _ in future) / 1e9
        lines = sorted({line.number for _, line in future})
        yield seen(
            Fact.CLOCKS_DIFFER,
            f"{len(lines)} lines tell of tokens issued up to {most:.1f} s after the line itself.",
            lines,
            time=min(line.time or 0 for _, line in future),
        )
        return
    early = list(_before_it_was_made(scene))
    if early:
        yield from early
        return
    clocks = {
        name: clock for name, clock in scene.tally.account.clocks.items() if clock.count >= _ENOUGH
    }
    yield from _no_token_early(scene)
    if not clocks:
        return
    ahead = {name: -one.least for name, one in clocks.items() if one.least < -_SECOND}
    # `least` begins at the first difference, so it is the true least where that is above zero.
    least = min(one.least for one in clocks.values())
    behind = {name: one.least for name, one in clocks.items() if one.least - least > _SECOND}
    if ahead or (behind and len(clocks) >= _TWO):
        which = ahead or behind
        name, by = max(which.items(), key=lambda one: one[1])
        yield seen(
            Fact.CLOCKS_DIFFER,
            f"{several(len(which), 'instance')} of {len(clocks)} wrote up to {by / 1e9:.1f} s "
            f"{'after' if ahead else 'longer before'} its entries were received"
            f"{'' if ahead else ' than others'}.",
            [_line_of(scene, name)],
            subjects=[short(one) for one in which],
        )


def _before_it_was_made(scene: Scene) -> Iterator[Observation]:
    """See lines of a revision that bear times of before it was made, where its requests do not.

    A program dates its lines by its own clock, and what brings it the requests by another.
    """
    made = {one.name: one for one in scene.bundle.revisions if one.created is not None}
    brought: dict[str | None, int] = {}
    for request in scene.tally.requests:
        if request.is_front and request.time is not None:
            name = request.place.revision
            brought[name] = min(request.time, brought.get(name, request.time))
    for place, instance in scene.tally.instances.items():
        revision = made.get(place.revision or "")
        if revision is None or instance.first is None or place.revision not in brought:
            continue
        created = revision.created or 0
        by = created - instance.first
        if _EARLY < by < _DAY and brought[place.revision] > created - _EARLY:
            yield seen(
                Fact.CLOCKS_DIFFER,
                f"{short(revision.name)} wrote lines dated up to {by / 1e9:.0f} s before it was "
                "made, while the requests that it was brought are dated after that.",
                [instance.number, revision.where],
                subjects=[short(revision.name)],
            )
            return


def _no_token_early(scene: Scene) -> Iterator[Observation]:
    """Say that no clock is seen to differ, where tokens came just after their issue."""
    ages = [
        line.time - line.issued
        for lines in scene.tally.occurrences.values()
        for line in lines
        if line.issued is not None and line.time is not None
    ]
    fresh = [age for age in ages if age <= _FRESH]
    if len(fresh) >= _ENOUGH and not scene.tally.occurrences.get(Sign.CLOCK_DIFFERS):
        yield absent(
            Fact.CLOCKS_DIFFER,
            f"{len(fresh)} tokens came within {_FRESH // _SECOND} s after their issue, and none "
            "before it.",
        )


def _line_of(scene: Scene, instance: str) -> int | str:
    return next(
        (one.number for place, one in scene.tally.instances.items() if place.instance == instance),
        "logs.ndjson",
    )


def _breaker(scene: Scene) -> Iterator[Observation]:
    """Say whether a breaker stays open while what it guards answers others.

    Others are a service of that name or an auth service, in its own log or its audit record, asked
    by somebody; a probe of it; or other instances of the same service, which do the same work.
    """
    lines = scene.tally.occurrences.get(Sign.BREAKER_OPEN, ())
    if not lines:
        return
    left_open = _left_open(scene, lines)
    if left_open is not None:
        yield left_open
        return
    times = sorted(line.time for line in lines if line.time is not None)
    if len(times) < _TWO:
        return
    first, last = times[0], times[-1]
    silent = [
        line
        for sign in _SILENT
        for line in scene.tally.occurrences.get(sign, ())
        if line.time is not None and line.time <= last
    ]
    failed = [line.time or 0 for line in silent]
    since = max((one for one in failed if one < last), default=first)
    open_since = [line for line in lines if line.time is not None and line.time > since]
    answering = _answering(scene, lines, _named_by(lines) or _named_by(silent), (since, last))
    numbers = [*[line.number for line in open_since[-2:]], *answering[:3]]
    if len(open_since) >= _TWO and len(answering) >= _TWO:
        yield seen(
            Fact.BREAKER_OPEN_AFTER_RECOVERY,
            f"A breaker refused {len(open_since)} calls after the last failure of what it guards, "
            f"while that answered others {len(answering)} times.",
            numbers,
            time=open_since[0].time,
            service=lines[0].place.service,
        )
    elif sum(first < one <= last for one in failed) > _TWO and not answering:
        yield absent(
            Fact.BREAKER_OPEN_AFTER_RECOVERY,
            "What the breaker guards went on failing while it was open.",
            [line.number for line in lines],
            service=lines[0].place.service,
        )


def _left_open(scene: Scene, lines: Sequence[Occurrence]) -> Observation | None:
    """See a breaker that opened, and closed elsewhere in the service but not here.

    Where a program tells of every change, that it does not tell of one is that there was none.
    """
    last = {line.place: line for line in lines if line.time is not None}
    closed = [line for line in scene.tally.occurrences.get(Sign.BREAKER_CLOSED, ()) if line.time]
    for place, opened in last.items():
        since = opened.time or 0
        own = [one for one in closed if one.place == place and (one.time or 0) > since]
        others = [
            one
            for one in closed
            if one.place != place
            and one.place.service == place.service
            and one.subject == opened.subject
            and (one.time or 0) > since
        ]
        if own or not others:
            continue
        back = others[0].time or 0
        # An instance that nobody asks does not try whether what it called is back.
        worked = [one.ended for one in scene.attempts if one.place == place and one.ended > back]
        if len(worked) < _ENOUGH or max(worked) <= back + _FRESH:
            continue
        by = (max(worked) - back) / 1e9
        return seen(
            Fact.BREAKER_OPEN_AFTER_RECOVERY,
            f"The breaker of {_place(place)} opened and is not said to have closed in the "
            f"{by:.0f} s after the one of {_place(others[0].place)} had.",
            [opened.number, others[0].number],
            time=others[0].time,
            subjects=[_place(place)],
            service=place.service,
        )
    return None


def _place(place: Place) -> str:
    return place.revision or short(place.instance or place.service or "one instance")


def _named_by(lines: Iterable[Occurrence]) -> set[str]:
    return {line.subject.lower() for line in lines if line.subject}


def _answering(
    scene: Scene, lines: Sequence[Occurrence], guarded: set[str], between: tuple[int, int]
) -> list[int | str]:
    """Give what shows that the dependency answers between two moments.

    What an unnamed breaker guards is what failed before it opened.
    """
    since, last = between
    tripped = {line.place for line in lines}
    services = {line.place.service for line in lines}
    found: list[int | str] = []
    for probe in scene.bundle.probes:
        is_between = probe.time is not None and since < probe.time <= last
        if probe.ok and is_between and _is_guarded(f"{probe.name} {probe.target}", guarded):
            found.append(probe.where)
    if _is_guarded("auth", guarded):
        found += [
            record.where
            for record in scene.bundle.audit
            if record.time is not None and since < record.time <= last and not is_refused(record)
        ]
    for one in scene.attempts:
        if not since < one.ended <= last or one.failed or not one.is_request:
            continue
        if one.place.service not in services:
            if one.place.service is not None and _is_guarded(one.place.service, guarded):
                found.append(one.number)
        elif one.place.instance is not None and one.place not in tripped and not one.is_open:
            found.append(one.number)
    return found


def _is_guarded(words: str, guarded: set[str]) -> bool:
    """Tell whether words name what is guarded, or an auth service where that is not named."""
    plain = re.sub(r"[^a-z0-9]", "", words.lower())
    for name in guarded:
        bare = re.sub(r"[^a-z0-9]|(?:breaker|circuit|service|client)", "", name)
        if len(bare) > _TWO and bare in plain:
            return True
        if _AUTH.search(name) and _AUTH.search(words):
            return True
    return not guarded and _AUTH.search(words) is not None


def _secret(scene: Scene) -> Iterator[Observation]:
    """Say whether what reads a secret was started before the secret changed.

    Where revisions name their secrets, only those count that refer to the one that changed.
    """
    if scene.onset is None or scene.service is None:
        return
    changes = [
        line
        for line in scene.tally.occurrences.get(Sign.SECRET_CHANGED, ())
        if line.time is not None and line.time <= scene.onset
    ]
    readers = _readers(scene)
    changes = [one for one in changes if readers is None or _named(one.subject, readers)]
    if not changes:
        return
    change = changes[-1]
    starts = _starts(scene)
    before = [name for name, start in starts.items() if start < (change.time or 0)]
    says = (
        f"A secret changed {((scene.onset - (change.time or 0)) / 1e9):.0f} s before the onset; "
        f"{len(before)} of {several(len(starts), 'failing instance')} had started before."
    )
    if before and len(before) == len(starts):
        yield seen(
            Fact.SECRET_NEWER_THAN_INSTANCES,
            says,
            [change.number, *scene.failing[:2]],
            time=change.time,
            subjects=[change.subject] if change.subject else [],
            service=scene.service,
        )
    elif starts and not before:
        yield absent(Fact.SECRET_NEWER_THAN_INSTANCES, says, [change.number], service=scene.service)


def _readers(scene: Scene) -> set[str] | None:
    """Give the secrets that the service's revisions refer to; None if no revision is there."""
    own = [one for one in scene.bundle.revisions if one.service == scene.service]
    if not own:
        return None
    return {
        variable.secret.lower()
        for one in own
        for variable in one.variables
        if variable.kind is Kind.SECRET and variable.secret
    }


def _named(subject: str | None, secrets: set[str]) -> bool:
    if subject is None:
        return True
    return any(part in secrets for part in re.split(r"[\s/:]+", subject.lower()))


def _starts(scene: Scene) -> dict[str, int]:
    """Give when the failing instances last started before they failed."""
    failing = {one.place for one in scene.failing if one.place.service == scene.service}
    found: dict[str, int] = {}
    for place, instance in scene.tally.instances.items():
        if place in failing and place.instance is not None and instance.first is not None:
            began = [one for one in instance.starts if one <= (scene.onset or 0)]
            found[place.instance] = max(began, default=instance.first)
    return found
