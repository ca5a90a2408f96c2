"""`netra logs follow`: what is new in growing logs, what jumps, and what falls silent."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from threading import Event as Flag
from threading import Lock
from types import FrameType
from typing import Annotated, Final

import msgspec
import typer

from netra.clock import Clock, SystemClock
from netra_ops.cli.console import remark, tell
from netra_ops.cli.logs.inputs import (
    STANDARD_INPUT,
    Fineness,
    FormOption,
    GranularityOption,
    InputsArgument,
    existing,
    standard_input,
)
from netra_ops.cli.logs.memory import remembered
from netra_ops.cli.output import tell_line
from netra_ops.findings import CouldNotTell, UsageRefused, printable
from netra_ops.gardener.following.alarm import Alarm, Receiver
from netra_ops.gardener.following.followed import Terms
from netra_ops.gardener.following.growing import Identity
from netra_ops.gardener.following.inputs import Inputs
from netra_ops.gardener.following.watch.events import Event, as_line
from netra_ops.gardener.following.watch.kinds import Kinds
from netra_ops.gardener.following.watch.watching import Watch
from netra_ops.logs.entries import Level
from netra_ops.logs.reading.duplicates import Duplicates
from netra_ops.logs.reading.framing.forms import Form

_POLL_SECONDS: Final = 0.2
_BUSY: Final = 1_000
"""After so many entries at once there may be more already."""
_PATIENCE: Final = 30.0
_COPIES: Final = 1 << 18
_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


class Threshold(StrEnum):
    """From which level on something is told."""

    DEFAULT = "default"
    DEBUG = "debug"
    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"

    @property
    def level(self) -> Level:
        """Give the level."""
        return Level[self.name]


def follow(  # noqa: PLR0913, PLR0917 - one parameter for each option
    inputs: InputsArgument,
    alarm: Annotated[
        str | None,
        typer.Option(
            "--alarm", metavar="URL", help="POST each event there: https, or http to this machine."
        ),
    ] = None,
    level: Annotated[
        Threshold,
        typer.Option("--level", case_sensitive=False, help="What is told is at least as bad."),
    ] = Threshold.WARNING,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Take what is there already for new, too.")
    ] = False,
    memory: Annotated[
        Path | None,
        typer.Option("--memory", metavar="FILE", help="What `netra logs garden` knew is not new."),
    ] = None,
    as_text: Annotated[
        bool, typer.Option("--text", help="A line for people for each event, also into a file.")
    ] = False,
    patience: Annotated[
        float,
        typer.Option(
            "--patience", min=1.0, help="Seconds that an input may be away before it is gone."
        ),
    ] = _PATIENCE,
    form: FormOption = Form.AUTO,
    granularity: GranularityOption = Fineness.NORMAL,
) -> None:
    """Tell within seconds what is new in growing logs, what comes far more often, and what stops.

    Events are lines of JSON on standard output. A pipe that ends, Ctrl-C and SIGTERM end it with
    exit code 0; 2 wrong usage, 3 nothing that was named is there any more, or nobody listens.
    """
    named = existing(inputs)
    receiver = Receiver(alarm) if alarm is not None else None
    known = remembered(memory, granularity)
    clock = SystemClock()
    now, at = clock.monotonic(), clock.timestamp()
    terms = Terms(form, at, now, Duplicates(_COPIES))
    watch = Watch(Kinds(granularity.granularity, known), level.level, now, at)
    say = _Say()
    with _stop_asked() as stop:
        followed = Inputs(named, terms, patience, say, _descriptor(named), _own_outputs())
        sent = Alarm(receiver, say) if receiver is not None else None
        telling = _Telling(sent, as_text=as_text or _is_terminal())
        _follow(followed, watch, telling, clock, stop, from_start=from_start)
        _say_sum(watch, telling, clock.monotonic() - now)
    if followed.is_gone:
        raise CouldNotTell("Nothing that was named is there any more.")


class _Say:
    """Says one thing after the other beside the events, whichever thread has to say it."""

    def __init__(self) -> None:
        self._lock = Lock()

    def __call__(self, text: str) -> None:
        with self._lock:
            remark(printable(text))


class _Telling:
    """Tells events, and counts them."""

    def __init__(self, alarm: Alarm | None, *, as_text: bool) -> None:
        self._as_text = as_text
        self.alarm = alarm
        self.counts: dict[str, int] = {"new_cluster": 0, "rate_jump": 0, "silence": 0}

    def __call__(self, event: Event) -> None:
        self.counts[event.event] += 1
        if self.alarm is not None:
            self.alarm.send(msgspec.json.encode(event))
        if self._as_text:
            tell(as_line(event))
        else:
            tell_line(event)


def _follow(
    followed: Inputs,
    watch: Watch,
    telling: _Telling,
    clock: Clock,
    stop: Flag,
    *,
    from_start: bool,
) -> None:
    for arrived in followed.before():
        if from_start:
            watch.take(arrived, clock.monotonic())
        else:
            watch.learn(arrived)
        if stop.is_set():
            return
    watch.begin(clock.monotonic())
    remark(f"Following {len(followed)} files and pipes; {watch.baseline:,} entries were there.")
    while not (stop.is_set() or followed.has_ended or followed.is_gone):
        before = watch.entries
        for arrived in followed.arrived(clock.monotonic()):
            watch.take(arrived, clock.monotonic())
        for event in watch.tick(clock.monotonic(), clock.timestamp()):
            telling(event)
        if watch.entries - before < _BUSY:
            stop.wait(_POLL_SECONDS)
    for arrived in followed.ended(clock.monotonic()):
        watch.take(arrived, clock.monotonic())
    for event in watch.tick(clock.monotonic(), clock.timestamp(), is_last=True):
        telling(event)


def _say_sum(watch: Watch, telling: _Telling, seconds: float) -> None:
    new, jumps, silences = telling.counts.values()
    said = (
        f"Followed for {seconds:,.0f} s: {watch.entries:,} entries; {new} new clusters, "
        f"{jumps} rate jumps, {silences} silences."
    )
    if telling.alarm is not None:
        delivered, lost = telling.alarm.close()
        said += f" Alarms: {delivered} delivered, {lost} not."
    remark(said)


def _descriptor(named: tuple[str, ...]) -> int:
    """Give standard input's descriptor, if it is asked for.

    Raises:
        UsageRefused: It is closed, or no file of the system.
    """
    if STANDARD_INPUT not in named:
        return 0
    try:
        return standard_input().fileno()
    except (OSError, ValueError):
        raise UsageRefused("Standard input is no pipe and no file.") from None


@contextmanager
def _stop_asked() -> Iterator[Flag]:
    """Have the first signal that asks to stop noted; a second one strikes as ever."""
    stop = Flag()
    before = {number: signal.getsignal(number) for number in _ENDING}

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in _ENDING:
        signal.signal(number, note)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _own_outputs() -> frozenset[Identity]:
    """Say which files standard output and standard error are, as far as they are any."""
    found = set()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            found.add(Identity.of(os.fstat(stream.fileno())))
    return frozenset(found)


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
