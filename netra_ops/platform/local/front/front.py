"""The front of one state directory: what stands before all revisions and splits the traffic.

What is applied is first on the disk, then live. So whatever is killed at whatever moment, HAProxy
comes back with the last state that was asked for, and never with half of one.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import msgspec

from netra.clock import Clock
from netra_ops.findings import Failed
from netra_ops.platform.local import health, processes
from netra_ops.platform.local.front import binary, keeper, layout, shares
from netra_ops.platform.local.front.admin import CLOSED, Admin, FrontRefused, FrontSilent, Place
from netra_ops.platform.local.front.model import SLOTS, Applied, FrontState, conflict
from netra_ops.platform.local.front.request_file import RequestFile
from netra_ops.platform.local.state_directory import FILE_MODE, made_directory, write_whole

_LOCK: Final = "lock"
_POLL_SECONDS: Final = 0.01
_LOG_BYTES: Final = 33_554_432


@dataclass(frozen=True, slots=True)
class FrontDeadlines:
    """How long the front is waited for, in seconds."""

    start: float = 10.0
    """For a started HAProxy to answer."""
    back: float = 10.0
    """For an HAProxy that ended or hangs to be back, while something is to be changed."""
    stop: float = 10.0
    """For the keeper to end by itself before it is killed."""


class Front:
    """The HAProxy of one folder; any number of these objects, in any process, stand for the same.

    Args:
        folder: Where it lives; made if it is not there.
        clock: For deadlines.
        say: Told, in sentences, what a person would want to know meanwhile.
        haproxy: The program; looked for if None.
        log_bytes: How large the request log grows before it is turned over; as much again is kept.
        deadlines: How long to wait for what.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        say: Callable[[str], None] = lambda _: None,
        *,
        haproxy: Path | None = None,
        log_bytes: int = _LOG_BYTES,
        deadlines: FrontDeadlines | None = None,
    ) -> None:
        self._folder = made_directory(folder)
        self._clock = clock
        self._say = say
        self._haproxy = haproxy
        self._log_bytes = log_bytes
        self._deadlines = deadlines or FrontDeadlines()
        self.admin = Admin(self._folder)
        """What the running HAProxy says of itself."""
        self.requests = RequestFile(self._folder)
        """What was asked and answered; stays when the front is stopped."""

    def ensure(self, state: FrontState) -> None:
        """Have the front running with this state, whatever it was before.

        It is started anew, which ends what is connected, if services or their addresses changed or
        if a slot with traffic is given to another revision.

        Raises:
            Failed: There is no HAProxy, or it did not start; what it said is in the message.
        """
        with self._locked():
            before = self.applied()
            if self._is_kept() and before is not None and conflict(before, state) is None:
                self._change(state)
                return
            self._stop()
            self._start(state)

    def apply(self, state: FrontState) -> None:
        """Change the running front to this state; nothing that is connected notices.

        Once this returns, every new request goes where the state says.

        Raises:
            Failed: The front does not run, or this state needs it to be started anew.
            FrontRefused: HAProxy would not; the state is as it was before.
            FrontSilent: HAProxy is away and did not come back in time. The state is written down
                and takes effect when it comes back.
        """
        with self._locked():
            before = self.applied()
            if before is None or not self._is_kept():
                raise Failed("The front does not run.")
            if reason := conflict(before, state):
                raise Failed(reason)
            self._change(state)

    def running(self) -> bool:
        """Tell whether requests can come in: HAProxy answers, and its keeper is there."""
        kept = keeper.read_kept(self._folder)
        if kept is None or kept.haproxy is None or not processes.is_alive(kept.keeper):
            return False
        try:
            return self.admin.info().pid == kept.haproxy.pid
        except (FrontSilent, FrontRefused):
            return False

    def applied(self) -> FrontState | None:
        """Give the state that was applied last, also when the front does not run.

        Raises:
            Failed: What was written down is damaged.
        """
        applied = self._read_applied()
        return applied.state if applied else None

    def kept(self) -> keeper.Kept | None:
        """Give the processes that were written down as running."""
        return keeper.read_kept(self._folder)

    def stop(self) -> bool:
        """End the front, and leave no process and no socket; the request log stays.

        Returns:
            Whether it ran.
        """
        with self._locked():
            return self._stop()

    def _is_kept(self) -> bool:
        kept = keeper.read_kept(self._folder)
        return kept is not None and processes.is_alive(kept.keeper)

    def _read_applied(self) -> Applied | None:
        try:
            return keeper.read_applied(self._folder)
        except msgspec.DecodeError as error:
            raise Failed(
                f"{self._folder / keeper.APPLIED} is damaged ({error}). Stop the front and remove "
                "that one file."
            ) from error

    def _change(self, state: FrontState) -> None:
        earlier = self._read_applied()
        applied = self._written(state)
        try:
            self._bring_live(applied)
        except FrontRefused:
            # What is on the disk must not differ from what serves.
            if earlier is not None:
                self._write(earlier)
                with suppress(FrontRefused, FrontSilent):
                    self._bring_live(earlier)
            raise

    def _written(self, state: FrontState) -> Applied:
        """Write a state down, with the turns that follow from it and from those of before."""
        earlier = self._read_applied()
        before = earlier.turns if earlier else {}
        turns = {
            service.name: shares.spread(service.split, before.get(service.name, ()))
            for service in state.services
        }
        applied = Applied(state, turns)
        if applied != earlier:
            self._write(applied)
        return applied

    def _write(self, applied: Applied) -> None:
        text = msgspec.json.format(msgspec.json.encode(applied), indent=2).decode()
        write_whole(self._folder / keeper.APPLIED, text + "\n")

    def _bring_live(self, applied: Applied) -> None:
        """Have HAProxy do what is on the disk, and see that it does.

        It may end meanwhile and come back with the state of before, or with this one.
        """
        deadline = self._clock.monotonic() + self._deadlines.back
        while True:
            try:
                self._change_what_differs(applied)
            except FrontSilent:
                if self._clock.monotonic() >= deadline or not self._is_kept():
                    raise
            else:
                return
            time.sleep(_POLL_SECONDS)

    def _change_what_differs(self, applied: Applied) -> None:
        """Compare HAProxy with a state, change what differs, and see that nothing does any more.

        First new revisions are led to, then requests are, then slots are closed: so no request is
        ever sent where nobody is any more.
        """
        wanted, found = _places(applied.state), self.admin.places()
        differing = {
            slot: place for slot, place in wanted.items() if found.get(_backend(slot)) != place
        }
        for slot, place in differing.items():
            if place.is_open:
                self.admin.lead(*slot, place)
        for name, entries in layout.maps(applied).items():
            if self.admin.entries(name) != entries:
                self.admin.replace(name, entries)
                if self.admin.entries(name) != entries:
                    raise FrontRefused(f"commit map {name}", "the map is not what was written")
        for slot, place in differing.items():
            if not place.is_open:
                self.admin.lead(*slot, place)
        found = self.admin.places() if differing else found
        for slot, place in wanted.items():
            if found.get(_backend(slot)) != place:
                raise FrontRefused(f"set server {_backend(slot)}", "it leads somewhere else")

    def _start(self, state: FrontState) -> None:
        found = binary.Binary(self._haproxy, "") if self._haproxy else binary.find()
        if found.path is None:
            raise Failed(found.remark)
        self._written(state)
        complaints = self._folder / keeper.COMPLAINTS
        offset = health.length(complaints)
        child = processes.start(
            keeper.MODULE,
            {},
            directory=self._folder,
            stdout=self._folder / keeper.EVENTS,
            stderr=self._folder / keeper.LAST_WORDS,
            arguments=(str(found.path), str(self._log_bytes)),
        )
        # Whoever lives long takes its exit code, so that no zombie stays.
        threading.Thread(target=child.wait, name="watch-front", daemon=True).start()
        deadline = self._clock.monotonic() + self._deadlines.start
        while not self.running():
            kept = keeper.read_kept(self._folder)
            ended = child.poll() is not None or (kept is not None and kept.ends > 0)
            if ended or self._clock.monotonic() >= deadline:
                self._stop()
                words = health.last_words(complaints, offset)
                words = words or health.last_words(self._folder / keeper.LAST_WORDS, 0)
                what = "The front did not start:"
                raise Failed("\n  ".join((what, *words, f"(log: {self._folder / keeper.EVENTS})")))
            time.sleep(_POLL_SECONDS)

    def _stop(self) -> bool:
        kept = keeper.read_kept(self._folder)
        if kept is None:
            return False
        ran = processes.is_alive(kept.keeper)
        seconds = self._deadlines.stop
        if not processes.stop(kept.keeper, clock=self._clock, seconds=seconds):
            self._say(f"The front's keeper did not end within {seconds:.0f} s and was killed.")
        # The one it wrote down last before it ended.
        kept = keeper.read_kept(self._folder) or kept
        if kept.haproxy is not None:
            processes.stop(kept.haproxy, clock=self._clock, seconds=seconds)
        for name in (keeper.KEPT, layout.SOCKET):
            (self._folder / name).unlink(missing_ok=True)
        return ran

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep every other one that changes this front waiting meanwhile."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(self._folder / _LOCK, flags, FILE_MODE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _backend(slot: tuple[str, int]) -> str:
    return layout.backend_name(*slot)


def _places(state: FrontState) -> dict[tuple[str, int], Place]:
    """Give where every slot is to lead."""
    places = {(s.name, slot): CLOSED for s in state.services for slot in range(SLOTS)}
    for service in state.services:
        for one in service.revisions:
            host = str(ip_address(one.host))
            places[service.name, one.slot] = Place(host, one.port, is_open=True)
    return places
