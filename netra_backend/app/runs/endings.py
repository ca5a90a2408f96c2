"""What a person is told when a run ends without an answer. Pure."""

from types import MappingProxyType
from typing import Final

from netra.agent_api import RunFailed
from netra.wire.chat_protocol import FailureReason

_MAX_MESSAGE: Final = 1_000

MESSAGES: Final = MappingProxyType(
    {
        FailureReason.CANCELLED: "Stopped, as you asked.",
        FailureReason.TIMED_OUT: "It took too long and was stopped. Ask again, or ask for less.",
        FailureReason.NOT_ALLOWED: "You are not allowed to ask this agent.",
        FailureReason.GAVE_UP: "It was begun again several times and never came further. "
        "It was given up: ask again.",
        FailureReason.TOO_LARGE: "The answer is too large to be kept. Ask for less.",
        FailureReason.INTERNAL_ERROR: "Something went wrong on our side. Ask again.",
    }
)

AGENT_GONE: Final = "The agent that was asked is no longer here. Choose another and ask again."
NO_ANSWER: Final = "The agent gave no answer. Ask again."


def told(error: RunFailed) -> tuple[FailureReason, str]:
    """Say why an agent has no answer, in its own words if it gave any."""
    try:
        reason = FailureReason(error.reason)
    except ValueError:
        reason = FailureReason.INTERNAL_ERROR
    message = error.message.strip()[:_MAX_MESSAGE]
    return reason, message or MESSAGES.get(reason, MESSAGES[FailureReason.INTERNAL_ERROR])
