"""Whether code that was made for one schema runs on the next: decided from both. Pure.

What is not known to be harmless is a finding.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from fakes.schemas.described import Column, Relation, Schema, View

_TYPE: Final = re.compile(r"([A-Z ]+?)(?:\((\d+)(?:, ?(\d+))?\))?")
_WIDER: Final = (
    ("SMALLINT", "INTEGER", "BIGINT"),
    ("REAL", "DOUBLE PRECISION"),
    ("FLOAT", "DOUBLE"),
)
_TEXTS: Final = frozenset({"VARCHAR", "CHARACTER VARYING"})


class Rule(Enum):
    """What would break code that was made for the schema before; the value says it in words."""

    RELATION_GONE = "is no table or view any more"
    COLUMN_GONE = "is not there any more"
    TYPE_NARROWED = "does not hold everything it held"
    NULL_REFUSED = "must have a value now"
    NULL_ALLOWED = "may lack its value now"
    VALUE_DEMANDED = "is new and must be given, with no default for who does not know of it"
    DEFAULT_CHANGED = "has lost its default, or has another"
    NOT_WRITABLE = "is made by the database in another way than before"
    CONSTRAINT_ADDED = "refuses rows it took before"
    CONSTRAINT_GONE = "is not held to what it was held to"
    ROWS_HELD = "keeps rows of an older table from being deleted"
    TRIGGER_ADDED = "does something new when it is written to"
    TRIGGER_GONE = "does not do what it did when it was written to"
    FUNCTION_CHANGED = "is another function, or gone"
    VIEW_CHANGED = "shows other rows, other columns first, or to others"
    POLICY_GONE = "has lost a policy, or has another under its name"
    POLICY_NARROWS = "hides more rows than before"
    FENCE_CHANGED = "has its row-level security switched"
    PRIVILEGE_GONE = "may be used less than before"


@dataclass(frozen=True)
class Finding:
    """A rule that is broken, and by what."""

    rule: Rule
    where: str

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.where} {self.rule.value}"


def broken(before: Schema, after: Schema) -> list[Finding]:
    """Find what the code of the schema before relies on and the schema after does not give."""
    return [
        *_of_relations(before, after),
        *_of_functions(before, after),
        *_of_privileges(before, after),
    ]


def complaints(
    version: str, oldest: str, oldest_before: str, findings: Sequence[Finding]
) -> list[str]:
    """Say what is wrong with how a migration declares itself.

    Args:
        version: The migration's.
        oldest: The oldest version whose code runs on it, as it declares.
        oldest_before: The same, of the migration before.
        findings: What it breaks.
    """
    if oldest == version:
        return []
    said = [f"{version} lets code of {oldest} run, but {finding}" for finding in findings]
    if oldest < oldest_before:
        said.append(f"{version} lets code of {oldest} run, which {oldest_before} had turned away")
    return said


def _of_relations(before: Schema, after: Schema) -> Iterator[Finding]:
    for name, old in before.relations.items():
        new = after.relations.get(name)
        if new is None or (old.view is None) is not (new.view is None):
            yield Finding(Rule.RELATION_GONE, name)
            continue
        yield from _of_columns(name, old, new)
        yield from _of_rules_for_rows(name, old, new)
        has_all = old.columns.keys() <= new.columns.keys()
        if old.view and new.view and has_all and not _shows_as_before(old.view, new.view):
            yield Finding(Rule.VIEW_CHANGED, name)
    for name in after.relations.keys() - before.relations.keys():
        for constraint in after.relations[name].constraints:
            if constraint.refers_to in before.relations and not constraint.lets_go:
                yield Finding(Rule.ROWS_HELD, f"{name}: {constraint.text}")


def _of_columns(table: str, old: Relation, new: Relation) -> Iterator[Finding]:
    for name, column in old.columns.items():
        found = new.columns.get(name)
        where = f"{table}.{name}"
        if found is None:
            yield Finding(Rule.COLUMN_GONE, where)
        else:
            yield from (Finding(rule, where) for rule in _changes(column, found))
    for name in new.columns.keys() - old.columns.keys():
        column = new.columns[name]
        if not column.nullable and column.default is None and column.generated is None:
            yield Finding(Rule.VALUE_DEMANDED, f"{table}.{name}")


def _changes(old: Column, new: Column) -> Iterator[Rule]:
    if not _holds_all(old.type, new.type):
        yield Rule.TYPE_NARROWED
    if old.nullable and not new.nullable:
        yield Rule.NULL_REFUSED
    if new.nullable and not old.nullable:
        yield Rule.NULL_ALLOWED
    if old.default is not None and new.default != old.default:
        yield Rule.DEFAULT_CHANGED
    if old.generated != new.generated:
        yield Rule.NOT_WRITABLE


def _of_rules_for_rows(table: str, old: Relation, new: Relation) -> Iterator[Finding]:
    for constraint in new.constraints - old.constraints:
        yield Finding(Rule.CONSTRAINT_ADDED, f"{table}: {constraint.text}")
    for constraint in old.constraints - new.constraints:
        # A column that is gone takes what it was held to with it, and is a finding already.
        if old.columns.keys() <= new.columns.keys():
            yield Finding(Rule.CONSTRAINT_GONE, f"{table}: {constraint.text}")
    yield from (Finding(Rule.TRIGGER_ADDED, table) for _ in new.triggers - old.triggers)
    yield from (Finding(Rule.TRIGGER_GONE, table) for _ in old.triggers - new.triggers)
    for name, policy in old.policies.items():
        if new.policies.get(name) != policy:
            yield Finding(Rule.POLICY_GONE, f"{table}: {name}")
    for name in new.policies.keys() - old.policies.keys():
        if new.policies[name].is_restrictive:
            yield Finding(Rule.POLICY_NARROWS, f"{table}: {name}")
    if old.fence != new.fence:
        yield Finding(Rule.FENCE_CHANGED, table)


def _of_functions(before: Schema, after: Schema) -> Iterator[Finding]:
    for name, text in before.functions.items():
        if after.functions.get(name) != text:
            yield Finding(Rule.FUNCTION_CHANGED, name)


def _of_privileges(before: Schema, after: Schema) -> Iterator[Finding]:
    gone = before.relations.keys() - after.relations.keys()
    gone |= before.functions.keys() - after.functions.keys()
    gone |= _columns(before) - _columns(after)
    for lost in sorted(before.privileges - after.privileges, key=str):
        if lost.on not in gone:
            yield Finding(Rule.PRIVILEGE_GONE, f"{lost.on}, by {lost.role} to {lost.right},")


def _columns(schema: Schema) -> set[str]:
    return {f"{name}.{c}" for name, table in schema.relations.items() for c in table.columns}


def _shows_as_before(old: View, new: View) -> bool:
    shows = new.shows == old.shows or new.shows.startswith(f"{old.shows},")
    return shows and new.of == old.of and new.options == old.options


def _holds_all(old: str, new: str) -> bool:
    """Tell whether a type holds every value of another, and they are read in the same way."""
    if old == new:
        return True
    was, is_ = _TYPE.fullmatch(old), _TYPE.fullmatch(new)
    if was is None or is_ is None:
        return False
    family, *sizes = was.groups()
    new_family, *new_sizes = is_.groups()
    if family in _TEXTS and new_family in {"TEXT", family}:
        # Without a size it holds every text.
        size, new_size = sizes[0], new_sizes[0]
        return new_size is None or (size is not None and int(new_size) >= int(size))
    if family == new_family == "NUMERIC":
        return _holds_all_digits(sizes, new_sizes)
    unsized = (*sizes, *new_sizes) == (None,) * 4
    return unsized and any((family, new_family) in _upwards(chain) for chain in _WIDER)


def _holds_all_digits(old: Sequence[str | None], new: Sequence[str | None]) -> bool:
    if new[0] is None:
        return True
    if old[0] is None:
        return False
    (digits, places), (new_digits, new_places) = (
        (int(total or 0), int(after or 0)) for total, after in (old, new)
    )
    return new_places >= places and new_digits - new_places >= digits - places


def _upwards(chain: Sequence[str]) -> set[tuple[str, str]]:
    steps = set(pairwise(chain))
    return steps | {(chain[0], end) for end in chain[1:]}
