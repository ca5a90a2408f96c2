"""The tool that deletes one of the asker's threads, once the asker has approved of it."""

from typing import Annotated, Any, Final

import msgspec

from netra.agent_api import Tool, ToolContext, ToolFailed
from netra.errors import Conflict
from netra.policy import Permission

_MAX_TITLE: Final = 200


class DeleteThread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which thread, by its whole title and its id as list_threads gives them; not this one.

    The title tells the person what is approved, the id which thread it is.
    """

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=_MAX_TITLE)]
    thread_id: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


async def _delete_thread(parameters: DeleteThread, context: ToolContext) -> dict[str, Any]:
    if context.changes is None:
        raise ToolFailed("It was not approved.")
    try:
        was_there = await context.changes.delete_thread(parameters.thread_id, parameters.title)
    except Conflict as error:
        raise ToolFailed(error.detail or error.public_text) from error
    return {"title": parameters.title, "was_there": was_there}


DELETE_THREAD: Final = Tool(
    name="delete_thread",
    description="Delete one of the person's own threads for good, with all that was said in it.",
    permission=Permission.THREADS_WRITE,
    parameters=DeleteThread,
    call=_delete_thread,
    needs_approval=True,
)
