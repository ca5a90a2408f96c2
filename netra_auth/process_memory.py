"""How the process keeps its memory once it serves: what stays is left alone, what is free goes."""

import ctypes
import gc
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_OBJECTS_BETWEEN_COLLECTIONS: Final = 10_000
_LARGE_BYTES: Final = 1_048_576
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
"""The names of the threshold and of the number of arenas in glibc's `mallopt` (malloc.h)."""


def keep_what_is_there() -> None:
    """Spare the garbage collector what was made at the start and stays to the end.

    Looking through it again and again would stop every request for milliseconds. What a request
    makes goes without the collector; it need not look after each of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)


def give_large_pieces_back() -> None:
    """Have memory of a megabyte and more go back to the system as soon as it is free.

    By itself glibc keeps the 9 MiB of a password's hash for the next one, and free memory of its
    own for each thread. Other libraries of C have no such switches, and are left as they are.
    """
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, 1)


def exit_code_of_child(work: Callable[[], int]) -> int:
    """Do a piece of work in a process that ends with it, so that its memory goes; give its code.

    It is for before anything else runs: a child has none of its parent's threads.
    """
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = work()
        finally:
            sys.stdout.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return abs(os.waitstatus_to_exitcode(status))
