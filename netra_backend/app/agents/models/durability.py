"""Makes pydantic-ai's requests to a model steps of a run, by its public durable surface.

A request that was completed before a crash is answered from the run's record and not made again.
Tools need nothing here: `Run.call` records them itself.
"""

from collections.abc import AsyncIterable, Awaitable, Callable
from typing import ClassVar, Final

from pydantic import TypeAdapter
from pydantic_ai import AgentStreamEvent, RunContext
from pydantic_ai.durable_exec import (
    JSON_CODEC,
    BaseDurabilityCapability,
    DurabilityEngineSpec,
    DurableOperationId,
    EventStreamHandlerId,
    JournalCallableOperationBackend,
    ModelRequestId,
    RoleBasedOperationConfig,
)
from pydantic_ai.messages import ModelResponse

from netra.agent_api import Run
from netra_backend.app.agents.models.failures import must_be_allowed, must_be_whole
from netra_backend.app.agents.models.spending import Meter, Spending
from netra_backend.app.agents.models.streaming import Speaker

_STEP: Final = "model_request"
_RESPONSE: Final = TypeAdapter(ModelResponse)


class RunSteps(JournalCallableOperationBackend[None]):
    """Sends what pydantic-ai wants done once through one run.

    Args:
        run: Which.
        model: What is asked, as the configuration names it.
        meter: Through which it is asked.
        agent_name: The agent's name.
        is_priced: Whether the model's prices are known.
    """

    def __init__(
        self, run: Run, model: str, meter: Meter, *, agent_name: str, is_priced: bool
    ) -> None:
        nothing: RoleBasedOperationConfig[None] = RoleBasedOperationConfig(
            model=None, event=None, capability=None, tool=None
        )
        super().__init__(agent_name=agent_name, config=nothing)
        self._run = run
        self._model = model
        self._meter = meter
        self._is_priced = is_priced
        self._requests = 0

    @property
    def shown_as(self) -> str:
        """The name of the step that a piece of text shown now belongs to."""
        return f"{_STEP}.{self._requests}"

    async def execute(
        self,
        *,
        operation_id: DurableOperationId,
        name: str,
        body: Callable[[], Awaitable[object]],
        cache_key: tuple[object, ...],  # noqa: ARG002 - steps are found by their order
        config: None,  # noqa: ARG002 - no step is special
    ) -> object:
        """Do one thing once; done before, give what it gave."""
        if isinstance(operation_id, EventStreamHandlerId):
            # An event about a tool: the run has said it, and nothing is to be remembered of it.
            return None
        if not isinstance(operation_id, ModelRequestId):
            return await self._run.step(name, body)
        self._requests += 1
        spent = Spending(self._model)

        async def request() -> object:
            self._meter.reset()
            try:
                payload = await body()
                response = _RESPONSE.validate_python(payload)
                must_be_whole(response)
            except BaseException as error:
                # Stopped, too late or cut off: it is to be paid all the same.
                if self._meter.has_cost(error):
                    spent.take_estimate(self._meter)
                raise
            spent.take(response, is_priced=self._is_priced)
            must_be_allowed(response)
            return payload

        return await self._run.step(_STEP, request, usage=spent)


class RunDurability(BaseDurabilityCapability[None]):
    """Binds one pydantic-ai agent to one run.

    Args:
        run: Which.
        steps: What the run's steps go through.
        say_every_seconds: How soon after a piece of the answer the next one may be said.
    """

    engine_spec: ClassVar[DurabilityEngineSpec] = DurabilityEngineSpec(
        engine_name="Netra",
        durable_unit_noun="step",
        durable_container_noun="run",
        codec=JSON_CODEC,
        wrapped_toolset_kinds=frozenset(),
        sequential_tools_in_durable_context=True,
    )

    def __init__(self, run: Run, steps: RunSteps, *, say_every_seconds: float) -> None:
        super().__init__(event_stream_handler=self._show)
        self._netra_run = run
        self._steps = steps
        self._say_every_seconds = say_every_seconds

    @property
    def in_durable_context(self) -> bool:
        """Whether a run is going on: this object lives no longer than one."""
        return True

    def get_durable_operation_backend(self) -> RunSteps:
        """Give what the run's steps go through."""
        return self._steps

    async def _show(
        self, _context: RunContext[None], events: AsyncIterable[AgentStreamEvent]
    ) -> None:
        """Say what the model says while it says it; called within the request's step."""
        step = self._steps.shown_as
        await Speaker(self._netra_run, step, self._say_every_seconds).say_all(events)
