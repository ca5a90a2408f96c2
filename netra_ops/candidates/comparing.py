"""Compares two configurations, as records of them say, without a value. Pure.

Whether what differs is allowed is not decided here.
"""

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from itertools import chain
from typing import Final

from netra_ops.candidates.agreement import same_secret
from netra_ops.candidates.candidate import Deployment, Reference, shown_name
from netra_ops.candidates.fingerprints.prints import Prints, likeness
from netra_ops.candidates.fingerprints.record import ConfigurationRecord, RecordedSetting
from netra_ops.findings import CouldNotTell, ExitCode, printable

_ALIKE: Final = 0.6
_LONGEST_ALIKE: Final = 80
"""Letters of names whose likeness is looked at: for long ones that takes long."""
_MOST_OF_ONE_VALUE: Final = 8
"""Where more variables have one value, which of them was renamed to which is not guessed."""


class Change(StrEnum):
    """What became of a variable, or of how a service is deployed."""

    LOST = "lost"
    ADDED = "added"
    RENAMED = "renamed"
    CHANGED = "changed"
    SWITCHED = "switched"
    """From a value to a reference, or back."""
    VERSION = "version"
    """The same secret, another version."""
    REFERENCE = "reference"
    """Another secret."""
    DEPLOYMENT = "deployment"
    UNSEEN = "unseen"
    """It cannot be told."""
    NOT_PINNED = "not_pinned"
    """A secret of which any version may be taken; no difference by itself."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is told of a comparison.

    Attributes:
        change: What it is.
        name: The variable, or what of the deployment; harmless to show.
        says: In words that continue the name.
        before: Where it stands in the first configuration; empty where it does not.
        after: The same of the second one.
        was_called: What a renamed variable was called.
        was_secret: Whether it was taken from a store of secrets before.
        is_damage: Whether it is the same value with something around it that it did not have.
    """

    change: Change
    name: str
    says: str
    before: str = ""
    after: str = ""
    was_called: str = ""
    was_secret: bool = False
    is_damage: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two configurations have apart.

    Attributes:
        before: What the first one is called.
        after: What the second one is called.
        differences: What differs.
        unseen: What could not be compared.
        notes: What is told besides.
        compared: How many variables were looked at.
    """

    before: str
    after: str
    differences: tuple[Difference, ...]
    unseen: tuple[Difference, ...]
    notes: tuple[Difference, ...]
    compared: int

    @property
    def exit_code(self) -> ExitCode:
        """0 where nothing differs, 1 where something does, 3 where that could not be told."""
        if self.differences:
            return ExitCode.FAIL
        return ExitCode.UNKNOWN if self.unseen or not self.compared else ExitCode.PASS


def compare(before: ConfigurationRecord, after: ConfigurationRecord) -> Comparison:
    """Compare two records.

    Raises:
        CouldNotTell: Their fingerprints were made with different keys.
    """
    if before.key_id != after.key_id:
        raise CouldNotTell("These two were recorded with different keys and cannot be compared.")
    told = tuple(chain(_settings(before, after), _deployments(before.deployment, after.deployment)))
    beside = (Change.UNSEEN, Change.NOT_PINNED)
    return Comparison(
        printable(before.service or ""),
        printable(after.service or ""),
        tuple(one for one in told if one.change not in beside),
        tuple(one for one in told if one.change is Change.UNSEEN),
        tuple(one for one in told if one.change is Change.NOT_PINNED),
        len({setting.name for record in (before, after) for setting in record.settings}),
    )


def _settings(before: ConfigurationRecord, after: ConfigurationRecord) -> Iterator[Difference]:
    old = {setting.name: setting for setting in before.settings}
    new = {setting.name: setting for setting in after.settings}
    lost = {name: one for name, one in old.items() if name not in new}
    added = {name: one for name, one in new.items() if name not in old}
    for was, now in _renamed(lost, added):
        like = likeness(was.prints, now.prints) if was.prints and now.prints else None
        but = f"; its value is {like}" if like else ""
        says = f"was called {shown_name(was.name)} before{but}"
        old_name = shown_name(was.name)
        yield Difference(Change.RENAMED, shown_name(now.name), says, was.place, now.place, old_name)
        del lost[was.name], added[now.name]
    for name, one in lost.items():
        says = "is not set any more"
        yield Difference(
            Change.LOST, shown_name(name), says, before=one.place, was_secret=_is_secret(one)
        )
    for name, one in added.items():
        yield Difference(Change.ADDED, shown_name(name), "was not set before", after=one.place)
    refers = before.form.refers and after.form.refers
    is_one_form = before.form is after.form
    for name in sorted(old.keys() & new.keys()):
        was, now = old[name], new[name]
        # Where secrets are kept, a form that also takes them in plain text switches all the same.
        switches = refers or (is_one_form and (_is_secret(was) or _is_secret(now)))
        yield from _setting(was, now, refers=switches)
    for one in after.settings:
        if one.reference and one.reference.version and not one.reference.is_pinned:
            says = f"refers to {one.reference}, which can become another value at any start"
            yield Difference(Change.NOT_PINNED, shown_name(one.name), says, after=one.place)


def _renamed(
    lost: dict[str, RecordedSetting], added: dict[str, RecordedSetting]
) -> list[tuple[RecordedSetting, RecordedSetting]]:
    """Pair what was lost with what was added, where exactly one of each fits the other."""
    olds, news = _by_trace(lost.values()), _by_trace(added.values())
    fits = {
        (was.name, now.name): (was, now)
        for trace in olds.keys() & news.keys()
        if max(len(olds[trace]), len(news[trace])) <= _MOST_OF_ONE_VALUE
        for was in olds[trace]
        for now in news[trace]
        if _fits(was, now)
    }
    before, after = Counter(was for was, _ in fits), Counter(now for _, now in fits)
    return [fits[names] for names in sorted(fits) if before[names[0]] == 1 and after[names[1]] == 1]


def _by_trace(settings: Iterable[RecordedSetting]) -> dict[str, list[RecordedSetting]]:
    """Sort variables by what they must share with another one to fit it."""
    found: defaultdict[str, list[RecordedSetting]] = defaultdict(list)
    for setting in settings:
        prints, reference = setting.prints, setting.reference
        traces = {prints.exact, *prints.nearly.values()} if prints else set()
        if reference and reference.name:
            traces.add(reference.secret)
        for trace in traces:
            found[trace].append(setting)
    return found


def _fits(was: RecordedSetting, now: RecordedSetting) -> bool:
    if was.prints and now.prints:
        # Equal values are equally long, and a record may not say how long they are.
        is_distinctive = was.prints.distinctive or now.prints.distinctive
        if was.prints.exact == now.prints.exact:
            # Short values, such as `on`, are also equal by chance.
            return is_distinctive or _are_alike(was.name, now.name)
        return is_distinctive and likeness(was.prints, now.prints) is not None
    one, other = was.reference, now.reference
    return bool(one and other and same_secret(one, other) and one.version == other.version)


def _are_alike(one: str, other: str) -> bool:
    if max(len(one), len(other)) > _LONGEST_ALIKE:
        return False
    return difflib.SequenceMatcher(None, one, other).ratio() >= _ALIKE


def _setting(was: RecordedSetting, now: RecordedSetting, *, refers: bool) -> Iterator[Difference]:
    name, places = shown_name(now.name), (was.place, now.place)
    one, other = was.reference, now.reference
    if refers and (one is None) != (other is None):
        says = (
            f"was a value, and is now taken from {other}"
            if one is None
            else f"was taken from {one}, and is now a value in plain sight"
        )
        yield Difference(Change.SWITCHED, name, says, *places, was_secret=one is not None)
    elif one and other:
        yield from _references(name, one, other, places)
    if was.prints and now.prints:
        if was.prints.exact != now.prints.exact:
            like = likeness(was.prints, now.prints)
            says = f"is {like}" if like else "has another value"
            damage = _is_damage(was.prints, now.prints)
            yield Difference(Change.CHANGED, name, says, *places, is_damage=damage)
    elif not refers and (one is None) != (other is None):
        side = "second" if one is None else "first"
        says = f"cannot be compared: the {side} only refers to {other or one}"
        yield Difference(Change.UNSEEN, name, says, *places)


def _is_secret(setting: RecordedSetting) -> bool:
    return setting.reference is not None and setting.reference.is_secret


def _is_damage(was: Prints, now: Prints) -> bool:
    """Tell whether what was the value is there still, in quotation marks, encoded or the like."""
    return was.exact in now.nearly.values()


def _references(
    name: str, one: Reference, other: Reference, places: tuple[str, str]
) -> Iterator[Difference]:
    if one == other and not one.name:
        says = f"cannot be compared: both refer to {one}"
        yield Difference(Change.UNSEEN, name, says, *places)
    elif same_secret(one, other) is False:
        says = f"refers to {other}, before to {one}"
        if str(one) == str(other):
            says = f"refers to {other} in {_project(other)}, before to that in {_project(one)}"
        yield Difference(Change.REFERENCE, name, says, *places)
    elif one.version != other.version:
        says = (
            f"refers to version {shown_name(other.version or 'none')} of the secret, before to "
            f"{shown_name(one.version or 'none')}"
        )
        yield Difference(Change.VERSION, name, says, *places)


def _project(reference: Reference) -> str:
    return f"the project {printable(reference.of_project)}"


def _deployments(before: Deployment | None, after: Deployment | None) -> Iterator[Difference]:
    if before is None or after is None:
        return
    for field in fields(Deployment):
        was, now = getattr(before, field.name), getattr(after, field.name)
        if was is not None and now is not None and was != now:
            name = _PARTS[field.name]
            yield Difference(Change.DEPLOYMENT, name, f"is {_words(now)}, was {_words(was)}")


_PARTS: Final = {
    "ingress": "ingress",
    "service_account": "service account",
    "audiences": "audiences",
    "invoker": "who may invoke it",
}


def _words(part: str | tuple[str, ...]) -> str:
    if isinstance(part, str):
        return printable(part)
    return printable(", ".join(part)) or "none besides its address"
