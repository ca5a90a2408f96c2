"""What a tool is, and what it sees of the world: the asker's own records and nothing else."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from netra.clock import Clock
from netra.policy import Permission
from netra.principal import AuthenticatedPrincipal


class Saying(msgspec.Struct, frozen=True):
    """Something that was said in a thread; times are RFC 3339."""

    message_id: str
    thread_id: str
    thread_title: str
    author: str
    text: str
    said_at: str


class ThreadSummary(msgspec.Struct, frozen=True):
    """A thread by its title."""

    thread_id: str
    title: str
    updated_at: str


class OwnRecords(Protocol):
    """What the asker has here. Each call reads it anew, in a session of the asker's own."""

    async def search(self, words: str, limit: int) -> Sequence[Saying]:
        """Find what was said in any thread with all these words, the latest first."""

    async def sayings(self, thread_id: str, limit: int) -> Sequence[Saying]:
        """Read the last things said in a thread, the oldest of them first.

        Raises:
            NotFound: The asker has no such thread.
        """

    async def threads(self, limit: int) -> Sequence[ThreadSummary]:
        """List threads, the one in which something was said last first."""


class OwnChanges(Protocol):
    """What can be changed of what the asker has here, each in a session of the asker's own.

    Every method can bear to be called again when the process died in the first call.
    """

    async def delete_thread(self, thread_id: str, title: str) -> bool:
        """Delete a thread of this title with all that was said in it.

        Returns:
            Whether it was there; one that is gone already is what was wanted.

        Raises:
            Conflict: It has another title by now, it is the one in which is being asked, or
                something is being answered in it.
        """


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool is given besides its arguments.

    Attributes:
        principal: For whom it works.
        permissions: What that principal may do.
        thread_id: Where it was asked.
        records: The principal's own threads and messages.
        clock: The time.
        changes: What can be changed of them; None for a tool that does not need approval.
    """

    principal: AuthenticatedPrincipal
    permissions: frozenset[Permission]
    thread_id: str
    records: OwnRecords
    clock: Clock
    changes: OwnChanges | None = None


class ToolFailed(Exception):
    """A tool could not do it; the message is for the person and the agent."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Something an agent can do.

    A tool may be called a second time with the same arguments when the process dies in the first
    call, so one that changes something must be able to bear that.

    Attributes:
        name: Lower-case words joined by underscores.
        description: What it does, in a sentence for people and models.
        permission: What the asker must hold for it.
        parameters: A `msgspec.Struct` type; arguments are checked against it, strictly.
        call: Does it; gives something JSON can hold. Raises `ToolFailed`.
        timeout_seconds: How long it may take.
        max_result_bytes: How large its result may be, as JSON.
        needs_approval: Whether it waits for the person's yes. The person is shown the name, the
            description and the arguments, and exactly those are used after a yes. So they must say
            what will happen: name what is meant by what a person knows it by, besides its id, and
            let the tool refuse when the two do not belong together.
    """

    name: str
    description: str
    permission: Permission
    parameters: type[msgspec.Struct]
    call: Callable[[Any, ToolContext], Awaitable[Any]] = field(repr=False)
    timeout_seconds: float = 10.0
    max_result_bytes: int = 16_384
    needs_approval: bool = False
