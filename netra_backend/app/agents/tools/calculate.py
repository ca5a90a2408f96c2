"""The tool that does arithmetic, exactly."""

from typing import Annotated, Any, Final

import msgspec

from netra.agent_api import Tool, ToolContext, ToolFailed
from netra.policy import Permission
from netra_backend.app.agents.reckoning.arithmetic_words import (
    MAX_LENGTH,
    ExpressionInvalid,
    normalised,
)
from netra_backend.app.agents.reckoning.expression import reckoned
from netra_backend.app.agents.reckoning.numbers import as_fraction, in_full, rounded


class Calculate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to reckon, such as `(3 + 4.5) * 2 ** 3` or `15% of 80`."""

    expression: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_LENGTH)]


async def _calculate(parameters: Calculate, _context: ToolContext) -> dict[str, Any]:
    try:
        result = reckoned(parameters.expression)
        expression = normalised(parameters.expression)
    except ExpressionInvalid as error:
        raise ToolFailed(str(error)) from error
    written = in_full(result.value) if result.exact else None
    return {
        "expression": expression,
        "result": rounded(result.value) if written is None else written,
        "rounded": written is None,
        "fraction": as_fraction(result.value) if result.exact and written is None else None,
    }


CALCULATE: Final = Tool(
    name="calculate",
    description=(
        "Do arithmetic exactly: + - * / ** parentheses, decimals, percent, remainder (mod) and "
        "square roots (sqrt)."
    ),
    permission=Permission.AGENTS_RUN,
    parameters=Calculate,
    call=_calculate,
)
