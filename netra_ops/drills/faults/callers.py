"""Callers that are not the people of a drill, and do something wrong of their own."""

import threading
from contextlib import suppress
from typing import Final

from netra.clock import SystemClock
from netra_ops.drills.drill import Ground, Happening
from netra_ops.findings import OpsError
from netra_ops.validation.answer import Asker

_BETWEEN_SECONDS: Final = 0.1
_FOR_EVER: Final = 1e9


def careless_caller(path: str) -> Happening:
    """Have a program ask again and again without a credential, until it is stopped."""
    is_over = threading.Event()

    def ask(url: str) -> None:
        program = (("User-Agent", "nightly-report/2.3"),)
        with Asker(SystemClock(), seconds=_FOR_EVER, headers=program) as asker:
            while not is_over.wait(_BETWEEN_SECONDS):
                with suppress(OpsError):
                    asker.ask("GET", url + path)

    def begin(ground: Ground) -> None:
        is_over.clear()
        threading.Thread(target=ask, args=(ground.url,), name="caller", daemon=True).start()

    return Happening(begin, lambda _ground: is_over.set(), "the caller is stopped")
