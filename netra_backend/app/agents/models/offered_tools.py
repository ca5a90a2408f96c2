"""The run's tools as a language model is offered them; each use goes through the run.

The run decides whether the asker may, checks the arguments, bounds and remembers the result.
"""

from typing import Any, Final

import msgspec
from pydantic_ai import RunContext, ToolDefinition
from pydantic_ai.exceptions import ToolFailed
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_core import SchemaValidator, core_schema

from netra.agent_api import NotApproved, Run, Tool, ToolRefused

_REFERENCES: Final = "#/$defs/{name}"
_AN_OBJECT: Final = SchemaValidator(
    core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema())
)
_ASKED: Final = "The person is asked to approve of each use before it is done."
_TRIES: Final = 2
"""How often a model may correct arguments that are no JSON object."""


class RunTools(AbstractToolset[None]):
    """The tools of one run that its asker is permitted."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def id(self) -> str:
        """The name of the set."""
        return "run"

    async def get_tools(self, ctx: RunContext[None]) -> dict[str, ToolsetTool[None]]:  # noqa: ARG002 - the base's
        """Describe the tools to the model."""
        return {
            tool.name: ToolsetTool(
                toolset=self,
                tool_def=_definition(tool),
                max_retries=_TRIES,
                args_validator=_AN_OBJECT,
            )
            for tool in self._run.tools
        }

    async def call_tool(
        self,
        name: str,
        tool_args: dict[str, Any],
        ctx: RunContext[None],  # noqa: ARG002 - the base's
        tool: ToolsetTool[None],  # noqa: ARG002 - the base's
    ) -> Any:
        """Use a tool through the run.

        What the person did not approve of gives a text that says so: it is an answer like another.

        Raises:
            ToolFailed: There is no result; the model is told why, so that it can do something else.
        """
        try:
            return await self._run.call(name, tool_args)
        except NotApproved as refused:
            return str(refused)
        except ToolRefused as refused:
            raise ToolFailed(str(refused)) from refused


def _definition(tool: Tool) -> ToolDefinition:
    return ToolDefinition(
        name=tool.name,
        description=f"{tool.description} {_ASKED}" if tool.needs_approval else tool.description,
        parameters_json_schema=_schema(tool.parameters),
        # One after the other: a run's events are in pairs, and its steps are found by their order.
        sequential=True,
    )


def _schema(parameters: type[msgspec.Struct]) -> dict[str, Any]:
    """Describe the arguments as one object, which refers to nothing but its own parts."""
    _, parts = msgspec.json.schema_components((parameters,), ref_template=_REFERENCES)
    described: dict[str, Any] = parts.pop(parameters.__name__)
    described = {"additionalProperties": False, **described}
    return {**described, "$defs": parts} if parts else described
