"""A run as its agent sees it: what it can say, do and remember. An agent never sees a socket."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from netra.agent_api.tools import Saying, Tool


class RunFailed(Exception):
    """The agent has no answer; the run ends in `agent_failed`.

    Args:
        reason: A `netra.wire.chat_protocol.FailureReason` value.
        message: What the person is told: what happened and what they can do. Never a secret.
    """

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        self.message = message
        super().__init__(f"{reason}: {message}")


class ToolRefused(Exception):
    """A tool gave no result: unknown, not permitted, wrong arguments, too slow, or it failed.

    The message says which, for the person and for a model.
    """


class NotApproved(ToolRefused):
    """A tool that needs approval was not used: the person said no, or nothing in time.

    It is no fault: the agent goes on without, and does not ask for the same again.
    """


class Usage(Protocol):
    """What a step cost."""

    model: str
    input_tokens: int
    output_tokens: int
    cost_micros: int | None
    """Millionths of a US dollar; None if the price is not known."""


class Run(Protocol):
    """One run of one agent for one asker."""

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def tools(self) -> Sequence[Tool]:
        """The agent's tools that the asker is permitted."""

    async def think(self, text: str) -> None:
        """Say what is being considered: emits `agent_thinking`."""

    async def say(self, text: str, *, step: str = "answer") -> None:
        """Show a piece of the answer before it is whole: emits `text_delta`.

        Args:
            text: The piece.
            step: The step it belongs to; done again after a crash, the step makes void what an
                earlier attempt at it said.
        """

    async def call(self, tool_name: str, arguments: Mapping[str, Any]) -> Any:
        """Use a tool: emits `tool_executing`, then `tool_completed`; the result is remembered.

        If the tool needs approval, `approval_needed` is emitted before and the run waits for the
        person's answer. The agent is stopped here, as by the death of its process, and begun again
        when the answer is there, which may be hours later.

        Raises:
            NotApproved: The person did not approve; the tool was not used.
            ToolRefused: There is no result; `tool_completed` was emitted and says why.
        """

    async def step(
        self, name: str, body: Callable[[], Awaitable[Any]], *, usage: Usage | None = None
    ) -> Any:
        """Do something that must not be done twice, and remember its result.

        Args:
            name: The same for the same step each time; the n-th step of a name is its own step.
            body: Does it; gives something JSON can hold.
            usage: Filled in by the body; booked on the asker with the step, and also if the body
                raises or is cancelled after it used something.
        """

    async def history(self, limit: int) -> Sequence[Saying]:
        """Read what was said in the thread before the question, the oldest first; remembered."""
