"""What probes show of tokens: of which age they fail, and whether their key is published. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum, auto
from typing import Final

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.framing.attempt import EVERYDAY
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import Credential, End, Tried, told
from netra_ops.diagnosis.observing.wording import SECOND, counted, listed, observation
from netra_ops.diagnosis.signs.sign import Sign


class Age(StrEnum):
    """On which side of a change of keys the token of a probe was issued."""

    OLD = auto()
    NEW = auto()


_THING: Final = (
    r"(?:(?:access|id|bearer|session|refresh|user|service)[ -])?"
    r"(?:tokens?|jwts?|sessions?|cookies?|bearers?|log-?ins?|sign-?ins?)"
)
_NEW: Final = re.compile(
    rf"\b(?:new(?:ly)?|fresh(?:ly)?|just|latest|re-?issued|newest|today'?s)[- ](?:\w+[- ]){{0,3}}"
    rf"{_THING}\b"
    rf"|\b{_THING} (?:\w+ ){{0,2}}(?:just|now|freshly|after|since|today)\b"
    rf"|\b{_THING} (?:\w+ ){{0,3}}(?:new|current|newest|latest|next) (?:\w+ )?(?:key|kid|secret)\b"
    r"|\bafter (?:a |the )?(?:new |fresh )?(?:re-?)?(?:log-?in|sign-?in|logging in)\b",
    re.IGNORECASE,
)
_OLD: Final = re.compile(
    rf"\b(?:old(?:er)?|previous|earlier|existing|yesterday'?s|prior|pre-\w+|older)[- ]"
    rf"(?:\w+[- ]){{0,3}}{_THING}\b"
    rf"|\b{_THING} (?:\w+ ){{0,3}}(?:before|yesterday|prior to|earlier)\b"
    rf"|\b{_THING} (?:\w+ ){{0,3}}(?:old|previous|former|retired|earlier|first) (?:\w+ )?"
    r"(?:key|kid|secret)\b",
    re.IGNORECASE,
)
_AT: Final = re.compile(
    rf"\b{_THING} (?:\w+ ){{0,2}}(?:of|from|at|issued|minted) (?:at )?"
    r"(?:\d{4}-\d\d-\d\d[T ])?(\d\d):(\d\d)\b",
    re.IGNORECASE,
)
_SAME: Final = re.compile(rf"\b(?:the )?same {_THING}\b", re.IGNORECASE)
_ENDED: Final = re.compile(r"\bexpired?\b|\brevoked\b", re.IGNORECASE)
_KID: Final = re.compile(r"[\"']?\bkids?\\?[\"']?\s*[:= ]\s*\\?[\"']?([\w.:/+=-]{2,80})")
_CUT: Final = re.compile(r"(?:[,:{\[]|\.\.\.|\u2026)\s*\Z")
_OF_KEYS: Final = re.compile(r"\bjwks?\b|\bkey ?sets?\b|\bkeys\b|\bcerts\b", re.IGNORECASE)


def ages(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether at one place tokens of one side of a change pass, and of the other fail."""
    by_host: dict[str, list[tuple[Tried, Age]]] = defaultdict(list)
    for one, age in _aged(scene, tried):
        by_host[_host(one)].append((one, age))
    for aged in by_host.values():
        refused = [(one, age) for one, age in aged if one.end is End.REFUSED]
        passed = [(one, age) for one, age in aged if one.end is End.ADMITTED]
        bad, good = {age for _, age in refused}, {age for _, age in passed}
        if len(bad) != 1 or len(good) != 1 or bad == good:
            continue
        facts = (Fact.NEW_TOKENS_REFUSED, Fact.OLD_TOKENS_REFUSED)
        which, other = facts if Age.NEW in bad else reversed(facts)
        evidence = [one.where for one, _ in (*refused, *passed)]
        yield observation(
            which,
            f"{listed([one.probe.name for one, _ in refused])} got "
            f"{listed([str(one.status) for one, _ in refused])}, and "
            f"{listed([one.probe.name for one, _ in passed])} passed.",
            evidence,
            time=refused[0][0].probe.time,
            service=scene.service,
        )
        yield observation(
            other,
            f"{listed([one.probe.name for one, _ in passed])} passed.",
            evidence,
            is_seen=False,
            service=scene.service,
        )
        return


def published(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether the keys by which refused tokens were signed are in the published set."""
    wanted = _refused_keys(scene)
    asked = [
        one
        for one in tried
        if one.end is End.ADMITTED
        and (one.is_auth or _OF_KEYS.search(one.text))
        and _KID.search(told(one.probe))
    ]
    if not wanted or not asked:
        return
    listed_there = {one.where: set(_KID.findall(told(one.probe))) for one in asked}
    having = [one for one in asked if wanted & listed_there[one.where]]
    if having and wanted <= set().union(*listed_there.values()):
        yield observation(
            Fact.KEY_STILL_PUBLISHED,
            f"{listed(sorted(wanted))}, by which refused tokens were signed, "
            f"{'is' if len(wanted) == 1 else 'are'} in what {having[0].probe.name} got.",
            [one.where for one in having],
            time=having[0].probe.time,
            subjects=sorted(wanted),
            service=scene.service,
        )
    elif not having and not any(_CUT.search(told(one.probe)) for one in asked):
        others = sorted(set().union(*listed_there.values()))
        yield observation(
            Fact.KEY_NOT_PUBLISHED,
            f"{listed(sorted(wanted))}, by which refused tokens were signed, "
            f"{'is' if len(wanted) == 1 else 'are'} not among the "
            f"{counted(len(others), 'key')} that {asked[0].probe.name} got.",
            [one.where for one in asked],
            time=asked[0].probe.time,
            subjects=sorted(wanted),
            service=scene.service,
        )


def age_of(scene: Scene, one: Tried) -> Age | None:
    """Tell by a probe's own words on which side of the change its token was issued."""
    text = " ".join([one.probe.name, *map(str, one.probe.fields.values())])
    brought = _brought(scene)
    named = {key for key in _known_keys(scene) if re.search(rf"\b{re.escape(key)}\b", text)}
    if brought and named:
        return Age.NEW if named & brought else Age.OLD
    clock = _AT.search(text)
    moment = _moment(scene)
    if clock is not None and moment is not None and one.probe.time is not None:
        said = _on_day(one.probe.time, int(clock[1]), int(clock[2]))
        return Age.OLD if said is not None and said < moment else Age.NEW
    is_new, is_old = bool(_NEW.search(text)), bool(_OLD.search(text))
    if is_new is is_old:
        return None
    return Age.NEW if is_new else Age.OLD


def _aged(scene: Scene, tried: Sequence[Tried]) -> Iterator[tuple[Tried, Age]]:
    last: Age | None = None
    for one in tried:
        age = last if _SAME.search(one.probe.name) else age_of(scene, one)
        if _THING_NAMED.search(one.probe.name):
            last = age
        is_judged = one.end in {End.ADMITTED, End.REFUSED} and not one.is_negative
        if (
            age is None
            or not is_judged
            or one.is_auth
            or one.credential in {Credential.NONE, Credential.BAD}
            or _ENDED.search(one.probe.name)
        ):
            continue
        yield one, age


_THING_NAMED: Final = re.compile(rf"\b{_THING}\b", re.IGNORECASE)


def _refused_keys(scene: Scene) -> set[str]:
    """Give the keys of the tokens that were refused for their key, as lines tell."""
    everyday = {sign.value for sign in EVERYDAY}
    found = {one.key for one in scene.failing if not one.kinds & everyday}
    found |= {
        one.key or one.subject
        for one in scene.tally.occurrences.get(Sign.KEY_ID_UNKNOWN, ())
        if scene.onset is None or one.time is None or one.time >= scene.onset
    }
    return {one for one in found if one}


def _known_keys(scene: Scene) -> set[str]:
    keys = {one.key for one in scene.attempts if one.key}
    keys |= {one.kid for one in scene.bundle.audit if one.kid}
    return {key for key in keys | _brought(scene) if key}


def _brought(scene: Scene) -> set[str]:
    """Give the keys that a rotation is said to have brought."""
    return {
        key
        for one in scene.tally.occurrences.get(Sign.KEY_ROTATED, ())
        for key in (one.subject, one.key)
        if key
    }


def _moment(scene: Scene) -> int | None:
    """Give when keys changed, as far as a line tells; else when the failures began."""
    times = [one.time for one in scene.tally.occurrences.get(Sign.KEY_ROTATED, ()) if one.time]
    return max(times) if times else scene.onset


def _on_day(time: int, hour: int, minute: int) -> int | None:
    day = datetime.fromtimestamp(time / SECOND, UTC)
    try:
        said = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        return None
    return int(said.timestamp()) * SECOND


def _host(one: Tried) -> str:
    return one.url.hostname or "" if one.url is not None else one.probe.target.partition(" ")[0]
