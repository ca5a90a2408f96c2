"""What stands before the services of one state directory, told by the record what to do."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from ipaddress import ip_address
from typing import Final

import msgspec

from netra.clock import Clock
from netra_ops.findings import CouldNotTell, Failed
from netra_ops.platform.local import configuration, ports
from netra_ops.platform.local.front import binary, requests
from netra_ops.platform.local.front.front import Front
from netra_ops.platform.local.front.model import SLOTS, FrontRevision, FrontService, FrontState
from netra_ops.platform.local.record import Record, RevisionRecord, ServiceRecord
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.platform.port import Observed, Requests
from netra_ops.settings import LOOPBACK

_TLS: Final = "TLS_CERTIFICATE_PATH"
_CUT_OFF_BY_SERVER: Final = ("S", "s", "P")
"""HAProxy's first letter for who ended an exchange: the server, its silence, the proxy."""


class Fronting:
    """The front of one state directory, if this machine has what it needs for one.

    Args:
        directory: Where it lives.
        clock: For deadlines.
        say: Told, in sentences, what a person would want to know.
    """

    def __init__(self, directory: StateDirectory, clock: Clock, say: Callable[[str], None]) -> None:
        self._directory = directory
        self._clock = clock
        self._say = say
        self._front = Front(directory.front_folder, clock, say)
        self._position = 0
        self._seen: list[requests.Request] = []

    def why_not(self, service: str) -> str:
        """Say why nothing can stand before a service here; empty if it can."""
        environment = configuration.read(self._directory, service)
        if environment.value(_TLS) is not None:
            return f"{service} speaks TLS itself ({_TLS})"
        host = environment.get("HOST") or LOOPBACK
        try:
            ip_address(host)
        except ValueError:
            return f"HOST of {service} is no IP address"
        return "" if self._haproxy.path else self._haproxy.remark

    def with_place(self, known: Record, service: str, name: str) -> Record:
        """Give a revision a slot behind the front and a port of its own, or the service's port.

        Raises:
            Failed: Every slot is taken.
        """
        mine = known.services[service]
        revision = mine.revisions[name]
        if self.why_not(service):
            placed = msgspec.structs.replace(revision, port=mine.port, slot=None)
        else:
            taken = {r.slot for n, r in mine.revisions.items() if n != name}
            free = [slot for slot in range(SLOTS) if slot not in taken]
            if not free:
                raise Failed(f"{service} has {SLOTS} revisions already. Retire one first.")
            slot = revision.slot if revision.slot in free else free[0]
            wish = ports.PortWish(service, "", LOOPBACK, asked=0, kept=None, default=0)
            placed = msgspec.structs.replace(
                revision, port=ports.choose((wish,))[0].port, slot=slot
            )
        return known.with_service(service, mine.having(name, placed))

    def is_needed(self, known: Record) -> bool:
        """Tell whether anything that serves is behind the front."""
        return bool(_state_of(known, self._hosts(known)).services)

    def is_running(self) -> bool:
        """Tell whether it runs."""
        return self._front.running()

    def ensure(self, known: Record) -> None:
        """Have the front run, and do what the record says.

        Raises:
            Failed: It does not start.
        """
        self._front.ensure(_state_of(known, self._hosts(known)))

    def apply(self, known: Record) -> None:
        """Have the running front do what the record says from now on.

        Raises:
            Failed: It does not.
        """
        self._front.apply(_state_of(known, self._hosts(known)))

    def stop(self) -> None:
        """Stop it, if it runs."""
        self._front.stop()

    def observe_from_now(self) -> None:
        """Leave away what was asked before; it is not read again."""
        self._position, self._seen = self._front.requests.end(), []

    def observed(self, service: str, since: float, until: float) -> Mapping[str, Observed]:
        """Count what was asked of each revision between two times, seconds since the epoch.

        Raises:
            CouldNotTell: The log of requests cannot be read.
        """
        reading = self._front.requests.read(self._position)
        if reading.lost:
            raise CouldNotTell("The front's log of requests was turned over before it was read.")
        self._position = reading.position
        self._seen += reading.requests
        found: defaultdict[str, list[requests.Request]] = defaultdict(list)
        for one in requests.arrived_within(self._seen, since, until):
            if one.service == service and one.revision is not None:
                found[one.revision].append(one)
        return {revision: _observed(its) for revision, its in found.items()}

    @cached_property
    def _haproxy(self) -> binary.Binary:
        return binary.find()

    def _hosts(self, known: Record) -> Mapping[str, str]:
        return {
            name: configuration.read(self._directory, name).get("HOST") or LOOPBACK
            for name in known.services
        }


def _observed(its: Iterable[requests.Request]) -> Observed:
    """Tell people's requests from those of probes: what came by a tag, or says that it is one."""
    people: list[requests.Request] = []
    probes: list[requests.Request] = []
    for one in its:
        is_probe = one.via != requests.SPLIT or one.probe is not None
        (probes if is_probe else people).append(one)
    return Observed(_counted(people), _counted(probes))


def _counted(its: Iterable[requests.Request]) -> Requests:
    answered: Counter[int] = Counter()
    seconds: list[float] = []
    cut_off = 0
    for one in its:
        if one.status <= 0:
            continue  # Whoever asked went before there was an answer.
        if one.termination[:1] in _CUT_OFF_BY_SERVER and not one.is_socket:
            cut_off += not one.revision_was_dead
        answered[one.status] += 1
        if one.seconds is not None and not one.is_socket:
            seconds.append(one.seconds)
    return Requests(dict(answered), tuple(seconds), cut_off)


def _state_of(known: Record, hosts: Mapping[str, str]) -> FrontState:
    services = (
        _service_of(name, service, hosts[name])
        for name, service in known.services.items()
        if service.serving is not None and service.serving.slot is not None
    )
    return FrontState(tuple(services))


def _service_of(name: str, service: ServiceRecord, host: str) -> FrontService:
    revisions = tuple(
        _revision_of(one, revision)
        for one, revision in service.revisions.items()
        if revision.slot is not None
    )
    return FrontService(name, host, service.port, revisions, dict(service.split))


def _revision_of(name: str, revision: RevisionRecord) -> FrontRevision:
    if revision.slot is None:
        raise ValueError(f"{name} has no slot")
    return FrontRevision(name, revision.slot, LOOPBACK, revision.port, revision.tag)
