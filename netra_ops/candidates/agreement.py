"""Whether variables that must be equal in several services are. Pure; no value is shown.

Values are compared by fingerprints, secrets that cannot be seen by what is referred to.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from netra.secret import Secret
from netra_ops.candidates.candidate import Place, Reference, shown_name
from netra_ops.candidates.fingerprints.prints import NEARLY, Fingerprints, likeness, variants
from netra_ops.findings import Verdict


@dataclass(frozen=True, slots=True)
class Member:
    """One service's variable of an equality group.

    Attributes:
        group: The group's name.
        service: The service.
        variable: The variable that gives the value.
        is_set: Whether it is set, and has not only its default.
        value: The value, where it can be seen.
        reference: What it is taken from, where it stands elsewhere.
        place: Where it is set.
        leads: Whether the others must accept what this one has.
        beside: What its service accepts beside it.
    """

    group: str
    service: str
    variable: str
    is_set: bool
    value: Secret | None
    reference: Reference | None
    place: Place
    leads: bool = False
    beside: tuple["Member", ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two members compared; `says` continues the name of `member`'s variable."""

    member: Member
    verdict: Verdict
    says: str = ""
    fix: str = ""


def agreements(members: Iterable[Member], fingerprints: Fingerprints) -> Iterator[Agreement]:
    """Compare each group's members with the one that leads it, or else with its first."""
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(member.group, []).append(member)
    for group in groups.values():
        first = next((member for member in group if member.leads), group[0])
        for member in group:
            if member is not first:
                yield from _accepted(first, member, fingerprints)


def registration(
    named: Member, secret: Member | None, registry: Mapping[str, str], place: Place
) -> Agreement | None:
    """Tell what a service is against the registry by which another one knows it.

    The registry is read at the first start, so what it lacks may have been registered since:
    UNKNOWN. Another secret than its digest's is only told: it may have been rotated since. One
    that is nearly the digest's was not.

    Args:
        named: The service's own name.
        secret: Its secret, or None where it has none.
        registry: The SHA-256 of each registered service's secret, by its name.
        place: Where the registry stands.
    """
    if named.value is None:
        return None
    digest = registry.get(named.value.reveal())
    if digest is None:
        return Agreement(
            named,
            Verdict.UNKNOWN,
            f"is not in the registry at {place}; only the store tells whether it is known",
            "Register the service under this name, or write the name it is registered by.",
        )
    if secret is None or secret.value is None:
        return Agreement(named, Verdict.PASS)
    if _digest(secret.value.reveal()) == digest:
        return Agreement(named, Verdict.PASS)
    return _nearly_registered(secret, secret.value, digest, place) or Agreement(
        secret,
        Verdict.PASS,
        f"is not the one whose digest is in the registry at {place}: right only if it was rotated",
        "Compare it with what was registered.",
    )


def _nearly_registered(
    secret: Member, value: Secret, digest: str, place: Place
) -> Agreement | None:
    """Find a secret, or its digest, that was written in another way than the other side's."""
    for name, variant in variants(value).items():
        if _digest(variant) == digest:
            says = f"is the one whose digest is in the registry at {place}, {NEARLY[name]}"
            return Agreement(secret, Verdict.FAIL, says, "Write it as it was registered.")
    if _digest(f"{value.reveal()}\n") == digest:
        return Agreement(
            secret,
            Verdict.FAIL,
            f"is not the one whose digest is in the registry at {place}: that is the digest of it"
            " and a line break",
            "Register the digest of the secret alone: `printf %s` writes no line break.",
        )
    return None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def same_secret(one: Reference, other: Reference) -> bool | None:
    """Tell whether two references name one secret; where one says no project, it is the other's.

    None where one project is named by its number and the other by its id.
    """
    if one.store != other.store or not one.name or one.secret != other.secret:
        return False
    projects = {project for project in (one.of_project, other.of_project) if project}
    if len(projects) <= 1:
        return True
    return False if len({project.isdigit() for project in projects}) == 1 else None


def _accepted(first: Member, member: Member, fingerprints: Fingerprints) -> Iterator[Agreement]:
    """Tell whether a service accepts what another one has; without a leader, whether it is equal.

    What it accepts besides counts too, and what is accepted beside the leader's own value must be
    accepted as well: it was the leader's before.
    """
    if not first.leads:
        yield _compared(first, member, fingerprints)
        return
    accepts = (member, *member.beside)
    yield _best([_compared(first, one, fingerprints) for one in accepts])
    for old in first.beside:
        found = _best([_compared(old, one, fingerprints) for one in accepts])
        if found.verdict is Verdict.FAIL:
            yield replace(
                found,
                says=f"is not {_named(old)}, and nothing else is: that one would be refused",
                fix=f"Set {old.variable} to it in both, or remove it where it is set first.",
            )
        else:
            yield found


def _best(found: list[Agreement]) -> Agreement:
    """Give the first of those with the best verdict, or what was found of the variable itself."""
    best = min(found, key=lambda one: one.verdict.badness)
    return found[0] if best.verdict is found[0].verdict else best


def _compared(first: Member, member: Member, fingerprints: Fingerprints) -> Agreement:
    if first.value is not None and member.value is not None:
        return _by_value(first, member, fingerprints)
    one, other = first.reference, member.reference
    if one and other and same_secret(one, other):
        if one.is_pinned and other.is_pinned:
            return _by_version(first, member, one, other)
        return Agreement(
            member,
            Verdict.UNKNOWN,
            f"must equal {_named(first)}, and both refer to the secret {shown_name(one.secret)}"
            " without pinning its version: each takes the newest when it starts",
            "Name the same version by its number in both.",
        )
    return Agreement(
        member,
        Verdict.UNKNOWN,
        f"must equal {_named(first)}, and they cannot be compared without their values",
        "Refer to the same version of the same secret in both.",
    )


def _by_value(first: Member, member: Member, fingerprints: Fingerprints) -> Agreement:
    if first.value is None or member.value is None:
        raise ValueError("Members are compared by value where both can be seen.")
    one, other = fingerprints.of(first.value), fingerprints.of(member.value)
    if one.exact == other.exact:
        return Agreement(member, Verdict.PASS)
    like = likeness(one, other)
    default = "" if member.is_set else " (its default)"
    says = f"must equal {_named(first)}, and is {like or 'another value'}{default}"
    return Agreement(
        member, Verdict.FAIL, says, "Give both the same value, character by character."
    )


def _by_version(first: Member, member: Member, one: Reference, other: Reference) -> Agreement:
    if one.version == other.version:
        return Agreement(member, Verdict.PASS)
    return Agreement(
        member,
        Verdict.FAIL,
        f"must equal {_named(first)}, and refers to version {shown_name(other.version or '')} of "
        f"the secret where that refers to version {shown_name(one.version or '')}",
        "Refer to the same version in both.",
    )


def _named(member: Member) -> str:
    default = "" if member.is_set else ", which has its default"
    return f"{member.variable} of {member.service} ({member.place}{default})"
