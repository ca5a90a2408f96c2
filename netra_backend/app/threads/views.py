"""What callers send and read about threads and messages: shapes only."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from netra.wire.auth_api import WireModel

MAX_TITLE: Final = 200
MAX_TEXT: Final = 32_000
_NO_NUL: Final = r"^[^\x00]*$"
"""PostgreSQL cannot store U+0000, and nobody can read it."""

Title = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TITLE, pattern=_NO_NUL)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT, pattern=_NO_NUL)]


class ThreadTitle(WireModel):
    """A new thread, or a thread's new title."""

    title: Title


class NewMessage(WireModel):
    """What a user says in a thread."""

    text: Text = Field(repr=False)


class ThreadView(WireModel):
    """A thread, as its owner sees it."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime


class MessageView(WireModel):
    """A message, as the owner of its thread sees it."""

    id: str
    thread_id: str
    author: Literal["user", "agent"]
    text: str = Field(repr=False)
    created_at: datetime


class FoundMessage(WireModel):
    """A message beside the title of its thread."""

    message: MessageView
    thread_title: str


class ThreadPage(WireModel):
    """Some threads, newest first; `next_cursor` asks for the ones after them."""

    items: tuple[ThreadView, ...]
    next_cursor: str | None


class MessagePage(WireModel):
    """Some messages, oldest first; `next_cursor` asks for the ones after them."""

    items: tuple[MessageView, ...]
    next_cursor: str | None
