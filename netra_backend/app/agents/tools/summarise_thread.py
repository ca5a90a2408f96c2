"""The tool that summarises one of the asker's threads by sentences that were said in it."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec

from netra.agent_api import Saying, ThreadSummary, Tool, ToolContext, ToolFailed
from netra.errors import NotFound
from netra.policy import Permission
from netra_backend.app.agents.reckoning.summary import Text, summarised
from netra_backend.app.agents.tools.search_messages import Selection

THIS: Final = "this"
LAST: Final = "last"
_READ: Final = 200
_LOOKED_THROUGH: Final = 200


class SummariseThread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which thread, and how long the summary may be.

    Attributes:
        thread: `this`, `last` for the one talked in before this one, an id, or part of a title.
        sentences: How many sentences at most.
        before: Only what was said before this message.
    """

    thread: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = THIS
    sentences: Annotated[int, msgspec.Meta(ge=1, le=12)] = 5
    before: str | None = None


def summarise_thread(selection: Selection | None = None) -> Tool:
    """Make the tool; by default all that was said in a thread is worth a summary."""

    async def call(parameters: SummariseThread, context: ToolContext) -> dict[str, Any]:
        thread_id = await _thread(parameters.thread, context)
        try:
            said = await context.records.sayings(thread_id, _READ)
        except NotFound as error:
            raise ToolFailed("You have no such thread.") from error
        before = _before(said, parameters.before)
        if not before and parameters.thread not in (THIS, LAST):
            # A thread is mostly titled by its first question, which may be this very one.
            raise _untitled(parameters.thread)
        # Weighing takes long enough to keep others waiting.
        return await asyncio.to_thread(_summary, parameters, said, before, selection)

    return Tool(
        name="summarise_thread",
        description=(
            "Summarise one of the person's own threads by quoting the sentences that hold most of "
            "what was spoken of: 'this' thread, the 'last' other one, or one by part of its title."
        ),
        permission=Permission.THREADS_READ,
        parameters=SummariseThread,
        call=call,
        max_result_bytes=32_768,
    )


def _summary(
    parameters: SummariseThread,
    said: Sequence[Saying],
    before: Sequence[Saying],
    selection: Selection | None,
) -> dict[str, Any]:
    used = list(before if selection is None else selection(before))
    texts = [Text(saying.text, own=saying.author == "user") for saying in used]
    summary = summarised(texts, parameters.sentences)
    return {
        "thread_id": said[0].thread_id if said else None,
        "title": said[0].thread_title if said else "",
        "messages": len(before),
        "not_read": summary.left_out,
        "read_all": len(said) < _READ,
        "sentences": summary.sentences,
        "quotes": [
            {
                "author": used[quote.place].author,
                "said_at": used[quote.place].said_at,
                "text": quote.words,
                "cut": quote.cut,
            }
            for quote in summary.quotes
        ],
    }


def _before(said: Sequence[Saying], message_id: str | None) -> Sequence[Saying]:
    for place, saying in enumerate(said):
        if saying.message_id == message_id:
            return said[:place]
    return said


async def _thread(wanted: str, context: ToolContext) -> str:
    if wanted in (THIS, context.thread_id):
        return context.thread_id
    threads = await context.records.threads(_LOOKED_THROUGH)
    others = [thread for thread in threads if thread.thread_id != context.thread_id]
    if wanted == LAST:
        if not others:
            raise ToolFailed("This is the only thread you have.")
        return others[0].thread_id
    # So that another thread is found first if the question has become this one's title.
    return _titled(wanted, [*others, *(t for t in threads if t not in others)]).thread_id


def _titled(wanted: str, threads: Sequence[ThreadSummary]) -> ThreadSummary:
    title = " ".join(wanted.lower().split())
    exact = [t for t in threads if title in (t.thread_id, t.title.lower())]
    found = exact or [t for t in threads if title in t.title.lower()]
    if not found:
        raise _untitled(wanted)
    return found[0]


def _untitled(wanted: str) -> ToolFailed:
    return ToolFailed(f"None of your latest threads has a title with \u201c{wanted}\u201d in it.")
