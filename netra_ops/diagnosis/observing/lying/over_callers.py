"""Facts about how the failures lie over those who called: users, services, subjects, clients."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import SUCCEEDING, Attempt
from netra_ops.diagnosis.observing.framing.telling import absent, seen, several
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.statistics.chances import ORDINARY, RARE, fisher, for_any_of
from netra_ops.diagnosis.signs.sign import Sign
from netra_ops.diagnosis.signs.tally import Caller

_TWO: Final = 2
_ENOUGH: Final = 5
_MANY: Final = 5
"""Of fewer subjects none are few."""
_FEW: Final = 0.2
_HALF: Final = 0.5
_PERSONS_AGENT: Final = re.compile(r"Mozilla/|okhttp|CFNetwork|Dart/|Dalvik", re.IGNORECASE)
_UNAUTHORISED: Final = frozenset({401, 403})
_OF_SERVICES: Final = frozenset(
    {
        Sign.CLIENT_REFUSED.value,
        Sign.CLIENT_UNKNOWN.value,
        Sign.CLIENT_SECRET_WRONG.value,
        Sign.WORKLOAD_KEY_REFUSED.value,
    }
)


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them."""
    yield from _users(scene)
    yield from _services(scene)
    yield from _others_succeed(scene)
    yield from _log_in(scene)
    yield from _open_routes(scene)
    yield from _few(scene)
    yield from _nobody(scene)


def is_person(attempt: Attempt) -> bool:
    """Tell whether a person asked: the log says so, or nothing else and the agent is a browser."""
    if attempt.caller is Caller.USER:
        return True
    return attempt.caller is not Caller.SERVICE and _is_persons(attempt.agent or "")


@lru_cache(maxsize=10_000)
def _is_persons(agent: str) -> bool:
    return _PERSONS_AGENT.search(agent) is not None


def _users(scene: Scene) -> Iterator[Observation]:
    """Say whether users' requests fail.

    They do if two or more fail; they do not if none of five or more does. They go on as before if
    none of the failures is theirs, or their share of failures is not above that before by more than
    chance.
    """
    since = [one for one in scene.since if is_person(one) and not one.is_open]
    bad = [one for one in since if one.matters]
    good = [one for one in since if not one.failed]
    says = f"{len(bad)} of {len(since)} requests of users failed since the onset."
    if len(bad) >= _TWO:
        yield seen(Fact.USERS_FAIL, says, bad, time=bad[0].ended)
        before = [
            one for one in scene.attempts if one.ended < (scene.onset or 0) and is_person(one)
        ]
        failed = sum(one.failed for one in before)
        if len(bad) > len(since) * _HALF or (
            before and fisher(len(bad), len(since), failed, len(before)) < RARE
        ):
            yield absent(Fact.USERS_UNAFFECTED, says, bad)
    elif len(good) >= _ENOUGH and not bad and scene.failing:
        yield absent(Fact.USERS_FAIL, says, good)
        yield seen(Fact.USERS_UNAFFECTED, says, good)


def _services(scene: Scene) -> Iterator[Observation]:
    """Say whether services' own calls fail: those by their identity, or for it."""
    bad = [one for one in scene.failing if one.caller is Caller.SERVICE or one.kinds & _OF_SERVICES]
    calls = [one for one in scene.since if one.caller is Caller.SERVICE]
    good = [one for one in calls if not one.failed]
    says = f"{len(bad)} calls under services' identities failed since the onset, {len(good)} did "
    if bad:
        yield seen(Fact.SERVICE_CALLS_FAIL, f"{says}not.", bad, time=bad[0].ended)
    elif len(good) >= _ENOUGH:
        yield absent(Fact.SERVICE_CALLS_FAIL, f"{says}not.", good)


def _others_succeed(scene: Scene) -> Iterator[Observation]:
    """Say whether others under the identity on which failures are booked succeed meanwhile."""
    names = Counter(
        one.principal
        for one in scene.failing
        if one.caller is Caller.SERVICE and one.principal is not None
    )
    if not names:
        return
    last = max(one.ended for one in scene.failing)
    own = [
        one
        for one in scene.attempts
        if one.principal in names and (scene.onset or 0) <= one.ended <= last
    ]
    bad = [one for one in own if one.matters]
    good = [one for one in own if not one.failed and (one.is_request or one.signs & SUCCEEDING)]
    says = (
        f"Under the {several(len(names), 'service identity', 'service identities')} of the "
        f"failures {len(good)} other requests succeeded in the same time, beside {len(bad)} that "
        "failed."
    )
    if len(good) >= _TWO:
        yield seen(Fact.OTHER_SERVICE_CALLS_SUCCEED, says, [*good[:3], *bad[:2]])
    elif not good and len(bad) >= _ENOUGH and not _may_be_theirs(scene):
        yield absent(Fact.OTHER_SERVICE_CALLS_SUCCEED, says, bad)


def _may_be_theirs(scene: Scene) -> bool:
    """Tell whether requests went well of which nothing says whose they are."""
    return any(
        one.caller is Caller.UNKNOWN and one.principal is None and not is_person(one)
        for one in scene.since
        if one.place.service == scene.service and not one.failed and not one.is_open
    )


def _log_in(scene: Scene) -> Iterator[Observation]:
    """Say whether who logged in since the onset fails afterwards.

    By the same principals where lines name them; else if log-ins succeed and most of what is of the
    failing kind fails.
    """
    gives = {Sign.LOGGED_IN, Sign.TOKEN_ISSUED}
    tried = [one for one in scene.since if one.signs & gives or (one.is_login and one.is_request)]
    good = [one for one in tried if not one.failed]
    bad = [one for one in tried if one.matters]
    later = [one for one in scene.affected if one.matters and not one.is_login]
    if len(bad) >= _TWO and len(bad) > len(good):
        yield absent(
            Fact.LOGIN_WORKS_LATER_FAILS,
            f"{len(bad)} of {len(tried)} log-ins themselves failed.",
            bad,
        )
        return
    if len(good) < _TWO or len(later) < _TWO:
        return
    names = {one.principal for one in good} - {None}
    same = [one for one in later if one.principal in names]
    most = len(later) > _HALF * len([one for one in scene.affected if not one.is_login])
    if len(same) >= _TWO or (most and not any(one.principal for one in later)):
        yield seen(
            Fact.LOGIN_WORKS_LATER_FAILS,
            f"{len(good)} log-ins succeeded since the onset, and {len(same or later)} later "
            "requests failed.",
            [*good[:2], *(same or later)[:3]],
        )


def _nobody(scene: Scene) -> Iterator[Observation]:
    """Say whether nobody is served where it was refused before, and others are known as before.

    By the requests of one path: refused at first and never since, and since then answered well with
    nobody as their user; that others have one shows that tokens are still read.
    """
    by_path: dict[tuple[str | None, str | None], list[Attempt]] = {}
    for one in scene.attempts:
        if one.is_request and one.path is not None and not one.is_open and not one.is_login:
            by_path.setdefault((one.place.service, one.path), []).append(one)
    for (service, path), own in by_path.items():
        served = [one for one in own if Sign.NOBODY_NAMED in one.signs and not one.failed]
        refused = [one for one in own if one.status in _UNAUTHORISED]
        if len(served) < _TWO or len(refused) < _TWO:
            continue
        first = served[0].ended
        before = [one for one in own if one.ended < first]
        since = [one for one in own if one.ended >= first]
        known = [
            one
            for one in scene.attempts
            if one.ended >= first
            and one.place.service == service
            and one.is_request
            and not (one.failed or one.is_open or one.is_login)
            and Sign.NOBODY_NAMED not in one.signs
        ]
        again = {one.client for one in refused} & {one.client for one in served} - {None}
        chance = fisher(len(refused), len(before), 0, len(since))
        is_over = refused[-1].ended < first and (chance < ORDINARY or bool(again))
        if is_over and len(known) >= _TWO:
            yield seen(
                Fact.UNAUTHENTICATED_ADMITTED,
                f"{len(served)} requests of {path} were answered well with nobody as their user, "
                f"where {len(refused)} had been refused until then; {len(known)} others "
                "say nothing of the kind.",
                [*served[:3], *refused[:2]],
                time=first,
                service=service,
            )
            return


def _open_routes(scene: Scene) -> Iterator[Observation]:
    if not scene.failing:
        return
    own = [
        one
        for one in scene.since
        if one.place.service == scene.service and one.is_open and one.is_request
    ]
    bad = [one for one in own if one.failed]
    good = [one for one in own if not one.failed]
    says = f"{len(good)} of {len(own)} requests to open routes were answered well since the onset."
    if len(good) >= _TWO and len(good) > len(bad):
        yield seen(Fact.OPEN_ROUTES_WORK, says, good, service=scene.service)
    elif len(bad) >= _TWO and len(bad) > len(good):
        yield absent(Fact.OPEN_ROUTES_WORK, says, bad, service=scene.service)


def _few(scene: Scene) -> Iterator[Observation]:
    """Say whether the failures are of few of many subjects.

    Few: at most a fifth of five or more, or one; and were failures dealt to all requests alike, it
    would be rarer than RARE that all fall to any so few subjects, whichever they are (Bonferroni).
    Not few: half of those who asked since the onset fail, and more than a fifth of all; or they are
    what chance deals, where people ask more than once.
    """
    affected = [one for one in scene.affected if _subject(one) is not None]
    bad = [one for one in affected if one.matters]
    unknown = sum(one.matters for one in scene.affected) - len(bad)
    all_of = {_subject(one) for one in (*affected, *scene.earlier)} - {None}
    failing = Counter(_subject(one) for one in bad)
    if len(all_of) < _MANY or len(bad) < _TWO or unknown > len(bad):
        return
    theirs = [one for one in affected if _subject(one) in failing]
    says = (
        f"{len(bad)} failures are of {several(len(failing), 'subject')} of {len(all_of)}, who "
        f"asked {len(theirs)} of {len(affected)} times."
    )
    chance = fisher(len(bad), len(theirs), 0, len(affected) - len(theirs))
    chance = for_any_of(chance, len(all_of), len(failing))
    if len(failing) <= max(1, _FEW * len(all_of)) and chance < RARE:
        yield seen(Fact.FEW_SUBJECTS, says, bad)
        return
    asked = len({_subject(one) for one in affected})
    dealt = chance > ORDINARY and len(affected) >= _TWO * asked
    is_half = len(failing) >= _HALF * asked and len(failing) > _FEW * len(all_of)
    if len(failing) > _TWO and (is_half or dealt):
        yield absent(Fact.FEW_SUBJECTS, says, _first_of_each(bad))


def _first_of_each(bad: Sequence[Attempt]) -> list[Attempt]:
    first: dict[str | None, Attempt] = {}
    for one in bad:
        first.setdefault(_subject(one), one)
    return list(first.values())


def _subject(attempt: Attempt) -> str | None:
    """Give what tells subjects apart: the principal, or the client where there is none."""
    return attempt.principal or attempt.client
