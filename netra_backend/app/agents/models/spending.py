"""What a request to a language model cost: tokens as reported, money by the published prices.

That it is booked on the asker is the run's business.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pydantic_ai.messages import ModelResponse

_MICROS: Final = Decimal(1_000_000)


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
        self.cost_micros = _micros(response) if is_priced else None


def _micros(response: ModelResponse) -> int | None:
    try:
        price = response.cost().total_price
    except (AssertionError, LookupError, ValueError):
        # The model is newer than the price list, or the response did not say what it used.
        return None
    return int((price * _MICROS).to_integral_value())
