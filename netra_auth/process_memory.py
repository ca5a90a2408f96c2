"""How the process keeps its memory once it serves: what stays is left alone, what is free goes."""

import ctypes
import gc
from contextlib import suppress
from typing import Final

_OBJECTS_BETWEEN_COLLECTIONS: Final = 10_000
_LARGE_BYTES: Final = 1_048_576
_M_MMAP_THRESHOLD: Final = -3
"""The name of the threshold in glibc's `mallopt` (malloc.h)."""


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

    By itself glibc keeps the 12 MiB of a password's hash for the next one. Other libraries of C
    have no such switch, and are left as they are.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
