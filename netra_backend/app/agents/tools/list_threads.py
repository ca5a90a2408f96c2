"""The tool that lists the asker's threads."""

from typing import Annotated, Any, Final

import msgspec

from netra.agent_api import Tool, ToolContext
from netra.policy import Permission

_MAX_THREADS: Final = 40


class ListThreads(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=_MAX_THREADS)] = 20


async def _list_threads(parameters: ListThreads, context: ToolContext) -> dict[str, Any]:
    found = await context.records.threads(parameters.limit + 1)
    shown = found[: parameters.limit]
    return {
        "threads": [
            {
                "thread_id": thread.thread_id,
                "title": thread.title,
                "updated_at": thread.updated_at,
                "is_this_one": thread.thread_id == context.thread_id,
            }
            for thread in shown
        ],
        "more": len(found) > len(shown),
    }


LIST_THREADS: Final = Tool(
    name="list_threads",
    description="List the person's own threads, the one in which something was said last first.",
    permission=Permission.THREADS_READ,
    parameters=ListThreads,
    call=_list_threads,
    max_result_bytes=60_000,
)
