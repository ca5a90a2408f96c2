"""The tools of operators: they read, and only for whom the policy permits it."""

from functools import partial
from typing import Annotated, Any, Final

import msgspec

from netra.agent_api import Tool, ToolContext
from netra.policy import Permission
from netra_ops.operator_agent.looking import Looking
from netra_ops.operator_agent.understanding import MOST_MINUTES, USUAL_MINUTES

DIAGNOSE: Final = "diagnose_services"
LOGS: Final = "summarise_logs"
SERVING: Final = "list_serving_revisions"
_GRACE_SECONDS: Final = 10.0
_MOST_BYTES: Final = 60_000

_Minutes = Annotated[
    int,
    msgspec.Meta(
        ge=1, le=MOST_MINUTES, description="Of how many minutes, up to now, evidence is collected."
    ),
]


class DiagnoseServices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which time, or of what was collected last."""

    minutes: _Minutes = USUAL_MINUTES
    again: Annotated[
        bool, msgspec.Meta(description="Look again at what was collected last, collecting nothing.")
    ] = False


class SummariseLogs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which time."""

    minutes: _Minutes = USUAL_MINUTES


class ListServingRevisions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is to be said."""


async def _diagnose(looking: Looking, asked: DiagnoseServices, context: ToolContext) -> Any:
    return await looking.found("diagnosis", context, minutes=asked.minutes, again=asked.again)


async def _logs(looking: Looking, asked: SummariseLogs, context: ToolContext) -> Any:
    return await looking.found("logs", context, minutes=asked.minutes)


async def _serving(looking: Looking, _asked: ListServingRevisions, context: ToolContext) -> Any:
    return await looking.found("serving", context)


def operator_tools(looking: Looking) -> tuple[Tool, ...]:
    """Give the tools, in the order in which people are told of them."""
    seconds = looking.seconds + _GRACE_SECONDS
    return (
        Tool(
            name=DIAGNOSE,
            description="Collect evidence of this installation and diagnose it: the verdict, the "
            "cause, what speaks for and against it with file and line, the five whys, the fix, "
            "what proves the repair and what would decide. Say nothing that is not in its result.",
            permission=Permission.OPERATIONS_READ,
            parameters=DiagnoseServices,
            call=partial(_diagnose, looking),
            timeout_seconds=seconds,
            max_result_bytes=_MOST_BYTES,
        ),
        Tool(
            name=LOGS,
            description="Say what really happens in the logs of this installation: a few clusters "
            "with their counts, times, revisions and one entry that shows each.",
            permission=Permission.OPERATIONS_READ,
            parameters=SummariseLogs,
            call=partial(_logs, looking),
            timeout_seconds=seconds,
            max_result_bytes=_MOST_BYTES,
        ),
        Tool(
            name=SERVING,
            description="List which revision of each service serves which share of the traffic, "
            "and which was proven last.",
            permission=Permission.OPERATIONS_READ,
            parameters=ListServingRevisions,
            call=partial(_serving, looking),
            timeout_seconds=seconds,
            max_result_bytes=_MOST_BYTES,
        ),
    )
