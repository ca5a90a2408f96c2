"""The tool that searches what the asker and the agents said."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Annotated, Any, Final

import msgspec

from netra.agent_api import Saying, Tool, ToolContext, ToolFailed
from netra.errors import ContentInvalid, TooManyRequests
from netra.policy import Permission

MAX_FOUND: Final = 15
_MAX_SEARCH: Final = 200
_LOOKED_THROUGH: Final = 100
_BEFORE: Final = 80
_EXCERPT: Final = 280


class SearchMessages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words a message must all contain; words in double quotes must stand together."""

    words: Annotated[str, msgspec.Meta(min_length=1, max_length=_MAX_SEARCH)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_FOUND)] = 10


Selection = Callable[[Sequence[Saying]], Iterable[Saying]]
"""Picks what is worth showing, in the same order."""


def search_messages(selection: Selection | None = None) -> Tool:
    """Make the tool; by default everything that is found is worth showing."""

    async def call(parameters: SearchMessages, context: ToolContext) -> dict[str, Any]:
        wanted = _LOOKED_THROUGH if selection else parameters.limit + 1
        try:
            found = await context.records.search(parameters.words, wanted)
        except (ContentInvalid, TooManyRequests) as error:
            raise ToolFailed(error.detail or error.public_text) from error
        worth = found if selection is None else selection(found)
        shown = list(islice(worth, parameters.limit + 1))
        first_word = parameters.words.replace('"', " ").split()[0]
        return {
            "found": [_entry(saying, first_word) for saying in shown[: parameters.limit]],
            "more": len(shown) > parameters.limit,
        }

    return Tool(
        name="search_messages",
        description=(
            "Search the person's own messages in all threads, and the answers to them, for those "
            "that contain all the given words; the latest come first."
        ),
        permission=Permission.THREADS_READ,
        parameters=SearchMessages,
        call=call,
        max_result_bytes=60_000,
    )


def _entry(saying: Saying, word: str) -> dict[str, Any]:
    return {
        "message_id": saying.message_id,
        "thread_id": saying.thread_id,
        "thread_title": saying.thread_title,
        "author": saying.author,
        "said_at": saying.said_at,
        "excerpt": excerpt(saying.text, word),
    }


def excerpt(text: str, word: str) -> str:
    """Give the part of a text around a word, on one line, with dots where it was cut."""
    text = " ".join(text.split())
    if len(text) <= _EXCERPT:
        return text
    start = max(0, text.lower().find(word.lower()) - _BEFORE)
    if start:
        start = text.find(" ", start, start + _BEFORE) + 1 or start
    end = start + _EXCERPT
    if end < len(text):
        end = max(text.rfind(" ", start + _EXCERPT // 2, end), start + _EXCERPT // 2)
    dots = "\N{HORIZONTAL ELLIPSIS}"
    return (dots if start else "") + text[start:end] + (dots if end < len(text) else "")
