"""What stands before the services of one state directory, told by the record what to do."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final

import msgspec

from netra.clock import Clock
from netra_ops.findings import Failed
from netra_ops.platform.local import configuration, ports
from netra_ops.platform.local.front.binary import find_haproxy
from netra_ops.platform.local.front.front import Front
from netra_ops.platform.local.front.model import SLOTS, FrontRevision, FrontService, FrontState
from netra_ops.platform.local.record import Record, RevisionRecord, ServiceRecord
from netra_ops.platform.local.state_directory import StateDirectory
from netra_ops.platform.port import Observed
from netra_ops.settings import LOOPBACK

_TLS: Final = "TLS_CERTIFICATE_PATH"


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
        self._front = Front(directory.front_folder, clock)

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
        return find_haproxy().missing

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
        return self._front.is_running()

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

    def observed(self, service: str, since: float, until: float) -> Mapping[str, Observed]:
        """Count what was asked of each revision between two times, seconds since the epoch.

        Raises:
            CouldNotTell: The log of requests cannot be read.
        """
        return self._front.observed(service, since, until)

    def _hosts(self, known: Record) -> Mapping[str, str]:
        return {
            name: configuration.read(self._directory, name).get("HOST") or LOOPBACK
            for name in known.services
        }


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
