"""Signals and the ends of children, in one queue."""

import os
import signal
import subprocess
import sys

import pytest

from fakes.timing import UNIT
from netra_ops.platform.local.inbox import Inbox, ServiceEnded, StopAsked


def test_nothing_comes_when_nothing_happens() -> None:
    """Waiting ends with the time."""
    assert Inbox().next(0.001) is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_arrives_as_an_event_and_strikes_nowhere(number: signal.Signals) -> None:
    """Ctrl-C, a polite kill and a closed terminal all ask to stop; afterwards all is as before."""
    inbox, before = Inbox(), signal.getsignal(number)

    with inbox.taking_signals():
        os.kill(os.getpid(), number)
        event = inbox.next(5 * UNIT)

    assert event == StopAsked(number)
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("code", "seen"), [("raise SystemExit(7)", 7), ("import os; os.abort()", -6)]
)
def test_the_end_of_a_child_is_told_with_its_code(code: str, seen: int) -> None:
    """A child that exits and one that is killed are told apart."""
    inbox = Inbox()

    child = subprocess.Popen([sys.executable, "-c", code])  # noqa: S603 - code of this file

    inbox.watch("netra-auth-00001-abc", child)

    assert inbox.next(30 * UNIT) == ServiceEnded("netra-auth-00001-abc", seen, child.pid)
