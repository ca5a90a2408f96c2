"""What differs between two revisions, by name and kind; never a value. Pure."""

from collections.abc import Iterator

import msgspec

from netra_ops.evidence.bundle import Bundle
from netra_ops.evidence.records.revisions.revision import Kind, Revision, Variable


class Difference(msgspec.Struct, frozen=True):
    """One thing that is not the same on both, and where it stands."""

    name: str
    what: str
    evidence: tuple[str, ...]


def revision_named(bundle: Bundle, name: str | None) -> Revision | None:
    """Find a revision's document; None if the bundle has none of it."""
    found = [one for one in bundle.revisions if one.name == name and not one.is_service]
    return found[-1] if found else None


def differences(old: Revision, new: Revision) -> Iterator[Difference]:
    """Say what differs from one revision to another, by the names of variables."""
    for name in sorted({one.name for one in old.variables} | {one.name for one in new.variables}):
        before, after = old.variable(name), new.variable(name)
        if before is None and after is not None:
            yield Difference(name, f"added ({_kind(after)})", (after.where,))
        elif after is None and before is not None:
            yield Difference(name, f"lost (was {_kind(before)})", (before.where, new.where))
        elif before is not None and after is not None:
            what = _changed(before, after)
            if what:
                yield Difference(name, what, (before.where, after.where))
    for label, one, other in (
        ("image", old.image, new.image),
        ("service account", old.service_account, new.service_account),
        ("ingress", old.ingress, new.ingress),
        ("custom audiences", old.audiences, new.audiences),
        ("invoker", old.invoker, new.invoker),
    ):
        if one != other:
            yield Difference(label, "changed", (old.where, new.where))


def _kind(variable: Variable) -> str:
    return "a secret reference" if variable.kind is Kind.SECRET else str(variable.kind.value)


def _changed(before: Variable, after: Variable) -> str:
    if before.kind is not after.kind:
        return f"switched from {_kind(before)} to {_kind(after)}"
    if before.kind is Kind.SECRET:
        if before.secret != after.secret:
            return "refers to another secret"
        if before.version != after.version:
            return f"version {before.version or 'none'} to {after.version or 'none'}"
        return ""
    return "" if before.value == after.value else "changed"
