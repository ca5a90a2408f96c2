"""Has the worker look, for so long and one at a time, and writes into the log that it was asked."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

import netra_ops
from netra.agent_api import Surroundings, ToolContext, ToolFailed
from netra.telemetry.log_events import event_logger
from netra_ops.operator_agent.looks import Found, Look

TIMEOUT_SECONDS: Final = 150.0
WORKER: Final = "netra_ops.operator_agent.worker"
_CODE: Final = Path(netra_ops.__file__).resolve().parent.parent
_LAST_WORD: Final = re.compile(rb"^([A-Za-z_][\w.]*)(?::|$)")

_log = event_logger("operator_agent")


@dataclass(slots=True)
class Looking:
    """Looks for operators.

    Attributes:
        surroundings: Where it can look.
        seconds: How long one look may take.
        command: What is run as the worker.
        environment: All that the worker finds in its environment.
    """

    surroundings: Surroundings
    seconds: float = TIMEOUT_SECONDS
    command: tuple[str, ...] = (sys.executable, "-P", "-m", WORKER)
    environment: Mapping[str, str] = field(
        default_factory=lambda: {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(_CODE),
        }
    )
    _busy: bool = False

    async def found(
        self, what: str, context: ToolContext, *, minutes: int = 0, again: bool = False
    ) -> dict[str, Any]:
        """Look for something under an asker's permissions.

        Raises:
            ToolFailed: It cannot be looked here, somebody else is being answered, it took too
                long, or the toolkit refused; it says which.
        """
        look = self._look(what, minutes=minutes, again=again)
        if self._busy:
            raise ToolFailed("Another question is just being looked into. Ask again in a moment.")
        began = context.clock.monotonic()
        self._busy = True
        outcome = "stopped"
        try:
            found = await self._done(look)
            outcome = "refused" if found.result is None else "found"
        except ToolFailed:
            outcome = "failed"
            raise
        finally:
            self._busy = False
            _log.info(
                "operations_looked",
                user_id=str(context.principal),
                what=what,
                minutes=minutes,
                again=again,
                outcome=outcome,
                ms=round((context.clock.monotonic() - began) * 1000),
            )
        if found.result is None:
            raise ToolFailed(found.refused)
        return found.result

    def _look(self, what: str, *, minutes: int, again: bool) -> Look:
        state, bundle = self.surroundings.state, self.surroundings.bundle
        if state is None and bundle is None:
            raise ToolFailed(
                "I cannot look here: this service does not belong to a local installation that I "
                "know of (OPERATIONS_STATE), and no evidence bundle was named (OPERATIONS_BUNDLE)."
            )
        return Look(
            what=what,
            state=state,
            bundle=bundle,
            minutes=minutes,
            again=again,
        )

    async def _done(self, look: Look) -> Found:
        process = await asyncio.create_subprocess_exec(
            *self.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd="/",
            env=dict(self.environment),
            start_new_session=True,
        )
        try:
            asked = msgspec.json.encode(look)
            async with asyncio.timeout(self.seconds):
                said, beside = await process.communicate(asked)
        except TimeoutError:
            raise ToolFailed(
                f"It took longer than {self.seconds:.0f} seconds and was stopped. Ask for a "
                "shorter time, such as the last hour."
            ) from None
        finally:
            if process.returncode is None:
                # With its session goes what it started: git, for one.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        try:
            return msgspec.json.decode(said, type=Found)
        except msgspec.MsgspecError:
            _log.error(
                "operations_work_failed",
                what=look.what,
                exit_code=process.returncode,
                error_type=_kind(beside),
            )
        raise ToolFailed("The look was broken off by a fault of ours; the log says of which kind.")


def _kind(beside: bytes) -> str:
    """Give the kind of error a process ended with; its text may quote what it read."""
    lines = beside.strip().splitlines()
    named = _LAST_WORD.match(lines[-1]) if lines else None
    return "unknown" if named is None else named[1].decode()
