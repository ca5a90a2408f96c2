"""Facts about how the failures lie over the times at which tokens were issued."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import EVERYDAY, Attempt
from netra_ops.diagnosis.observing.framing.telling import absent, seen, several
from netra_ops.diagnosis.observing.recorded.changes import rotations_in
from netra_ops.diagnosis.observing.recorded.reading import is_refused
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.statistics.chances import apart, wilson
from netra_ops.diagnosis.signs.sign import Sign

_NOT_OF_KEYS: Final = frozenset(
    {sign.value for sign in EVERYDAY}
    | {Sign.CREDENTIAL_MISSING.value, Sign.NOT_PERMITTED.value, Sign.CLIENT_REFUSED.value}
    | {Sign.CLIENT_UNKNOWN.value, Sign.CLIENT_SECRET_WRONG.value}
)
"""What refuses a token, or none, for another reason than who signed it when."""
_FRESH: Final = 10_000_000_000
"""Nanoseconds: a token this young was just issued."""
_OLD: Final = 60_000_000_000
"""Nanoseconds: a token this old was not just issued, whatever the clocks."""
_PARTED: Final = 0.112
"""One in nine."""
_RARE_SHARE: Final = 0.2
_TWO: Final = 2
_GIVES: Final = frozenset({Sign.LOGGED_IN, Sign.TOKEN_ISSUED})


_ISSUES: Final = re.compile(
    r"issu|mint|creat|start|open|log-?_?in|sign-?_?in|grant|token$", re.IGNORECASE
)
_OLD_KEYS: Final = (
    *("previous", "previous_kid", "previousKid", "prev", "prev_kid", "old", "old_kid", "oldKid"),
    *("from", "from_kid", "retired", "retired_kid", "replaced", "replaces"),
)
_NEW_KEYS: Final = ("to", "to_kid", "new", "new_kid", "newKid", "current", "active", "next")
"""What records of a rotation call the key that it took, and the one that it brought."""
_SESSIONS: Final = ("session", "session_id", "sid", "sessionId", "driver", "device", "account")
"""Whose token it was, where a record of the auth service names no person."""


class Dated(NamedTuple):
    """An attempt, whose it was, and when the token it came with was issued, as lines tell.

    A moment of minus one: before the log begins.
    """

    attempt: Attempt
    whose: str
    issued: int


def observed(scene: Scene) -> Iterator[Observation]:
    """Give them."""
    by_age = list(_by_age(scene))
    yield from by_age or list(_by_key(scene)) or _by_rotation(scene)
    yield from _near_issue(scene)


def _by_key(scene: Scene) -> Iterator[Observation]:
    """Tell whether the keys of tokens that fail and that pass are others, and which came later.

    Later is the key that a rotation is said to have brought, or of whose tokens no line tells
    before tokens of the other passed.
    """
    own = [one for one in _where_it_fails(scene) if one.key is not None]
    failed = [one for one in own if one.matters and not one.kinds & _NOT_OF_KEYS]
    passed = [one for one in own if not one.failed]
    bad, good = {one.key for one in failed}, {one.key for one in passed}
    if min(len(failed), len(passed)) < _TWO or bad & good:
        return
    brought = {
        key
        for one in scene.tally.occurrences.get(Sign.KEY_ROTATED, ())
        for key in (one.subject, one.key)
    }
    is_new = bool(bad & brought) or _came_first(scene, good, bad)
    is_old = bool(good & brought) or _came_first(scene, bad, good)
    if is_new is is_old:
        return
    which, other = Fact.NEW_TOKENS_REFUSED, Fact.OLD_TOKENS_REFUSED
    if is_old:
        which, other = other, which
    says = (
        f"{len(failed)} failed with tokens of {several(len(bad), 'key')} that came "
        f"{'later' if is_new else 'earlier'}, and {len(passed)} passed with those of "
        f"{several(len(good), 'other key')}, without exception."
    )
    evidence = [*failed[:2], *passed[:2]]
    yield seen(which, says, evidence, time=failed[0].ended, service=scene.service)
    yield absent(other, says, evidence, service=scene.service)


def _by_rotation(scene: Scene) -> Iterator[Observation]:
    """Tell whether all that fail came with the key that a rotation took, or the one it brought.

    Where no line names a key: whether all were issued before it, with log-ins and passes since.
    """
    failed = [one for one in _where_it_fails(scene) if one.matters and not one.kinds & _NOT_OF_KEYS]
    passed = [one for one in scene.affected if not one.failed]
    before = scene.onset or 0
    rotations = [
        one for one in rotations_in(scene.bundle.audit) if (one.time or 0) <= before + _OLD
    ]
    if min(len(failed), len(passed)) < _TWO or not rotations:
        return
    last = rotations[-1]
    bad = {one.key for one in failed}
    brought, taken = _named(last.fields, _NEW_KEYS), _named(last.fields, _OLD_KEYS)
    brought |= {last.kid} - {None} - taken
    issued = [one.issued for one in failed if one.issued is not None]
    since = {
        time for times in _log_ins(scene).values() for time in times if time > (last.time or 0)
    }
    is_old = bad <= taken or (
        bad == {None}
        and len(set(issued)) > _TWO
        and len(issued) == len(failed)
        and max(issued) < (last.time or 0)
        and len(since) >= _TWO
    )
    if not is_old and not bad <= brought:
        return
    which, other = Fact.NEW_TOKENS_REFUSED, Fact.OLD_TOKENS_REFUSED
    if is_old:
        which, other = other, which
    says = (
        f"All {len(failed)} that failed came with tokens of the key "
        f"{'before' if is_old else 'that came with'} {last.event}, and {len(passed)} passed."
    )
    evidence = [*failed[:2], *passed[:1]]
    yield seen(which, says, evidence, time=failed[0].ended, service=scene.service)
    yield absent(other, says, evidence, service=scene.service)


def _named(fields: Mapping[str, object], names: Iterable[str]) -> set[str | None]:
    return {value for name in names if isinstance(value := fields.get(name), str)}


def _by_age(scene: Scene) -> Iterator[Observation]:
    """Tell whether there is a moment that parts the tokens that fail from those that pass.

    By the time of issue, if lines say it of both kinds; else by the last log-in of the same
    principal or client before the attempt. Each token counts once, two of each kind are needed, and
    were the moments dealt by chance, one in nine times at most they would lie so apart.
    """
    affected = [
        one
        for one in _where_it_fails(scene)
        if not (one.failed and not one.matters) and not one.kinds & _NOT_OF_KEYS
    ]
    dated = [
        Dated(one, one.principal or one.client or str(one.issued), one.issued)
        for one in affected
        if one.issued is not None
    ]
    how = "issued"
    if not _both(dated):
        dated, how = list(_by_log_in(_log_ins(scene), affected)), "got by a log-in"
    if not _both(dated):
        return
    failed = [one for one in dated if one.attempt.matters]
    passed = [one for one in dated if not one.attempt.matters]
    bad, good = (
        [float(issued) for _, issued in {(one.whose, one.issued) for one in group}]
        for group in (failed, passed)
    )
    few = (*failed[:2], *passed[:2])
    evidence = [one.attempt for one in few]
    if _tokens_apart(bad, good) < _PARTED:
        yield seen(
            Fact.OLD_TOKENS_REFUSED,
            f"{len(failed)} failed with tokens {how} before a moment and {len(passed)} passed "
            "with later ones, without exception.",
            evidence,
            time=int(min(good)),
            service=scene.service,
        )
        yield absent(
            Fact.NEW_TOKENS_REFUSED, "Later tokens passed.", evidence, service=scene.service
        )
    elif _tokens_apart(good, bad) < _PARTED:
        yield seen(
            Fact.NEW_TOKENS_REFUSED,
            f"{len(failed)} failed with tokens {how} after a moment and {len(passed)} passed "
            "with earlier ones, without exception.",
            evidence,
            time=int(min(bad)),
            service=scene.service,
        )
        yield absent(
            Fact.OLD_TOKENS_REFUSED, "Earlier tokens passed.", evidence, service=scene.service
        )
    elif not set(bad) <= {-1.0} or not set(good) <= {-1.0}:
        says = "Tokens that failed and that passed are of the same ages."
        if max(bad) > min(good) and max(good) > min(bad):
            yield absent(Fact.OLD_TOKENS_REFUSED, says, evidence, service=scene.service)
            yield absent(Fact.NEW_TOKENS_REFUSED, says, evidence, service=scene.service)


def _came_first(
    scene: Scene, first: AbstractSet[str | None], then: AbstractSet[str | None]
) -> bool:
    """Tell whether tokens of some keys passed before any of the others was seen."""
    later = min(one.ended for one in scene.attempts if one.key in then)
    passed = [
        one for one in scene.attempts if one.key in first and not one.failed and one.ended < later
    ]
    return len(passed) >= _TWO


def _where_it_fails(scene: Scene) -> list[Attempt]:
    """Give what was tried where something fails: another instance may hold other keys."""
    places = {one.place.instance for one in scene.failing} | {None}
    return [one for one in scene.affected if one.place.instance in places]


def _tokens_apart(first: Sequence[float], second: Sequence[float]) -> float:
    """Give the chance that tokens lie so apart; 1 if a moment is common to both, or one is one."""
    if min(len(first), len(second)) < _TWO or max(first) >= min(second):
        return 1.0
    return apart(first, second)


def _both(dated: Sequence[Dated]) -> bool:
    bad = sum(one.attempt.matters for one in dated)
    return bad >= _TWO and len(dated) - bad >= _TWO


def _log_ins(scene: Scene) -> dict[str, list[int]]:
    """Give when each principal, and each client, logged in or was given a token."""
    found: dict[str, list[int]] = defaultdict(list)
    for one in scene.attempts:
        if not one.failed and (one.signs & _GIVES or one.is_login):
            for name in {one.principal, one.client} - {None}:
                found[name or ""].append(one.ended)
    for record in scene.bundle.audit:
        if record.time is not None and not is_refused(record) and _ISSUES.search(record.event):
            names = {record.subject, record.token_hash, *map(record.fields.get, _SESSIONS)}
            for name in names:
                if isinstance(name, str) and name:
                    found[name].append(record.time)
    return {name: sorted(times) for name, times in found.items()}


def _by_log_in(
    logged_in: Mapping[str, Sequence[int]], attempts: Iterable[Attempt]
) -> Iterator[Dated]:
    """Date each attempt by the last log-in before it of its principal or client."""
    every = [one for one in attempts if not one.is_login]
    # Who is told by an address alone was not named by any log-in, and may have logged in.
    by_name = any(one.principal in logged_in for one in every)
    by_client = any(one.client in logged_in for one in every)
    for one in every:
        told = (one.principal if by_name else None, one.client if by_client else None)
        names = [name for name in told if name is not None]
        if names:
            times = [time for name in names for time in logged_in.get(name, ())]
            before = [time for time in times if time <= one.time]
            yield Dated(one, one.client or names[0], max(before, default=-1))


def _near_issue(scene: Scene) -> Iterator[Observation]:
    """Tell whether few tokens fail, each just issued, and pass when they come again."""
    bad = [one for one in scene.affected if one.matters]
    logged_in = _log_ins(scene)
    known = [(one, age) for one in bad if (age := _age(logged_in, one)) is not None]
    if len(known) < _TWO:
        return
    old = [one for one, age in known if age > _OLD]
    fresh = [one for one, age in known if age <= _FRESH]
    again = [one for one in fresh if _passes_again(scene, one)]
    low, _ = wilson(len(bad), len(scene.affected))
    says = (
        f"{len(bad)} of {len(scene.affected)} failed; of {len(known)} with a token of known age "
        f"{len(fresh)} came within {_FRESH // 10**9} s of its issue, and {len(again)} of their "
        "principals passed later."
    )
    if len(fresh) == len(known) and low < _RARE_SHARE and len(again) * _TWO >= len(fresh):
        yield seen(Fact.RARE_AND_NEAR_ISSUE, says, fresh, service=scene.service)
    elif len(old) > len(fresh):
        yield absent(
            Fact.RARE_AND_NEAR_ISSUE,
            f"{len(old)} of {len(known)} failing tokens of known age were more than "
            f"{several(_OLD // 10**9, 'second')} old.",
            old,
            service=scene.service,
        )


def _age(logged_in: Mapping[str, Sequence[int]], attempt: Attempt) -> int | None:
    """Give how old the token was, nanoseconds; below zero if it is from the future."""
    if attempt.issued is not None:
        return attempt.time - attempt.issued
    dated = next(_by_log_in(logged_in, [attempt]), None)
    return None if dated is None or dated.issued < 0 else attempt.time - dated.issued


def _passes_again(scene: Scene, attempt: Attempt) -> bool:
    """Tell whether the same principal, or client, passed afterwards."""
    return any(
        not one.failed
        and one.ended > attempt.ended
        and not one.is_login
        and (
            (attempt.principal is not None and one.principal == attempt.principal)
            or (attempt.client is not None and one.client == attempt.client)
        )
        for one in scene.attempts
    )
