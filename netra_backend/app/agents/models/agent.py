"""An agent that answers with a language model.

Which model that is, and how it is reached, is decided in `providers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic_ai import Agent as Loop
from pydantic_ai import AgentRunResult, UsageLimits
from pydantic_ai.settings import ModelSettings

from netra.agent_api import Asker, Question, Run, RunFailed, Tool
from netra.telemetry.log_events import event_logger
from netra.wire.chat_protocol import FailureReason
from netra_backend.app.agents.models.conversation import INSTRUCTIONS, MAX_SAYINGS, conversation
from netra_backend.app.agents.models.durability import RunDurability, RunSteps
from netra_backend.app.agents.models.failures import KNOWN, failure, status_of
from netra_backend.app.agents.models.offered_tools import RunTools
from netra_backend.app.agents.models.providers import OpenModel
from netra_backend.app.agents.models.spending import Meter

_CUT_SHORT: Final = "\n\n*(The answer was cut off here: it reached its greatest length.)*"
_ENDED_STRANGELY: Final = (
    "\n\n*(The language model ended here for a reason this service does not know. "
    "The answer may not be whole.)*"
)
_OTHER_NAMES_OF_STOP: Final = frozenset({"eos", "eos_token"})

_log = event_logger("models")


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """How much one run may ask of its model.

    Attributes:
        requests: How often the model may be asked.
        output_tokens: How much it may say each time.
        first_word_seconds: How long it may take to begin.
        request_seconds: How long it may take to end.
        say_every_seconds: How soon after a piece of the answer the next one is said.
    """

    requests: int = 8
    output_tokens: int = 8_192
    first_word_seconds: float = 60.0
    request_seconds: float = 180.0
    say_every_seconds: float = 0.04


class ModelAgent:
    """Answers one asker's questions with a language model and the run's tools."""

    def __init__(
        self,
        name: str,
        asker: Asker,
        tools: Sequence[Tool],
        *,
        opened: OpenModel,
        chosen: str,
        limits: ModelLimits,
    ) -> None:
        self._name = name
        self._asker = asker
        self._tools = tuple(tools)
        self._opened = opened
        self._chosen = chosen
        self._limits = limits

    @property
    def name(self) -> str:
        """The name it was asked for by."""
        return self._name

    @property
    def asker(self) -> Asker:
        """The asker it was made for."""
        return self._asker

    @property
    def tools(self) -> Sequence[Tool]:
        """What it can use."""
        return self._tools

    async def answer(self, question: Question, run: Run) -> str:
        """Let the model answer; every request to it is a step of the run.

        Raises:
            RunFailed: The model gave no answer; says why in words for a person.
        """
        before, asked = conversation(await run.history(MAX_SAYINGS), question.text)
        await run.think(f"Asking {self._chosen}.")
        try:
            result = await self._loop(run).run(
                asked,
                message_history=before,
                usage_limits=UsageLimits(request_limit=self._limits.requests),
            )
        except KNOWN as error:
            told = failure(error)
            self._log_failure(run, told, error)
        else:
            return _text(result)
        # Raised out here, it drags nothing of the provider's along.
        raise told

    def _log_failure(self, run: Run, told: RunFailed, error: Exception) -> None:
        # Nothing of the error but its kind: its text quotes what the provider wrote.
        seen = {
            "run_id": run.run_id,
            "model": self._chosen,
            "error_type": type(error).__name__,
            "status": status_of(error),
        }
        if told.reason == FailureReason.MODEL_MISCONFIGURED:
            _log.error("model_misconfigured", **seen)
        else:
            _log.warning("model_request_failed", **seen)

    def _loop(self, run: Run) -> Loop[None, str]:
        meter = Meter(self._opened.model)
        steps = RunSteps(
            run, self._chosen, meter, agent_name=self._name, is_priced=self._opened.is_priced
        )
        durability = RunDurability(run, steps, say_every_seconds=self._limits.say_every_seconds)
        loop = Loop(
            meter,
            name=self._name,
            instructions=INSTRUCTIONS,
            toolsets=[RunTools(run)],
            capabilities=[durability],
            model_settings=ModelSettings(
                max_tokens=self._limits.output_tokens,
                first_event_timeout=self._limits.first_word_seconds,
                request_timeout=self._limits.request_seconds,
            ),
        )
        # Never the library's own telemetry: it carries what people say.
        loop.instrument = False
        return loop


def _text(result: AgentRunResult[str]) -> str:
    """Give the answer, with a remark if it may not be whole."""
    known = result.response.finish_reason
    if known == "length":
        return result.output + _CUT_SHORT
    told = (result.response.provider_details or {}).get("finish_reason")
    if known is None and told not in _OTHER_NAMES_OF_STOP:
        return result.output + _ENDED_STRANGELY
    return result.output
