"""Which variables of which services must be equal: issuer and verifier, service and registry. Pure.

Names are foreign. Two variables belong together by their role and purpose, by our own contracts'
groups, or because some form of their values is equal, which random values never are by chance.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple

from netra_ops.diagnosis.observing.between.likeness import Likeness, likeness, prints_of
from netra_ops.diagnosis.observing.configured.roles import (
    Role,
    group_of,
    is_beside_identity,
    purpose_of,
    words,
    words_of,
)
from netra_ops.diagnosis.observing.configured.values import Held
from netra_ops.diagnosis.observing.scene import Scene

_ISSUERS: Final = words("""
    AUTH AUTHN LOGIN IDENTITY IDP SSO ACCOUNT ACCOUNTS TOKEN TOKENS ISSUER OIDC OAUTH KEYCLOAK
    PASSPORT SIGNIN IAM AUTHSERVICE ID REGISTRY
""")
_OF_TOKENS: Final = words("JWT JWS TOKEN TOKENS ACCESS SIGNING SIGN AUTH HMAC BEARER VERIFY SHARED")
"""Words of keys that go from one service to another; keys of sessions and cookies mostly do not."""
_BESIDE: Final = frozenset({"PREVIOUS", "OLD", "NEXT", "FORMER", "SECONDARY", "FALLBACK", "LAST"})
"""Words of a variable whose value is accepted beside another's."""
_DIGESTS: Final = frozenset({"HASH", "HASHED", "SHA256", "SHA", "DIGEST"})


_LABEL: Final = re.compile(r"(?:https?://|\A)([a-z0-9-]+?)(?=[.:/]|-[0-9a-z]+-\w\w\.a\.run|\Z)")
"""The first label of an address, which mostly names a service."""
_OF_KEYS: Final = words("HS HMAC MAC JWT JWS JWK SECRET KEY SIGN SIGNER SIGNING SEAL SHARED VERIFY")
_OF_REGISTERS: Final = words("CLIENT CLIENTS SECRET SERVICE SERVICES REGISTERED REGISTRY KEY HASH")


class Peers(NamedTuple):
    """Two variables that must be equal; `issuer` is the side that others must follow."""

    issuer: Held
    other: Held


def is_issuer(service: str) -> bool:
    """Tell whether a service is called like one that makes tokens."""
    return bool(_ISSUERS & set(words_of(service.replace("-", "_"))))


def issuer_in(services: Iterable[str]) -> str | None:
    """Give the one service that is called like an issuer; None if none or several are."""
    found = [one for one in dict.fromkeys(services) if is_issuer(one)]
    return found[0] if len(found) == 1 else None


def peers_of_role(scene: Scene, everything: Sequence[Held], role: Role) -> Iterator[Peers]:
    """Pair the variables of a role that issuer and verifier must have alike.

    With the service that fails on one side, where it is known; where nobody can tell which service
    is the issuer, only between two.
    """
    ours = [one for one in everything if one.role is role and not _is_beside(one)]
    if role is Role.KEY:
        ours = _of_tokens(ours) or _called_alike(everything)
    services = list(dict.fromkeys(one.service for one in ours))
    for first, second in _sides(scene, services, everything):
        left = [one for one in ours if one.service == first]
        right = [one for one in ours if one.service == second]
        for mine, theirs in _matched(left, right):
            yield Peers(mine, theirs)


def registered(scene: Scene, everything: Sequence[Held]) -> Iterator[tuple[Held, list[Held]]]:
    """Give services' secrets, each with those of the auth service that may be its registration."""
    secrets = [
        one
        for one in everything
        if one.role is Role.SERVICE_SECRET and not _DIGESTS & set(words_of(one.name))
    ]
    issuer = issuer_in(one.service for one in everything)
    if issuer is None:
        return
    entries = [one for one in secrets if one.service == issuer]
    entries += [
        one
        for one in everything
        if one.service == issuer and one not in entries and _is_entry(one, secrets)
    ]
    for one in secrets:
        if one.service == issuer or scene.service not in {None, one.service, issuer}:
            continue
        named = [entry for entry in entries if _names(entry.name, one.service)]
        alike = [entry for entry in entries if _are_alike(entry, one)]
        if named or alike:
            yield one, alike or named
        elif len(entries) == 1 and not _names_another(entries[0], one, everything):
            yield one, entries


def _called_alike(everything: Sequence[Held]) -> list[Held]:
    """Give what fingerprints were taken of at several services under one name, whatever it is.

    A word of the name has to be of keys, and no value of it shown.
    """
    taken = [
        one
        for one in everything
        if one.role in {None, Role.IDENTITY, Role.CREDENTIAL}
        and one.prints is not None
        and one.value is None
        and _OF_KEYS & set(words_of(one.name))
        and not is_beside_identity(one.name)
        and not _is_beside(one)
    ]
    return [
        one
        for one in taken
        if any(one.name == other.name and one.service != other.service for other in taken)
    ]


def _of_tokens(keys: list[Held]) -> list[Held]:
    """Keep the keys of tokens where a service has such, and others where their peers are evident.

    A service's key for its own sessions need not be anybody else's.
    """
    of_tokens = [one for one in keys if _OF_TOKENS & set(words_of(one.name))]
    served = {one.service for one in of_tokens}
    return of_tokens + [
        one
        for one in keys
        if one not in of_tokens
        and (
            one.service not in served
            or any(one.service != other.service and _are_alike(one, other) for other in keys)
        )
    ]


def _called_issuer(scene: Scene, services: Sequence[str], everything: Sequence[Held]) -> str | None:
    """Give the one service that the failing one's issuer or auth address is called after."""
    hosts = {
        host
        for one in everything
        if one.role in {Role.ISSUER, Role.AUTH_URL} and scene.service in {None, one.service}
        for host in _LABEL.findall(one.value or "")
    }
    found = [one for one in services if one != scene.service and one in hosts]
    return found[0] if len(found) == 1 else None


def _sides(
    scene: Scene, services: Sequence[str], everything: Sequence[Held]
) -> Iterator[tuple[str, str]]:
    issuer = issuer_in(services) or _called_issuer(scene, services, everything)
    if issuer is not None:
        others = [one for one in services if one != issuer]
        if scene.service not in {None, issuer}:
            others = [one for one in others if one in _concerned(scene)]
        yield from ((issuer, other) for other in others)
    elif len(services) == 2 and (  # noqa: PLR2004 - a pair
        scene.service is None or set(services) & _concerned(scene)
    ):
        yield services[0], services[1]


def _concerned(scene: Scene) -> set[str]:
    """Give the services that fail, or with whose revision the failures began."""
    beside = None if scene.beside is None else scene.beside.service
    return {one for one in (scene.service, beside) if one is not None}


def _matched(left: list[Held], right: list[Held]) -> Iterator[tuple[Held, Held]]:
    """Pair what belongs together, what belongs together most surely first."""
    ranked = sorted(
        ((_closeness(a, b), i, j) for (i, a), (j, b) in product(enumerate(left), enumerate(right))),
        key=lambda one: (-one[0], one[1], one[2]),
    )
    used: set[tuple[str, str]] = set()
    alone = len(left) == 1 and len(right) == 1
    for close, i, j in ranked:
        mine, theirs = left[i], right[j]
        if {(mine.service, mine.name), (theirs.service, theirs.name)} & used:
            continue
        if close == 0 and not alone:
            continue
        used |= {(mine.service, mine.name), (theirs.service, theirs.name)}
        yield mine, theirs


def _closeness(one: Held, other: Held) -> int:
    """Say how surely two variables are meant to be equal; 0 if nothing speaks for it."""
    group = group_of(one.name)
    sure = one.name == other.name or (group is not None and group == group_of(other.name))
    ours, theirs = purpose_of(one.name), purpose_of(other.name)
    same_secret = (
        one.variable is not None
        and other.variable is not None
        and one.variable.secret is not None
        and one.variable.secret == other.variable.secret
    )
    return (
        8 * _are_alike(one, other)
        + 4 * same_secret
        + 2 * sure
        + (ours == theirs or bool(ours & theirs))
    )


def alike_in(one: Held, other: Held) -> Likeness | None:
    """Compare two variables, by their values where both are shown, else by their fingerprints."""
    if one.value is not None and other.value is not None:
        return likeness(prints_of(one.value), prints_of(other.value))
    return likeness(one.fingerprints, other.fingerprints)


def _are_alike(one: Held, other: Held) -> bool:
    found = alike_in(one, other)
    return found is not None and found.form is not None


def _is_beside(one: Held) -> bool:
    return bool(_BESIDE & set(words_of(one.name)))


def _names(variable: str, service: str) -> bool:
    """Tell whether a variable's name names a service: all words of the one in the other."""
    words = set(words_of(service.replace("-", "_"))) - {"SERVICE", "API", "APP", "STAGING", "PROD"}
    return bool(words) and words <= set(words_of(variable))


def _is_entry(one: Held, secrets: Sequence[Held]) -> bool:
    """Tell whether a variable of the auth service is called as a client alone, as in a register."""
    said = set(words_of(one.name)) - _OF_REGISTERS
    return any(
        said == set(words_of(each.service.replace("-", "_")))
        for each in secrets
        if each.service != one.service
    )


def _names_another(entry: Held, one: Held, everything: Sequence[Held]) -> bool:
    services = {held.service for held in everything} - {one.service, entry.service}
    return any(_names(entry.name, service) for service in services)
