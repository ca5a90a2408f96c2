"""Using a tool for an asker: permission, strict arguments, time and size bounds.

That it is said and remembered is `run_context`'s business.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from netra.agent_api import Tool, ToolContext, ToolFailed
from netra.errors import CouldNotDecide, DatabaseUnavailable, NotFound, PermissionDenied
from netra.telemetry.log_events import event_logger
from netra_backend.app.events.writer import LeaseLost
from netra_backend.app.runs.journal.bounded import bounded
from netra_backend.app.runs.journal.emission import RunClosed

MAX_ARGUMENTS_BYTES: Final = 49_152
MAX_RESULT_BYTES: Final = 61_440
"""With its call's id and name it fits into an event."""
_MAX_ERROR: Final = 2_000

UNWRITABLE: Final = (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError)
"""What writing a value as JSON may raise."""

log: Final = event_logger("runs")


class Outcome(msgspec.Struct, frozen=True):
    """What came of a tool: why there is no result, or a result as JSON."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    error: str | None = None
    ms: int = 0


class ToolUse:
    """The tools one asker is permitted, for one run.

    Args:
        tools: The agent's.
        context: What each is given.
        grace: Seconds in which a tool that took too long may stop.
        run_id: For whom.
    """

    def __init__(
        self, tools: Sequence[Tool], context: ToolContext, *, grace: float, run_id: str
    ) -> None:
        self.permitted = tuple(tool for tool in tools if tool.permission in context.permissions)
        self._all = {tool.name: tool for tool in tools}
        self._context = context
        self._grace = grace
        self._run_id = run_id

    def usable(self, tool_name: str, arguments: Mapping[str, Any]) -> Tool | None:
        """Find a tool that could be used so, but for an approval it may need.

        Nobody is asked to approve of what would be refused anyway.
        """
        tool = self._all.get(tool_name)
        if tool is None or tool not in self.permitted:
            return None
        try:
            _decoded(tool, arguments)
        except ToolFailed:
            return None
        return tool

    async def outcome(
        self, tool_name: str, arguments: Mapping[str, Any], *, approved: bool
    ) -> Outcome:
        """Use a tool.

        Args:
            tool_name: Which.
            arguments: For what.
            approved: Whether the person approved of exactly this.

        Raises:
            DatabaseUnavailable: The asker's records are away, so it is to be used again later.
            LeaseLost: Somebody else has the run.
            RunClosed: The run was stopped.
        """
        began = self._context.clock.monotonic()
        try:
            result = await self._result(tool_name, arguments, approved=approved)
        except ToolFailed as error:
            return Outcome(error=_plain(error), ms=self._since(began))
        return Outcome(result=result, ms=self._since(began))

    async def _result(
        self, tool_name: str, arguments: Mapping[str, Any], *, approved: bool
    ) -> msgspec.Raw:
        tool = self._all.get(tool_name)
        if tool is None:
            raise ToolFailed("There is no such tool.")
        if tool not in self.permitted:
            raise ToolFailed("You are not allowed to use this tool.")
        decoded = _decoded(tool, arguments)
        if tool.needs_approval and not approved:
            raise ToolFailed("It was not approved.")
        given = await self._given(tool, decoded)
        try:
            written = msgspec.json.encode(given)
        except UNWRITABLE as error:
            raise ToolFailed("The tool gave something that cannot be kept.") from error
        if len(written) > min(tool.max_result_bytes, MAX_RESULT_BYTES):
            raise ToolFailed("The tool's result is too large. Ask for less.")
        return msgspec.Raw(written)

    async def _given(self, tool: Tool, decoded: msgspec.Struct) -> Any:
        # What changes anything waits for a yes.
        context = self._context if tool.needs_approval else replace(self._context, changes=None)
        try:
            return await bounded(
                _called(tool, decoded, context),
                seconds=tool.timeout_seconds,
                grace=self._grace,
                what=tool.name,
                run_id=self._run_id,
            )
        except (ToolFailed, DatabaseUnavailable, LeaseLost, RunClosed):
            raise
        except TimeoutError as error:
            raise ToolFailed("The tool took too long and was stopped.") from error
        except CouldNotDecide as error:
            raise ToolFailed("Something the tool needs is away. Try again later.") from error
        except PermissionDenied as error:
            raise ToolFailed("You are not allowed to do this.") from error
        except NotFound as error:
            raise ToolFailed("There is no such thing here.") from error
        except Exception as error:  # noqa: BLE001 - whatever a tool raises, the run goes on
            # Neither the error's text nor its traceback: they may hold what the person said.
            log.error(  # noqa: TRY400 - as said above
                "tool_failed",
                tool_name=tool.name,
                run_id=self._run_id,
                error_type=type(error).__name__,
            )
        raise ToolFailed("The tool failed.")

    def _since(self, began: float) -> int:
        return round((self._context.clock.monotonic() - began) * 1000)


async def _called(tool: Tool, arguments: msgspec.Struct, context: ToolContext) -> Any:
    try:
        return await tool.call(arguments, context)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # Nobody cancelled it: it is an error of the tool's own.
        raise ToolFailed("The tool stopped by itself.") from None


def _decoded(tool: Tool, arguments: Mapping[str, Any]) -> msgspec.Struct:
    known = {field.encode_name for field in msgspec.structs.fields(tool.parameters)}
    if unknown := [name for name in arguments if name not in known]:
        raise ToolFailed(f"There is no parameter {unknown[0]!r:.100}.")
    try:
        return msgspec.convert(dict(arguments), tool.parameters, strict=True)
    except msgspec.ValidationError as error:
        raise ToolFailed(f"The arguments are not right: {error}.") from error
    except UNWRITABLE as error:
        raise ToolFailed("The arguments are not right.") from error


def _plain(error: ToolFailed) -> str:
    text = str(error).encode("utf-8", "replace").decode()[:_MAX_ERROR]
    return text or "The tool failed."
