"""Which responses are no answer, and what a person is told then: what happened, what to do.

Nothing of what the provider wrote is repeated: it may quote the question, or part of the key.
"""

from typing import Final

from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelRequestTimeout,
    ModelTimeoutError,
    OutputTokenLimitExceeded,
    UsageLimitExceeded,
    UserError,
)
from pydantic_ai.messages import ModelResponse

from netra.agent_api import RunFailed
from netra.wire.chat_protocol import FailureReason

_REJECTED_STATUS: Final = 400
_TOO_LARGE_STATUS: Final = 413
_FILTER: Final = "content_filter"

_Told = tuple[FailureReason, str]

_QUOTA: Final = (
    FailureReason.MODEL_RATE_LIMITED,
    "The language model's provider wants to be paid. Whoever runs this service must see to it.",
)
_KEY: Final = (
    FailureReason.MODEL_MISCONFIGURED,
    "The language model refused this service's key. Whoever runs this service must mend it.",
)
_NO_MODEL: Final = (
    FailureReason.MODEL_MISCONFIGURED,
    "The language model set up here was not found. Whoever runs this service must mend that.",
)
_BUSY: Final = (
    FailureReason.MODEL_RATE_LIMITED,
    "The language model is asked too much at the moment. Wait a minute and ask again.",
)
_SLOW: Final = (
    FailureReason.MODEL_UNAVAILABLE,
    "The language model did not answer in time. Ask again.",
)
_DOWN: Final = (
    FailureReason.MODEL_UNAVAILABLE,
    "The language model cannot be reached or is out of order. Ask again in a while.",
)
_LONG: Final = (
    FailureReason.TOO_LARGE,
    "This is more than the language model can take in at once. Ask for less, or in a new thread.",
)
_CUT: Final = (
    FailureReason.TOO_LARGE,
    "The answer became too long to be finished. Ask for less at a time.",
)
_FILTERED: Final = (
    FailureReason.MODEL_REFUSED,
    "The language model's provider refused to answer this.",
)
_WITHHELD: Final = (
    FailureReason.MODEL_REFUSED,
    "The language model's provider broke this answer off as not allowed. Ask in a new thread.",
)
_CUT_OFF: Final = (
    FailureReason.MODEL_UNAVAILABLE,
    "The language model's answer broke off before its end and was not kept. Ask again.",
)
_REJECTED: Final = (
    FailureReason.MODEL_REFUSED,
    "The language model did not accept the request. Ask in other words, or in a new thread.",
)
_LOOPED: Final = (
    FailureReason.GAVE_UP,
    "The language model went round in circles without an answer and was stopped. Ask for less.",
)
_SENSELESS: Final = (
    FailureReason.MODEL_UNAVAILABLE,
    "The language model's answer made no sense to this service. Ask again.",
)
_NO_TOOLS: Final = (
    FailureReason.MODEL_MISCONFIGURED,
    "The language model set up here cannot use tools. Whoever runs this service must mend that.",
)
_UNUSABLE: Final = (
    FailureReason.MODEL_MISCONFIGURED,
    "This service is not set up rightly for its language model. Whoever runs it must mend that.",
)

_REALLY: Final = (
    ("API_KEY_INVALID", _KEY),
    ("API key not valid", _KEY),
    ("does not support tools", _NO_TOOLS),
)
"""What some providers call a bad request: Google a wrong key, Ollama a model without tools."""


class AnswerCutOff(AgentRunError):
    """A response ended without saying that it had come to its end."""


class AnswerWithheld(AgentRunError):
    """The provider's filter, or its model's refusal, ended a response in its midst."""


_TOLD: Final[tuple[tuple[type[Exception], _Told], ...]] = (
    (ModelQuotaExceededError, _QUOTA),
    (ModelRateLimitError, _BUSY),
    (ModelAuthenticationError, _KEY),
    (ModelNotFoundError, _NO_MODEL),
    (ModelContextWindowExceededError, _LONG),
    (ModelRequestRejectedError, _REJECTED),
    (ModelRequestTimeout, _SLOW),
    (ModelTimeoutError, _SLOW),
    (ModelAPIError, _DOWN),
    (ContentFilterError, _FILTERED),
    (OutputTokenLimitExceeded, _CUT),
    (UsageLimitExceeded, _LOOPED),
    (AnswerCutOff, _CUT_OFF),
    (AnswerWithheld, _WITHHELD),
    (AgentRunError, _SENSELESS),
    (UserError, _UNUSABLE),
)
"""The first that fits is said; the general ones come last."""

KNOWN: Final = (AgentRunError, UserError)
"""What pydantic-ai raises of its own; anything else is a fault of ours."""


def must_be_whole(response: ModelResponse) -> None:
    """Refuse a response whose stream ended before the model did.

    Raises:
        AnswerCutOff: The provider said no reason for the end, or that something broke.
    """
    # As the provider wrote it: pydantic-ai takes a stream of OpenAI's without one for finished.
    told = (response.provider_details or {}).get("finish_reason")
    if response.finish_reason == _FILTER:
        return
    if not told or response.finish_reason == "error":
        raise AnswerCutOff("the response ended without an end")


def must_be_allowed(response: ModelResponse) -> None:
    """Refuse a response that was ended by a filter after something had been said.

    One that was ended before is refused by pydantic-ai.

    Raises:
        AnswerWithheld: It was.
    """
    if response.finish_reason == _FILTER and (response.text or response.tool_calls):
        raise AnswerWithheld("the response was ended by a filter")


def failure(error: AgentRunError | UserError) -> RunFailed:
    """Say for the person why there is no answer."""
    reason, message = next(told for kind, told in _TOLD if isinstance(error, kind))
    if isinstance(error, ModelHTTPError):
        if error.status_code == _TOO_LARGE_STATUS:
            reason, message = _LONG
        elif error.status_code == _REJECTED_STATUS:
            body = str(error.body)
            said = (told for mark, told in _REALLY if mark in body)
            reason, message = next(said, (reason, message))
    return RunFailed(reason, message)


def status_of(error: Exception) -> int | None:
    """Give the HTTP status the provider answered with, if that is what went wrong."""
    return error.status_code if isinstance(error, ModelHTTPError) else None
