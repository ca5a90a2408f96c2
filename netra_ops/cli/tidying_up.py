"""Ending on a signal as on Ctrl-C, so that what a command made on its way is cleaned up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


@contextmanager
def tidied_up() -> Iterator[None]:
    """Have SIGTERM break off what is done meanwhile, instead of ending the process at once."""
    before = signal.signal(signal.SIGTERM, _break_off)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _break_off(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
