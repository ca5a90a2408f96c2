"""How two configurations of one service differ. Pure.

A value is compared by what the bundle shows of it: the value, the fingerprint that stands for it,
or the version of a secret. What cannot be compared is neither equal nor different.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from netra_ops.diagnosis.observing.configured.pairs import Pair, variables_by_name
from netra_ops.diagnosis.observing.configured.roles import Role, is_near, role_by
from netra_ops.evidence.records.revisions.revision import Kind, Variable

_LEAST_TELLING: Final = 6
"""Characters of a shown value from which two names hardly have the same by chance."""


class Renamed(NamedTuple):
    """One variable under two names."""

    old: Variable
    new: Variable
    is_same_value: bool


class Difference(NamedTuple):
    """What is different between two configurations.

    Attributes:
        lost: In the earlier only, and not renamed.
        added: In the later only, and not renamed.
        renamed: What seems to be one variable under another name.
        switched: In both, once plain and once secret.
        changed: In both, with another value or another version.
        unknown: In both, and not comparable.
        kept: In both and equal.
    """

    lost: tuple[Variable, ...]
    added: tuple[Variable, ...]
    renamed: tuple[Renamed, ...]
    switched: tuple[tuple[Variable, Variable], ...]
    changed: tuple[tuple[Variable, Variable], ...]
    unknown: tuple[tuple[Variable, Variable], ...]
    kept: tuple[tuple[Variable, Variable], ...]

    @property
    def is_none(self) -> bool:
        """Whether nothing is different, as far as can be seen."""
        return not (self.lost or self.added or self.renamed or self.switched or self.changed)


def difference(pair: Pair) -> Difference:
    """Compare."""
    before, after = variables_by_name(pair.before), variables_by_name(pair.after)
    lost = [one for name, one in before.items() if name not in after]
    added = [one for name, one in after.items() if name not in before]
    renamed = list(_renamed(lost, added))
    old, new = {one.old.name for one in renamed}, {one.new.name for one in renamed}
    both = [(one, after[name]) for name, one in before.items() if name in after]
    judged = [(ours, theirs, is_same(ours, theirs)) for ours, theirs in both]
    return Difference(
        lost=tuple(one for one in lost if one.name not in old),
        added=tuple(one for one in added if one.name not in new),
        renamed=tuple(renamed),
        switched=tuple((a, b) for a, b, _ in judged if is_switched(a, b)),
        changed=tuple((a, b) for a, b, same in judged if same is False and not is_switched(a, b)),
        unknown=tuple((a, b) for a, b, same in judged if same is None and not is_switched(a, b)),
        kept=tuple((a, b) for a, b, same in judged if same),
    )


def is_switched(before: Variable, after: Variable) -> bool:
    """Tell whether a variable went from plain to secret or back."""
    return {before.kind, after.kind} == {Kind.PLAIN, Kind.SECRET}


def is_same(before: Variable, after: Variable) -> bool | None:
    """Tell whether two variables have the same value; None where that cannot be seen."""
    if before.kind is not after.kind or before.kind is Kind.ELSEWHERE:
        return None
    if before.kind is Kind.SECRET:
        return _is_same_reference(before, after)
    if (before.fingerprint is None) != (after.fingerprint is None):
        return None
    return (before.fingerprint or before.value) == (after.fingerprint or after.value)


def shown(variable: Variable) -> str | None:
    """Give a plain variable's value, where it is shown and not a fingerprint."""
    if variable.kind is not Kind.PLAIN or variable.fingerprint is not None:
        return None
    return variable.value


def role(variable: Variable) -> Role | None:
    """Say what a variable is for, by its name or by what its value is."""
    return role_by(variable.name, shown(variable))


def _is_same_reference(before: Variable, after: Variable) -> bool | None:
    """Compare references; by `latest` twice the reference is the same, whatever it gives."""
    if before.secret != after.secret:
        return False
    if before.project != after.project or before.is_pinned != after.is_pinned:
        return None
    return before.version == after.version or not before.is_pinned


def _renamed(lost: list[Variable], added: list[Variable]) -> Iterator[Renamed]:
    """Pair what went with what came: by an equal value, else by nearly the same name."""
    left = list(added)
    for old in lost:
        by_value = [new for new in left if _is_telling(old) and is_same(old, new)]
        near = [new for new in left if is_near(old.name, new.name)]
        found = next((one for one in by_value if one in near), None) or next(
            iter([*by_value, *near]), None
        )
        if found is None:
            continue
        is_by_value = found in by_value
        if not is_by_value and is_same(old, found) is False and role(old) is None:
            continue
        left.remove(found)
        yield Renamed(old, found, is_by_value)


def _is_telling(variable: Variable) -> bool:
    if variable.kind is Kind.SECRET or variable.fingerprint is not None:
        return True
    return variable.value is not None and len(variable.value) >= _LEAST_TELLING
