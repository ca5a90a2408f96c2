"""Facts by which failures are no incident: tests, other times, what serves nobody, the usual."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import EVERYDAY, Attempt
from netra_ops.diagnosis.observing.framing.telling import absent, seen
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.statistics.chances import ORDINARY, fisher
from netra_ops.diagnosis.observing.statistics.changes import shares
from netra_ops.diagnosis.signs.records.testers import is_of_tests, is_scanned, is_tool
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Caller

_TWO: Final = 2
_ENOUGH: Final = 3
_MANY: Final = 20
_MOST: Final = 0.9
_WAYS: Final = 4
_BURST: Final = 60_000_000_000
"""Nanoseconds."""
_QUARTER: Final = 0.25
_HALF: Final = 0.5
_UNKNOWN: Final = frozenset({404, 405})
_FAULTS_FROM: Final = 500
_EVEN: Final = 0.1
_TOOLKIT: Final = "netra-ops"
_GRACE: Final = 3_600_000_000_000
"""Nanoseconds: what a revision answers within this after its traffic ended was begun before."""
_EVERY_DAY: Final = frozenset(
    {
        "400",
        "401",
        "403",
        "426",
        *(
            sign.value
            for sign in (
                *EVERYDAY,
                Sign.CREDENTIAL_MISSING,
                Sign.TOKEN_MALFORMED,
                Sign.TOKEN_TOO_EARLY,
                Sign.SIGNATURE_REFUSED,
                Sign.ORIGIN_REFUSED,
                Sign.UPGRADE_MISSING,
            )
        ),
    }
)
"""The kinds of refusal that single callers meet where all is well."""
_OF_EVERYDAY: Final = frozenset(sign.value for sign in EVERYDAY)


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them."""
    yield from _unknown_paths(scene)
    yield from _testing_client(scene)
    yield from _age(scene)
    yield from _serving(scene)
    yield from _usual(scene)
    yield from _single(scene)


def _unknown_paths(scene: Scene) -> Iterator[Observation]:
    """Say whether the clients that were refused ask for paths that serve nobody."""
    tried = [one for one in scene.attempts if one.is_request and one.status is not None]
    served = {one.path for one in tried if not one.failed and one.status not in _UNKNOWN}
    strays = [one for one in tried if one.status in _UNKNOWN and one.path not in served]
    clients = {one.client for one in scene.failing if one.client is not None}
    same = [one for one in strays if one.client in clients]
    paths = {one.path for one in same}
    says = (
        f"{len(same)} requests of the refused clients got 404 or 405 on "
        f"{len(paths)} paths that answer nobody well, beside {len(scene.failing)} failures."
    )
    if len(paths) >= _ENOUGH and scene.failing and _of_most(scene, same):
        yield seen(Fact.UNKNOWN_PATHS, says, [*same[:3], *scene.failing[:2]], time=same[0].ended)
    elif not strays and len(tried) >= _MANY and scene.failing:
        yield absent(
            Fact.UNKNOWN_PATHS, f"None of {len(tried)} requests got 404 or 405 on such a path."
        )


def _of_most(scene: Scene, strays: list[Attempt]) -> bool:
    """Tell whether those who ask for such paths are those most refusals are of."""
    clients = {one.client for one in strays}
    own = sum(one.client is not None and one.client in clients for one in scene.failing)
    return own * _TWO >= len(scene.failing)


def _testing_client(scene: Scene) -> Iterator[Observation]:
    """Say whether nearly all failures are of one client that tests, or of some that all do.

    It calls itself a test; or it asks for what scanners look for; or within a minute it is refused
    in more ways than anybody is who wants to be let in: without a token, with a broken one, with
    another's.
    """
    failing = scene.failing
    if len(failing) < _TWO:
        return
    scanners = _scanners(scene)
    for name in ("client", "agent", "principal"):
        counted = Counter(getattr(one, name) for one in failing)
        who, number = counted.most_common(1)[0]
        if who is None or number < _MOST * len(failing):
            continue
        own = [one for one in failing if getattr(one, name) == who]
        why = _why_testing(own, scanners)
        if why is not None:
            yield seen(
                Fact.ONE_TESTING_CLIENT,
                f"{number} of {len(failing)} failures are of one {name}, and {why}.",
                own,
                time=own[0].ended,
            )
            return
    testing = [one for one in failing if one.client in scanners or _tests(one)]
    others = [
        one
        for one in scene.attempts
        if one.ended >= (scene.onset or 0) and not (one.failed or one.is_open or _tests(one))
    ]
    if len(testing) >= _MOST * len(failing) and len(others) >= _TWO:
        yield seen(
            Fact.ONE_TESTING_CLIENT,
            f"{len(testing)} of {len(failing)} failures are of clients that call themselves tests, "
            f"or scan; {len(others)} requests of others went well.",
            [*testing[:3], *others[:2]],
            time=testing[0].ended,
        )
        return
    clients = {one.client or one.principal for one in failing} - {None}
    if len(clients) >= _ENOUGH or not testing:
        known = [one for one in failing if one.client or one.agent or one.principal]
        if len(known) >= _TWO and not any(one.client in _strays(scene) for one in failing):
            yield absent(
                Fact.ONE_TESTING_CLIENT,
                f"{len(failing)} failures are of {len(clients)} clients or principals; "
                f"{len(testing)} of them call themselves tests.",
                known,
            )


def _why_testing(own: list[Attempt], scanners: set[str]) -> str | None:
    """Say by what a client's failures are those of a test; None if by nothing."""
    ways = {kind for one in own for kind in one.kinds}
    if len(ways) >= _WAYS and own[-1].ended - own[0].ended <= _BURST:
        return f"it is refused in {len(ways)} ways within a minute"
    testing = [one for one in own if _tests(one)]
    if len(testing) < _MOST * len(own):
        testing = [] if _is_job(own) else [one for one in own if _tests(one) or _is_by_hand(one)]
    if len(testing) >= _MOST * len(own):
        return "its name, agent or users say that it tests"
    if any(one.client in scanners for one in own):
        return "it asks for what scanners look for"
    return None


def _scanners(scene: Scene) -> set[str]:
    """Give the clients that ask for several things that are not there, and that scanners seek."""
    served = {one.path for one in scene.attempts if not one.failed and one.status not in _UNKNOWN}
    asked: dict[str, set[str]] = {}
    for one in scene.attempts:
        is_stray = one.status in _UNKNOWN and one.path not in served
        if is_stray and one.client and one.path and is_scanned(one.path):
            asked.setdefault(one.client, set()).add(one.path)
    return {client for client, paths in asked.items() if len(paths) >= _TWO}


def _strays(scene: Scene) -> set[str | None]:
    """Give the clients that ask for several paths which are not there."""
    asked: dict[str | None, set[str | None]] = {}
    for one in scene.attempts:
        if one.status in _UNKNOWN and one.client is not None:
            asked.setdefault(one.client, set()).add(one.path)
    return {client for client, paths in asked.items() if len(paths) >= _ENOUGH}


def _is_by_hand(attempt: Attempt) -> bool:
    """Tell whether a request is of a tool with which people try things, and of no service.

    What ends with a fault of the server's is no trial's own doing, whatever it was tried with.
    """
    agent = attempt.agent
    if (attempt.status or 0) >= _FAULTS_FROM:
        return False
    return agent is not None and is_tool(agent) and attempt.caller is not Caller.SERVICE


def _is_job(own: list[Attempt]) -> bool:
    """Tell whether requests for one thing come at even distances of a minute or more."""
    times = [one.time for one in own]
    steps = [later - earlier for earlier, later in pairwise(times)]
    if len(steps) < _ENOUGH or len({one.path for one in own}) > 1:
        return False
    mean = sum(steps) / len(steps)
    return mean >= _BURST and all(abs(step - mean) <= _EVEN * mean for step in steps)


def _tests(attempt: Attempt) -> bool:
    names = (attempt.agent, attempt.principal)
    if any(name is not None and is_of_tests(name) for name in names):
        return True
    if any(line.is_test for line in attempt.shown):
        return True
    # Our toolkit tests, and asks how a service is: that it is not well is the service's own word.
    is_refused = attempt.status is not None and attempt.status < _FAULTS_FROM
    return is_refused and any(name == _TOOLKIT for name in names)


def _age(scene: Scene) -> Iterator[Observation]:
    start = scene.bundle.manifest.start
    if start is None or not (scene.failing or scene.start):
        return
    last = max(
        (*(one.ended for one in scene.failing), *_start_times(scene)), default=scene.onset or 0
    )
    evidence: list[Attempt | int] = [*_start_lines(scene), *scene.failing[-3:]]
    if scene.is_older:
        yield seen(
            Fact.OLDER_THAN_ASKED,
            f"The last failure was at {_moment(last)}, before the window begins at "
            f"{_moment(start)}.",
            evidence,
            time=scene.onset,
        )
    elif last >= start:
        yield absent(Fact.OLDER_THAN_ASKED, "There are failures in the window.", evidence)


def _serving(scene: Scene) -> Iterator[Observation]:
    """Say whether what failed had no traffic any more when it did, or when the window began.

    By what is said of traffic; else if the service's documents do not know the revision and others
    serve well since.
    """
    if scene.service is None or scene.first_bad is None or scene.start is not None:
        return
    own = [one for one in scene.failing if one.place.service == scene.service]
    failing = {one.place.revision or "" for one in own} - {""}
    if not failing:
        return
    last = max(one.ended for one in own)
    moment = last if not scene.is_older else (scene.bundle.manifest.start or last)
    revisions = scene.revisions
    then, before = (
        set(revisions.shares(scene.service, time)) for time in (moment, moment - _GRACE)
    )
    where = [one.where for one in revisions.traffic(scene.service)][-2:]
    names = ", ".join(sorted(failing))
    served = {
        one.revision
        for one in revisions.traffic(scene.service)
        if one.percent > 0 and (one.time is None or one.time < moment)
    }
    if then and not failing & (then | before) and failing <= served:
        yield seen(
            Fact.NOT_SERVING_ANY_MORE,
            f"{names} had no traffic at {_moment(moment)}.",
            [*where, *own[-2:]],
            subjects=sorted(failing),
            service=scene.service,
        )
        return
    listed = [one for one in scene.bundle.revisions if one.service == scene.service]
    known = {one.name for one in listed if not one.is_service}
    well = [
        one
        for one in scene.attempts
        if one.place.service == scene.service
        and one.place.revision in known
        and one.ended > last + _GRACE
        and not one.failed
    ]
    if known and not failing & known and len(well) >= _ENOUGH:
        yield seen(
            Fact.NOT_SERVING_ANY_MORE,
            f"{names} is not among the {len(known)} revisions of the service any more; these "
            f"answered {len(well)} requests well since.",
            [listed[0].where, own[-1], *well[-2:]],
            subjects=sorted(failing),
            service=scene.service,
        )
    elif failing & then and not scene.is_older:
        yield absent(
            Fact.NOT_SERVING_ANY_MORE,
            f"{names} had traffic while it failed.",
            [*where, *own[-2:]],
            service=scene.service,
        )


def _usual(scene: Scene) -> Iterator[Observation]:
    """Say whether the failures jump nowhere.

    By the frame's rise; and the halves of the service's time do not differ by more than chance.
    Where more than a quarter fails, a log without a beginning is no log of the usual; more than
    half, where it is what happens every day and each time to somebody else.
    """
    if scene.rises:
        yield absent(
            Fact.USUAL_RATE,
            "The share of these failures rose at the onset by more than chance does.",
            scene.failing,
            service=scene.service,
        )
    elif scene.rises is None and _is_most(scene):
        yield absent(
            Fact.USUAL_RATE,
            f"{len(scene.failing)} failures are most of what was asked: no day is like that.",
            scene.failing,
            service=scene.service,
        )
    elif scene.rises is False and len(scene.failing) >= _ENOUGH:
        own = [one for one in scene.attempts if one.place.service == scene.service]
        kinds = {kind for one in scene.failing for kind in one.kinds}
        (first, half), (second, rest) = shares([bool(one.kinds & kinds) for one in own])
        most = _HALF if kinds <= _OF_EVERYDAY and _are_others(scene) else _QUARTER
        is_small = first + second <= most * len(own)
        chance = min(fisher(second, rest, first, half), fisher(first, half, second, rest))
        if first and is_small and chance >= ORDINARY:
            says = (
                f"{first} of {half} requests failed so in the first half, {second} of {rest} in "
                "the second."
            )
            yield seen(Fact.USUAL_RATE, says, scene.failing, service=scene.service)
            if kinds <= _OF_EVERYDAY:
                yield seen(Fact.SINGLE_REFUSALS, says, scene.failing, service=scene.service)


def _is_most(scene: Scene) -> bool:
    """Tell whether most requests fail, in a log that tells of the others too."""
    own = [one for one in scene.attempts if one.place.service == scene.service and one.is_request]
    failing = sum(one.matters for one in own)
    return failing >= _MANY and len(own) * _HALF < failing < len(own)


def _are_others(scene: Scene) -> bool:
    """Tell whether hardly anybody is refused twice."""
    who = [one.principal or one.client for one in scene.failing]
    return None not in who and len(set(who)) * _WAYS >= len(who) * _ENOUGH


def _single(scene: Scene) -> Iterator[Observation]:
    """Say whether no more happened than that single callers were refused, as happens every day."""
    failing = scene.failing
    if scene.start is not None or not failing:
        return
    first, last = failing[0].ended, failing[-1].ended
    guarded = [one for one in scene.attempts if one.is_request and not one.is_open]
    well = [one for one in guarded if not one.failed]
    before = sum(one.ended < first for one in well)
    after = sum(one.ended > last for one in well)
    kinds = {kind for one in failing for kind in one.kinds}
    if (
        len(failing) <= _TWO
        and not scene.rises
        and not any(one.ok is False for one in scene.bundle.probes)
        and kinds <= _EVERY_DAY
        and min(before, after) >= _TWO
        and len(failing) * _WAYS <= len(guarded)
    ):
        yield seen(
            Fact.SINGLE_REFUSALS,
            f"{len(failing)} of {len(guarded)} requests were refused; {before} went well before "
            f"and {after} after.",
            failing,
            service=scene.service,
        )
    elif len(failing) > _TWO or not kinds <= _EVERY_DAY:
        yield absent(
            Fact.SINGLE_REFUSALS,
            f"{len(failing)} requests failed, of {len(guarded)}.",
            failing,
            service=scene.service,
        )


def _start_times(scene: Scene) -> list[int]:
    return [line.time for line in scene.start.lines if line.time] if scene.start else []


def _start_lines(scene: Scene) -> list[int]:
    return [line.number for line in scene.start.lines[:2]] if scene.start else []


def _moment(time: int) -> str:
    return f"{datetime.fromtimestamp(time / 1e9, UTC):%Y-%m-%d %H:%M:%S} UTC"
