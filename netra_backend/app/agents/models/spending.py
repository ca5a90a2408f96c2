"""What a request to a language model cost: tokens as reported, money by the published prices.

A request that broke off is estimated by what went out and came back. That it is booked on the asker
is the run's business.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic_ai import RunContext
from pydantic_ai.exceptions import AgentRunError, ModelRequestTimeout, UserError
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

_MICROS: Final = Decimal(1_000_000)
_BYTES_OF_A_TOKEN: Final = 4
"""About, in most languages and with most models."""


class Meter(WrapperModel):
    """Asks a model, and keeps hold of what goes out and comes back in the request at hand.

    Args:
        wrapped: Who is asked.
    """

    def __init__(self, wrapped: Model) -> None:
        super().__init__(wrapped)
        self._sent: tuple[Sequence[ModelMessage], ModelRequestParameters] | None = None
        self._stream: StreamedResponse | None = None

    def reset(self) -> None:
        """Forget the last request."""
        self._sent = self._stream = None

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask."""
        self._sent = messages, model_request_parameters
        asked = super().request_stream(
            messages, model_settings, model_request_parameters, run_context
        )
        async with asked as stream:
            self._stream = stream
            yield stream

    def has_cost(self, error: BaseException) -> bool:
        """Say whether a request that ended with an error may have been worked on.

        What the provider refused, or never got, costs nothing. What was given up after it was sent
        may well: nobody knows how far the model came.
        """
        if self._stream is not None or isinstance(error, ModelRequestTimeout):
            return True
        return self._sent is not None and not isinstance(error, AgentRunError | UserError)

    def estimate(self) -> tuple[int, int]:
        """Give the tokens sent and received so far, as reported or else by their length."""
        sent = received = said = 0
        if self._stream is not None:
            usage = self._stream.usage
            sent, said = usage.input_tokens, usage.output_tokens
            received = _tokens(_written(self._stream.get().parts))
        # What is reported on the way is whole for what was sent, and too little for what was said.
        return sent or _tokens(self._outgoing()), max(said, received)

    def _outgoing(self) -> Iterable[str]:
        if self._sent is None:
            return
        messages, parameters = self._sent
        for message in messages:
            yield from _written(message.parts)
        last = messages[-1]
        if isinstance(last, ModelRequest):
            yield last.instructions or ""
        for tool in parameters.function_tools:
            yield f"{tool.name} {tool.description} {tool.parameters_json_schema}"


@dataclass(slots=True)
class Spending:
    """One request's cost; empty until the request was made.

    Attributes:
        model: What was asked, as the configuration names it.
        input_tokens: What was sent.
        output_tokens: What came back.
        cost_micros: Millionths of a US dollar; None if the price is not known.
    """

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micros: int | None = None

    def take(self, response: ModelResponse, *, is_priced: bool) -> None:
        """Take what a response says of itself.

        Args:
            response: What came back.
            is_priced: Whether it came from the provider itself, whose prices are published; another
                server that speaks the same language has prices nobody knows here.
        """
        self.input_tokens = response.usage.input_tokens
        self.output_tokens = response.usage.output_tokens
        # One that reports nothing was not free: what it cost is not known.
        is_reported = bool(self.input_tokens or self.output_tokens)
        self.cost_micros = _micros(response) if is_priced and is_reported else None

    def take_estimate(self, meter: Meter) -> None:
        """Take what a request that broke off may have used; an estimate has no price."""
        self.input_tokens, self.output_tokens = meter.estimate()
        self.cost_micros = None


def _micros(response: ModelResponse) -> int | None:
    try:
        price = response.cost().total_price
    except (AssertionError, LookupError, ValueError):
        # The model is newer than the price list, or the response did not say what it used.
        return None
    return int((price * _MICROS).to_integral_value())


def _written(parts: Iterable[object]) -> Iterable[str]:
    """Give the text of a message's parts: what is said, and how tools are used."""
    for part in parts:
        for name in ("content", "tool_name", "args"):
            yield str(getattr(part, name, None) or "")


def _tokens(texts: Iterable[str]) -> int:
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return -(-size // _BYTES_OF_A_TOKEN)
