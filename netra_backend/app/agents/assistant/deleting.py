"""How the assistant deletes a thread: it looks which one is meant, and the run asks the person."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from netra.agent_api import NotApproved, Run, ToolRefused
from netra_backend.app.agents.assistant import replies
from netra_backend.app.agents.tools.summarise_thread import LAST, THIS

_LOOKED_THROUGH: Final = 40


async def deleted(wanted: str, run: Run) -> str:
    """Delete a thread by its title, if exactly one is meant and the person approves.

    Args:
        wanted: `this`, `last` for the one talked in before this one, or part of a title.
        run: Through which it is done.
    """
    if wanted == THIS:
        return replies.could_not(replies.NOT_FROM_WITHIN)
    await run.think("You want a thread deleted. I look which one you mean.")
    try:
        listed = await run.call("list_threads", {"limit": _LOOKED_THROUGH})
        meant = _meant(wanted, [one for one in listed["threads"] if not one["is_this_one"]])
        return await _deleted(wanted, meant, run)
    except ToolRefused as refused:
        return replies.could_not(str(refused))


async def _deleted(wanted: str, meant: Sequence[Mapping[str, Any]], run: Run) -> str:
    if not meant:
        return replies.could_not(replies.no_such_thread(wanted))
    if len(meant) > 1:
        return replies.which_thread(meant)
    title, thread_id = meant[0]["title"], meant[0]["thread_id"]
    try:
        result = await run.call("delete_thread", {"title": title, "thread_id": thread_id})
    except NotApproved:
        return replies.not_approved(title)
    return replies.thread_deleted(result)


def _meant(wanted: str, threads: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """List the threads that may be meant: those of just this title, or else with it in theirs."""
    if wanted == LAST:
        return threads[:1]
    title = " ".join(wanted.casefold().split())
    by_title = [(" ".join(thread["title"].casefold().split()), thread) for thread in threads]
    exact = [thread for name, thread in by_title if name == title]
    return exact or [thread for name, thread in by_title if title in name]
