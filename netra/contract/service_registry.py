"""The services that the auth service knows from its configuration (SERVICE_REGISTRY)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from netra.contract.flaws import is_digest_of_placeholder
from netra.policy import Permission
from netra.principal import is_service_id

_SCOPES: Final = frozenset(permission.value for permission in Permission)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class RegistryInvalid(ValueError):
    """A registry cannot be taken; the message says where and why, and holds no value of it."""


@dataclass(frozen=True, slots=True)
class ServiceRegistration:
    """One service: who it is, the SHA-256 of its secret, and what it may ask for."""

    service_id: str
    secret_sha256: str = field(repr=False)
    scopes: tuple[str, ...]
    audiences: tuple[str, ...]


def parse_registry(text: str) -> tuple[ServiceRegistration, ...]:
    """Read a registry: a JSON list of registrations, at least one, each service once.

    Raises:
        RegistryInvalid: It is something else; the message says where, never what stands there.
    """
    try:
        entries = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RegistryInvalid("is not a JSON document") from None
    if not isinstance(entries, list):
        raise RegistryInvalid("has a fault at its top level: it must be a list")
    if not entries:
        raise RegistryInvalid("lists no service")
    registrations = tuple(_registration(n, entry) for n, entry in enumerate(entries, start=1))
    ids = [registration.service_id for registration in registrations]
    if len(set(ids)) != len(ids):
        raise RegistryInvalid("lists a service twice")
    return registrations


def _registration(number: int, entry: Any) -> ServiceRegistration:
    where = f"has a fault at entry {number}"
    if not isinstance(entry, dict):
        raise RegistryInvalid(f"{where}: it must be an object")
    for member, faults in _MEMBERS.items():
        if member not in entry:
            raise RegistryInvalid(f"{where}, {member}: the member is missing")
        for fault in faults(entry[member]):
            raise RegistryInvalid(f"{where}, {member}: {fault}")
    # A strange member's name is not shown: the document is a secret as a whole.
    if entry.keys() - _MEMBERS.keys():
        raise RegistryInvalid(f"{where}: there is a member that is not known")
    return ServiceRegistration(
        entry["service_id"],
        entry["secret_sha256"],
        tuple(entry["scopes"]),
        tuple(entry["audiences"]),
    )


def _service_id(value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield "it must be a string"
    elif not is_service_id(value):
        yield "must be lower-case letters, digits and single hyphens"


def _scope(value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield "it must be a string"
    elif value not in _SCOPES:
        yield "is not a scope that exists"


def _digest(value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield "it must be a string"
    elif not _SHA256.fullmatch(value):
        yield "it must be 64 lower-case hexadecimal digits"
    elif is_digest_of_placeholder(value):
        yield "is the digest of a placeholder or of nothing"


def _list_of(item: Callable[[Any], Iterator[str]]) -> Callable[[Any], Iterator[str]]:
    def faults(value: Any) -> Iterator[str]:
        if not isinstance(value, list):
            yield "it must be a list"
        elif not value:
            yield "it must not be empty"
        else:
            for one in value:
                yield from item(one)

    return faults


_MEMBERS: Final = {
    "service_id": _service_id,
    "secret_sha256": _digest,
    "scopes": _list_of(_scope),
    "audiences": _list_of(_service_id),
}
