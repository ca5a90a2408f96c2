"""Who answered a probe: the revision that was asked, and one instance like another. Pure."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from netra_ops.diagnosis.facts import Fact
from netra_ops.diagnosis.observation import Observation
from netra_ops.diagnosis.observing.scene import Scene
from netra_ops.diagnosis.observing.tried.attempt import End, Tried, told
from netra_ops.diagnosis.observing.wording import MINUTE, counted, observation

_REVISION: Final = re.compile(r"\b[a-z][a-z0-9-]*-\d{5}-[a-z0-9]{3}\b")
_SHA: Final = re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b")
_BUILD: Final = re.compile(r"\bv?\d+\.\d+(?:\.\d+)?(?:[-+][\w.]+)?\b")
_VERSION: Final = re.compile(
    r"\bversions?\b|\bsha\b|\bbuild\b|\brevisions?\b|\bcommit\b|\brelease\b", re.IGNORECASE
)
_TAGGED: Final = "---"
_ADDRESSED: Final = re.compile(
    r"\bcandidate\b|\btag(?:ged)?\b|\bcanary\b|\bpreview\b|\bgreen\b|\bblue\b|\bshadow\b"
    r"|\bslot\b|\bstaged\b|\bnew revision\b",
    re.IGNORECASE,
)
_HOSTED: Final = re.compile(
    r"\A(?:cand(?:idate)?|canary|green|blue|shadow|slot|tag|rev(?:ision)?|r)-?\d*(?:[.-]|\Z)",
    re.IGNORECASE,
)
"""A host that is of one revision: its first part says so."""
_WORD: Final = re.compile(r"[\w.-]*[\w]")
_HEADERS: Final = re.compile(
    r"revision|version|build|sha|commit|release|served[-_]by|deploy|\bpod\b", re.IGNORECASE
)
_NOT_VERSIONS: Final = re.compile(r"websocket|http|tls|api-version|content", re.IGNORECASE)
_INSTANCES: Final = re.compile(
    r"instance|hostname|served[-_]by|backend|pod|container[-_]?id|node", re.IGNORECASE
)
_NUMBERED: Final = re.compile(
    r"[,;:]?\s*(?:\(?\s*(?:try|attempt|no\.?|number|run|repeat(?:ed)?|again|instance|call|#)\s*#?"
    r"\s*[\w-]*\)?|#?\d+(?:\s*(?:of|/)\s*\d+)?)\s*\Z",
    re.IGNORECASE,
)
_TRY: Final = re.compile(
    r"[,;:]?\s*\b(?:try|attempt|run|call|shot|round|take|request)\s*#?\s*\d+\b", re.IGNORECASE
)
_AT_ONCE: Final = 10 * MINUTE
_ENOUGH_ALIKE: Final = 5


class Answered(NamedTuple):
    """What was asked for and who answered, as far as both are named in one way."""

    tried: Tried
    asked: str
    answered: str
    is_addressed: bool

    @property
    def is_other(self) -> bool:
        """Whether it is not what was asked for."""
        return not (self.asked.startswith(self.answered) or self.answered.startswith(self.asked))


def revisions(scene: Scene, tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether revisions that were asked answered themselves."""
    named = [one for probe in tried if (one := _answered(scene, probe)) is not None]
    addressed = [one for one in named if one.is_addressed]
    wrong = [one for one in addressed if one.is_other]
    if wrong:
        yield observation(
            Fact.OTHER_REVISION_ANSWERED,
            f"{wrong[0].tried.probe.name} asked for {wrong[0].asked} and was answered by "
            f"{wrong[0].answered}, as {counted(len(wrong), 'probe')} of {len(addressed)} were.",
            [one.tried.where for one in wrong],
            time=wrong[0].tried.probe.time,
            subjects=[wrong[0].asked, wrong[0].answered],
            service=scene.service,
        )
    elif addressed:
        yield observation(
            Fact.OTHER_REVISION_ANSWERED,
            f"What {counted(len(addressed), 'probe')} of a revision got was its own answer.",
            [one.tried.where for one in addressed],
            is_seen=False,
            service=scene.service,
        )
    yield from _of_all(scene, [one for one in named if not one.is_addressed])


def instances(tried: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether one probe, taken again, got different answers at the same time."""
    for group in _repeated(tried):
        ends = [one.end for one in group]
        good = [one for one in group if one.end is End.ADMITTED]
        bad = [one for one in group if one.end in {End.REFUSED, End.FAILED, End.SILENT}]
        if good and bad and (_by_instance(good, bad) or _are_mixed(ends)):
            yield observation(
                Fact.INSTANCES_DISAGREE,
                f"{_stem(group[0])} was tried {len(group)} times within minutes: {len(good)} "
                f"answered well, {len(bad)} not.",
                [bad[0].where, good[0].where, *(one.where for one in group)],
                time=bad[0].probe.time,
                subjects=[name for one in bad if (name := _instance(one))],
            )
            yield from _parted(good, bad)
            return
    alike = [
        group
        for group in _repeated(tried)
        if len({one.end for one in group}) == 1
        and (len(group) >= _ENOUGH_ALIKE or len({_instance(one) for one in group} - {None}) > 1)
    ]
    if alike:
        group = alike[0]
        yield observation(
            Fact.INSTANCES_DISAGREE,
            f"{_stem(group[0])} was tried {len(group)} times and always got "
            f"{group[0].status or 'no answer'}.",
            [one.where for one in group],
            is_seen=False,
        )


def _parted(good: Sequence[Tried], bad: Sequence[Tried]) -> Iterator[Observation]:
    """Observe whether some instances always agree with others, and some never do.

    One that made its key alone agrees with nobody.
    """
    well = {_instance(one) for one in good} - {None}
    badly = {_instance(one) for one in bad} - {None}
    if len(well) > 1 and badly and not well & badly:
        yield observation(
            Fact.SPLIT_BY_INSTANCE,
            f"{_stem(good[0])} was accepted by {counted(len(well), 'instance')} and refused by "
            f"{counted(len(badly), 'other')}, each time alike.",
            [*(one.where for one in bad), *(one.where for one in good)],
            time=bad[0].probe.time,
            subjects=sorted(one for one in badly if one),
        )


def _of_all(scene: Scene, public: Sequence[Answered]) -> Iterator[Observation]:
    """Observe what the public address answers with, where a newer one was expected."""
    old = [one for one in public if one.is_other]
    if not public:
        return
    one = (old or list(public))[0]
    yield observation(
        Fact.NEWEST_WITHOUT_TRAFFIC,
        f"{one.tried.probe.name} expected {one.asked} and was answered by {one.answered}.",
        [each.tried.where for each in old or public],
        is_seen=bool(old),
        time=one.tried.probe.time if old else None,
        subjects=[one.asked, one.answered] if old else (),
        service=scene.service,
    )


def _answered(scene: Scene, one: Tried) -> Answered | None:
    """Compare what a probe asks for with who answers, by revision, by commit or by build."""
    back = _back(one)
    host = "" if one.url is None else one.url.hostname or ""
    asks = f"{one.probe.name} {one.probe.expect} {host}"
    is_addressed = (
        _TAGGED in host or bool(_HOSTED.search(host)) or bool(_ADDRESSED.search(one.probe.name))
    )
    asked, answered = _revisions(scene, asks), _revisions(scene, back)
    if asked and answered:
        is_named = is_addressed or bool(_REVISION.search(f"{one.probe.name} {host}"))
        return Answered(one, asked[0], answered[0], is_named)
    for pattern in (_SHA, _BUILD) if _VERSION.search(asks) else ():
        expected, came = pattern.findall(one.probe.expect), pattern.findall(back)
        if expected and came:
            match = next((each for each in came if each.startswith(expected[0])), came[0])
            return Answered(one, expected[0], match, is_addressed)
    # What a tag is on by the traffic is what it is, and not always what it was meant to be.
    tag = host.partition(_TAGGED)[0] if _TAGGED in host else None
    named = [share.revision for share in scene.bundle.traffic if share.tag == tag and tag]
    return Answered(one, named[-1], answered[0], is_addressed) if named and answered else None


def _revisions(scene: Scene, text: str) -> list[str]:
    """Find the names of revisions: those of the platform's form, and those that are known."""
    found = _REVISION.findall(text)
    if found:
        return found
    known = {one.name for one in scene.bundle.revisions if not one.is_service}
    return [word for word in _WORD.findall(text) if word in known]


def _back(one: Tried) -> str:
    """Give what came back that may name a revision: the body and telling headers."""
    got = one.probe.got
    if got is None:
        return ""
    headers = [
        value
        for name, value in got.headers.items()
        if _HEADERS.search(name) and not _NOT_VERSIONS.search(name)
    ]
    return " ".join([*headers, told(one.probe)])


def _repeated(tried: Sequence[Tried]) -> list[list[Tried]]:
    """Group the probes that are one probe taken again, in the order of time."""
    groups: dict[tuple[str, str, str], list[Tried]] = {}
    for one in tried:
        if one.end in {End.UNKNOWN, End.REDIRECTED} or one.is_ok is None:
            continue
        key = (_stem(one), one.probe.target.partition("#")[0], one.probe.expect)
        groups.setdefault(key, []).append(one)
    found = []
    for group in groups.values():
        ordered = sorted(group, key=lambda one: one.probe.time or 0)
        first, last = ordered[0].probe.time, ordered[-1].probe.time
        near = first is None or last is None or last - first <= _AT_ONCE
        if len(ordered) > 1 and near:
            found.append(ordered)
    return found


def _stem(one: Tried) -> str:
    name = _TRY.sub("", _NUMBERED.sub("", one.probe.name))
    return name.strip(" -_,:#") or one.probe.name


def _instance(one: Tried) -> str | None:
    got = one.probe.got
    if got is None:
        return None
    for name, value in (*got.headers.items(), *got.fields.items(), *one.probe.fields.items()):
        if _INSTANCES.search(name) and isinstance(value, str) and value:
            return value
    return None


def _by_instance(good: Sequence[Tried], bad: Sequence[Tried]) -> bool:
    """Tell whether each instance that names itself answered in one way only."""
    well = {_instance(one) for one in good} - {None}
    badly = {_instance(one) for one in bad} - {None}
    return bool(well and badly and not well & badly)


def _are_mixed(ends: Sequence[End]) -> bool:
    """Tell whether good and bad answers came in turns: one change may be of time, and no more."""
    good = [end is End.ADMITTED for end in ends]
    return sum(a != b for a, b in pairwise(good)) > 1
