"""What the front is told: services, their revisions, and how their traffic is split. Pure.

A description that cannot be meant is refused when it is made, in words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Final

import msgspec

SLOTS: Final = 8
"""Places for revisions that each service has; a removed revision gives its own back."""

WHOLE: Final = 100
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_TAG: Final = re.compile(r"[a-z][a-z0-9-]{0,38}")
_LABEL_LENGTH: Final = 63
"""Characters of one part of a host name (RFC 1035)."""
_PORTS: Final = range(1, 65_536)


class NoSlotLeft(ValueError):
    """Every slot of a service has a revision."""


class FrontRevision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A revision that can be reached.

    Attributes:
        name: What it is called, also in `x-served-revision` and in the request log.
        slot: Its place, from 0 on, which it keeps as long as it is there.
        host: The IP address it listens on.
        port: The port.
        tag: What a client says to reach it whatever the split is; None for nothing.

    Raises:
        ValueError: One of them has not the form it must have.
    """

    name: str
    slot: int
    host: str
    port: int
    tag: str | None = None

    def __post_init__(self) -> None:
        _check_name("revision", self.name)
        _check_address(f"Revision {self.name}", self.host, self.port)
        if self.slot not in range(SLOTS):
            raise ValueError(f"Revision {self.name} has no slot from 0 to {SLOTS - 1}.")
        if self.tag is not None and not _TAG.fullmatch(self.tag):
            raise ValueError(
                f"The tag of revision {self.name} is not a letter followed by up to 38 lower-case "
                "letters, digits and hyphens."
            )


class FrontService(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service, where it is reached, and what stands behind it.

    A client reaches a tagged revision by the host name `TAG---SERVICE.localhost`, at the same
    address: it sends that as `Host`, with or without a port. A browser can, since every name
    under `localhost` is this machine; another client connects to the address and sends the header.

    Attributes:
        name: Its service id.
        bind_host: The IP address clients connect to.
        bind_port: The port.
        revisions: What can be reached.
        split: Whole percents per revision, 100 together; empty if nothing is to serve, so that
            every request without a tag is answered 503.

    Raises:
        ValueError: The split or the revisions contradict themselves.
    """

    name: str
    bind_host: str
    bind_port: int
    revisions: tuple[FrontRevision, ...] = ()
    split: Mapping[str, int] = {}

    def __post_init__(self) -> None:
        _check_name("service", self.name)
        _check_address(f"Service {self.name}", self.bind_host, self.bind_port)
        _check_unique("name", self.name, (one.name for one in self.revisions))
        _check_unique("slot", self.name, (one.slot for one in self.revisions))
        _check_unique("tag", self.name, (one.tag for one in self.revisions if one.tag is not None))
        for one in self.revisions:
            if one.tag is not None and len(self.host_of(one.tag).partition(".")[0]) > _LABEL_LENGTH:
                raise ValueError(
                    f"The tag {one.tag} and the name of {self.name} make a host name's part of "
                    f"more than {_LABEL_LENGTH} characters."
                )
        self._check_split()

    def _check_split(self) -> None:
        known = {one.name for one in self.revisions}
        for name, percent in self.split.items():
            if name not in known:
                raise ValueError(f"The split of {self.name} names a revision that is not there.")
            if type(percent) is not int or not 0 <= percent <= WHOLE:
                raise ValueError(f"The share of {name} is not a whole number from 0 to {WHOLE}.")
        if self.split and (total := sum(self.split.values())) != WHOLE:
            raise ValueError(f"The shares of {self.name} are {total} % together, not {WHOLE} %.")

    def host_of(self, tag: str) -> str:
        """Give the host name that reaches the revision with this tag."""
        return f"{tag}---{self.name}.localhost"

    def free_slot(self) -> int:
        """Give the lowest slot without a revision.

        Raises:
            NoSlotLeft: There is none.
        """
        taken = {one.slot for one in self.revisions}
        for slot in range(SLOTS):
            if slot not in taken:
                return slot
        raise NoSlotLeft(
            f"{self.name} has {SLOTS} revisions already. Remove one without traffic first."
        )

    def has_traffic(self, revision: FrontRevision) -> bool:
        """Tell whether any request can reach a revision."""
        return self.split.get(revision.name, 0) > 0 or revision.tag is not None


class FrontState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that stands behind the front.

    Raises:
        ValueError: Services share a name or an address, or one would be behind itself.
    """

    services: tuple[FrontService, ...]

    def __post_init__(self) -> None:
        _check_unique("name", "the front", (service.name for service in self.services))
        binds = [(service.bind_host, service.bind_port) for service in self.services]
        _check_unique("address", "the front", binds)
        behind = [(r.host, r.port) for service in self.services for r in service.revisions]
        _check_unique("address", "what is behind the front", behind)
        for host, port in behind:
            for bind_host, bind_port in binds:
                if port == bind_port and (
                    host == bind_host or ip_address(bind_host).is_unspecified
                ):
                    raise ValueError(f"The front would stand before itself at port {port}.")

    def service(self, name: str) -> FrontService | None:
        """Give the service with this name; None if there is none."""
        return next((service for service in self.services if service.name == name), None)

    @property
    def binds(self) -> tuple[tuple[str, str, int], ...]:
        """Which service is reached where: what cannot be changed while it serves."""
        return tuple((s.name, s.bind_host, s.bind_port) for s in self.services)


class Applied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was applied last, as it is kept on the disk.

    Attributes:
        state: What was described.
        turns: Per service the revisions whose turn it is, one after the other and from the
            beginning again; empty where nothing serves.
    """

    state: FrontState
    turns: dict[str, tuple[str, ...]]


def conflict(before: FrontState, after: FrontState) -> str | None:
    """Say why one state cannot follow another while requests come; None if it can.

    A slot that takes requests is not given to another revision: a request that was meant for the
    old one would reach the new one, or be counted as the new one's.
    """
    if before.binds != after.binds:
        return "The services, or the addresses they are reached at, are not the same as before."
    for service in after.services:
        earlier = before.service(service.name)
        if earlier is None:
            continue
        occupants = {one.slot: one for one in earlier.revisions if earlier.has_traffic(one)}
        for one in service.revisions:
            occupant = occupants.get(one.slot)
            if occupant is not None and occupant.name != one.name:
                return (
                    f"Slot {one.slot} of {service.name} still has traffic of {occupant.name}. "
                    "Take its share and its tag away first, in a change of their own."
                )
    return None


def _check_name(kind: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"The name of a {kind} is not a letter followed by up to 62 lower-case letters, "
            "digits and hyphens."
        )


def _check_address(what: str, host: str, port: int) -> None:
    try:
        ip_address(host)
    except ValueError as error:
        raise ValueError(f"{what} has no IP address.") from error
    if "%" in host or port not in _PORTS:
        raise ValueError(f"{what} has no address of the form IP:port.")


def _check_unique(what: str, owner: str, values: Iterable[object]) -> None:
    for value, number in Counter(values).items():
        if number > 1:
            raise ValueError(f"The {what} {value} is there {number} times in {owner}.")
