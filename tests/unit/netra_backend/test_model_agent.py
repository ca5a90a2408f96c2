"""The agent of a language model: its steps and tools are the run's, and its end is told."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage, TextPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models.function import (
    AgentInfo,
    DeltaThinkingCalls,
    DeltaThinkingPart,
    DeltaToolCall,
    DeltaToolCalls,
    FunctionModel,
)

from fakes.agent_run import FakeRun
from fakes.log_lines import log_lines
from fakes.model_agents import QUESTION, Sayings, Scales, agent_of, run_of
from netra.agent_api import RunFailed
from netra.errors import DatabaseUnavailable
from netra.policy import Permission
from netra.wire.chat_protocol import EventName, FailureReason
from netra_backend.app.agents.models.agent import ModelLimits
from netra_backend.app.agents.models.conversation import MAX_CHARACTERS, MAX_SAYINGS

Piece = str | DeltaToolCalls | DeltaThinkingCalls
STARTED_TOOL, ENDED_TOOL = EventName.TOOL_EXECUTING, EventName.TOOL_COMPLETED


def tool_call(name: str, arguments: str, number: int = 0) -> DeltaToolCalls:
    """Give the piece by which a model uses a tool."""
    return {number: DeltaToolCall(name, arguments, tool_call_id=f"call_{name}_{number}")}


@dataclass
class Scripted:
    """A model that says what it was told to, and remembers what it was asked."""

    turns: Sequence[Sequence[Piece]]
    asked: list[list[ModelMessage]]
    offered: list[list[str]]

    def __init__(self, *turns: Sequence[Piece]) -> None:
        self.turns, self.asked, self.offered = turns, [], []

    @property
    def model(self) -> FunctionModel:
        """Give it as pydantic-ai wants it."""
        return FunctionModel(stream_function=self._say, model_name="scripted")

    async def _say(self, messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Piece]:
        # How far the conversation has come follows from what was said, also after a crash.
        answered = sum(message.kind == "response" for message in messages)
        self.asked.append(list(messages))
        self.offered.append([tool.name for tool in info.function_tools])
        for piece in self.turns[min(answered, len(self.turns) - 1)]:
            yield piece

    @property
    def told(self) -> list[Any]:
        """Give what the tools gave back, as the model was told it last."""
        parts = [part for message in self.asked[-1] for part in message.parts]
        return [part.content for part in parts if isinstance(part, ToolReturnPart)]


async def test_an_answer_comes_in_pieces() -> None:
    """Every piece of the answer is shown as it comes, and the whole is the answer."""
    run = run_of(agent_of(Scripted(["It is ", "", "seven."]).model))

    assert await run.answered() == "It is seven."
    assert run.shown == "It is seven."
    deltas = [said for name, said in run.said if name is EventName.TEXT_DELTA]
    assert [delta["text"] for delta in deltas] == ["It is ", "seven."]
    assert {delta["step"] for delta in deltas} == {"model_request.1"}


async def test_a_tool_is_used_through_the_run() -> None:
    """A model's tool is the run's: it is said, checked and remembered there, and answered from."""
    scales = Scales()
    script = Scripted([tool_call("weigh", '{"thing":"a stone"}')], ["Seven grams."])
    run = run_of(agent_of(script.model, scales.tool()))

    assert await run.answered() == "Seven grams."
    assert [used.thing for used in scales.used] == ["a stone"]
    assert [name for name in run.names if name.startswith("tool")] == [STARTED_TOOL, ENDED_TOOL]
    assert script.told == [{"thing": "a stone", "grams": 7}]
    assert sorted(run.done) == [
        "step:history#0",
        "step:model_request#0",
        "step:model_request#1",
        "tool:weigh#0",
    ]


async def test_two_tools_at_once_are_used_one_after_the_other() -> None:
    """A run's tool events come in pairs, also where a model asks for several tools at once."""
    scales = Scales()
    both = {
        **tool_call("weigh", '{"thing":"a"}', 0),
        **tool_call("weigh", '{"thing":"b"}', 1),
    }
    run = run_of(agent_of(Scripted([both], ["Done."]).model, scales.tool()))

    assert await run.answered() == "Done."
    tools = [name for name in run.names if name.startswith("tool")]
    assert tools == [STARTED_TOOL, ENDED_TOOL] * 2
    assert [used.thing for used in scales.used] == ["a", "b"]


async def test_what_was_done_before_a_crash_is_not_done_again() -> None:
    """Begun again from any point, the run asks and uses only what it had not completed."""
    turns: tuple[Sequence[Piece], ...] = (
        ["Let me see. ", tool_call("weigh", '{"thing":"a"}')],
        [tool_call("weigh", '{"thing":"b"}')],
        ["Both weigh seven."],
    )
    whole = run_of(agent_of(Scripted(*turns).model, Scales().tool()))
    answer = await whole.answered()
    keys = list(whole.done)

    for crashed_after in range(len(keys) + 1):
        scales, script = Scales(), Scripted(*turns)
        done = {key: whole.done[key] for key in keys[:crashed_after]}
        again = run_of(agent_of(script.model, scales.tool()), done)

        assert await again.answered() == answer
        left = keys[crashed_after:]
        assert len(script.asked) == sum(key.startswith("step:model") for key in left)
        assert len(scales.used) == sum(key.startswith("tool") for key in left)
        assert len(again.used) == len(script.asked)
        assert list(again.done) == keys


async def test_a_thought_is_told_while_it_is_thought() -> None:
    """What the model thinks is said apart from its answer, a paragraph at a time."""
    script = Scripted(
        [
            {0: DeltaThinkingPart(content="I must ")},
            {0: DeltaThinkingPart(content="weigh it.\n\nWith ")},
            {0: DeltaThinkingPart(content="scales.")},
            "Let me see.",
            tool_call("weigh", '{"thing":"a"}', 2),
        ],
        ["Seven."],
    )
    run = run_of(agent_of(script.model, Scales().tool()))

    assert await run.answered() == "Seven."
    thoughts = [said["text"] for name, said in run.said if name is EventName.AGENT_THINKING]
    assert thoughts == ["Asking openai:gpt-x.", "I must weigh it.", "With scales."]
    assert run.names.index(EventName.TEXT_DELTA) > run.names.index(EventName.AGENT_THINKING) + 1


async def test_a_resumed_run_says_again_only_what_is_outside_of_a_step() -> None:
    """What a completed request said is journaled already; done again, the run does not say it."""
    turns: tuple[Sequence[Piece], ...] = (["It. ", tool_call("weigh", '{"thing":"a"}')], ["Is."])
    first = run_of(agent_of(Scripted(*turns).model, Scales().tool()))
    await first.answered()
    again = run_of(agent_of(Scripted(*turns).model, Scales().tool()), dict(first.done))
    await again.answered()

    assert again.said == [one for one in first.said if one[0] is not EventName.TEXT_DELTA]


async def test_small_pieces_are_said_together() -> None:
    """Words that come quickly are few events, and none of them is lost."""
    words = [f"word{number} " for number in range(200)]
    run = run_of(agent_of(Scripted(words).model, say_every_seconds=3600))

    assert await run.answered() == "".join(words)
    assert run.shown == "".join(words)
    assert run.names.count(EventName.TEXT_DELTA) == 2


async def test_what_is_remembered_of_a_request_is_json() -> None:
    """A step's result can be stored as text and read again by another process."""
    run = run_of(agent_of(Scripted(["Yes."]).model))
    await run.answered()

    remembered = run.done["step:model_request#0"]
    assert isinstance(remembered, dict)
    assert remembered["parts"][0]["content"] == "Yes."


async def test_only_permitted_tools_are_offered() -> None:
    """A model is not told of a tool that its asker may not use."""
    script = Scripted(["No."])
    tool = Scales().tool(Permission.DATA_MAINTAIN)

    await run_of(agent_of(script.model, tool)).answered()

    assert script.offered == [[]]


@pytest.mark.parametrize(
    "arguments",
    [
        '{"thing":7}',
        '{"thing":"a","times":"many"}',
        "{}",
        '{"thing":"a","more":1}',
        '{"self":1,"ctx":2,"context":3,"arguments":4,"run":5}',
        '{"thing":"a","":{"x":[1,2,3]}}',
    ],
)
async def test_wrong_arguments_are_told_to_the_model(arguments: str) -> None:
    """What a tool would not take is refused by the run, and the model may do something else."""
    scales = Scales()
    script = Scripted([tool_call("weigh", arguments)], ["I could not weigh it."])
    run = run_of(agent_of(script.model, scales.tool()))

    assert await run.answered() == "I could not weigh it."
    completed = [said for name, said in run.said if name is ENDED_TOOL]
    if '"more"' not in arguments and '""' not in arguments:
        assert [said["ok"] for said in completed] == [False]
        assert not scales.used


async def test_a_failing_tool_is_told_to_the_model() -> None:
    """The model hears why a tool gave nothing."""
    script = Scripted([tool_call("weigh", '{"thing":"a"}')], ["The scales are broken."])

    await run_of(agent_of(script.model, Scales(fails=True).tool())).answered()

    assert script.told == ["The scales are broken."]


@pytest.mark.parametrize("call", [("steal", "{}"), ("weigh", "{not json"), ("weigh", "[1]")])
async def test_a_model_that_misuses_tools_for_ever_is_stopped(call: tuple[str, str]) -> None:
    """A tool that is not there, or nonsense for arguments, reaches no tool and ends honestly."""
    scales = Scales()
    run = run_of(agent_of(Scripted([tool_call(*call)]).model, scales.tool()))

    with pytest.raises(RunFailed) as failed:
        await run.answered()

    assert failed.value.reason in {FailureReason.GAVE_UP, FailureReason.MODEL_UNAVAILABLE}
    assert not scales.used
    assert len(run.used) <= ModelLimits().requests


async def test_a_model_that_goes_round_in_circles_is_stopped() -> None:
    """After so many requests there is no other, and the person is told."""
    scales = Scales()
    run = run_of(agent_of(Scripted([tool_call("weigh", '{"thing":"a"}')]).model, scales.tool()))

    with pytest.raises(RunFailed) as failed:
        await run.answered()

    assert failed.value.reason == FailureReason.GAVE_UP
    assert len(run.used) == ModelLimits().requests


async def test_no_answer_is_no_answer() -> None:
    """A model that says nothing has not answered; nothing is said in its place."""
    run = run_of(agent_of(Scripted([""]).model))

    with pytest.raises(RunFailed) as failed:
        await run.answered()

    assert failed.value.reason == FailureReason.MODEL_UNAVAILABLE


def prompts(messages: Sequence[ModelMessage]) -> list[str]:
    """Give what the person said, as a model was told it."""
    parts = [part for message in messages for part in message.parts]
    return [str(part.content) for part in parts if isinstance(part, UserPromptPart)]


async def test_the_thread_is_told_first() -> None:
    """The model reads what was said before, in order, and the question last and once."""
    sayings = Sayings()
    sayings.add("user", "Hello.")
    sayings.add("agent", "Good morning.")
    script = Scripted(["Yes."])

    await run_of(agent_of(script.model), said=sayings.said).answered()

    kinds = [message.kind for message in script.asked[0]]
    assert kinds == ["request", "response", "request"]
    assert prompts(script.asked[0]) == ["Hello.", QUESTION]


async def test_a_long_thread_is_cut_at_its_beginning() -> None:
    """What is too much for a model is left out from the oldest on, an answer to it included."""
    sayings = Sayings()
    for number in range(MAX_SAYINGS):
        sayings.add("user", f"{number} " + "x" * (MAX_CHARACTERS // 10))
        sayings.add("agent", f"{number} " + "y" * (MAX_CHARACTERS // 40))
    script = Scripted(["Yes."])

    await run_of(agent_of(script.model), said=sayings.said).answered()

    told = prompts(script.asked[0])
    numbers = [int(text.split()[0]) for text in told[:-1]]
    assert numbers[-1] == MAX_SAYINGS - 1
    assert all(after == before + 1 for before, after in pairwise(numbers))
    assert sum(map(len, told[:-1])) <= MAX_CHARACTERS
    kinds = [message.kind for message in script.asked[0]]
    assert kinds == ["request", "response"] * len(numbers) + ["request"]


async def test_the_person_begins_and_the_two_take_turns() -> None:
    """An answer without its question is left out; what was said in a row is said at once."""
    sayings = Sayings()
    said = ["agent A", "user B", "user C", "agent D", "agent E", "user F", "user G"]
    for one in said:
        author, _, text = one.partition(" ")
        sayings.add(author, text)
    script = Scripted(["Yes."])

    await run_of(agent_of(script.model), said=sayings.said).answered()

    (asked,) = script.asked
    assert [message.kind for message in asked] == ["request", "response", "request"]
    assert prompts(asked) == ["B\n\nC", f"F\n\nG\n\n{QUESTION}"]
    assert asked[1].parts == [TextPart("D\n\nE")]


class BrokenRun(FakeRun):
    """A run that loses its database at one kind of call."""

    broken: str = ""

    async def say(self, text: str, *, step: str = "answer") -> None:
        """Fail, or show it."""
        self._break("say")
        await super().say(text, step=step)

    async def call(self, tool_name: str, arguments: Mapping[str, Any]) -> Any:
        """Fail, or use it."""
        self._break("call")
        return await super().call(tool_name, arguments)

    async def think(self, text: str) -> None:
        """Fail, or say it."""
        self._break("think")
        await super().think(text)

    def _break(self, what: str) -> None:
        if self.broken == what:
            raise DatabaseUnavailable("gone")


@pytest.mark.parametrize("broken", ["say", "call", "think"])
async def test_what_happens_to_the_run_is_not_taken_for_the_models_fault(broken: str) -> None:
    """An error of the run's own comes out as it is, so that the run is taken up again."""
    script = Scripted(["See: ", tool_call("weigh", '{"thing":"a"}')], ["Seven."])
    plain = run_of(agent_of(script.model, Scales().tool()))
    run = BrokenRun(plain.agent, plain.question, plain.records, plain.clock)
    run.broken = broken

    with pytest.raises(DatabaseUnavailable):
        await run.answered()

    assert "step:model_request#1" not in run.done


async def test_a_cancelled_answer_stops() -> None:
    """Cancelling the task ends the request at once; it is remembered as a cost alone."""
    begun = asyncio.Event()

    async def hang(_messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[str]:
        yield "Wait"
        begun.set()
        await asyncio.Event().wait()

    run = run_of(agent_of(FunctionModel(stream_function=hang)))
    task = asyncio.create_task(run.answered())
    await begun.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert "step:model_request#0" not in run.done
    assert len(run.used) == 1


async def test_nothing_that_is_said_is_logged() -> None:
    """Questions, answers, arguments and results are in no log line, at any level (checklist 30)."""
    marks = ["quux", "mangosteen", "rambutan", "durian"]
    scales = Scales()
    script = Scripted(
        [
            {0: DeltaThinkingPart(content="rambutan")},
            tool_call("weigh", '{"thing":"durian"}', 1),
        ],
        ["mangosteen"],
    )
    with log_lines("DEBUG") as lines:
        await run_of(agent_of(script.model, scales.tool())).answered()
        with pytest.raises(RunFailed):
            await run_of(agent_of(Scripted([tool_call("durian", "{}")]).model)).answered()

    assert lines.of("model_request_failed")
    for mark in marks:
        assert mark not in lines.text


async def test_agents_work_side_by_side() -> None:
    """Many runs at once each get their own answer, tools and steps."""

    async def echo(messages: list[ModelMessage], _info: AgentInfo) -> AsyncIterator[Piece]:
        said = [part for message in messages for part in message.parts]
        results = [part.content for part in said if isinstance(part, ToolReturnPart)]
        if results:
            yield f"It was {results[-1]}"
            return
        await asyncio.sleep(0)
        yield tool_call("weigh", '{"thing":"same"}')

    async def one(number: int) -> tuple[str, int]:
        scales = Scales()
        sayings = Sayings()
        sayings.add("user", str(number))
        run = run_of(agent_of(FunctionModel(stream_function=echo), scales.tool()), None)
        return await run.answered(), len(scales.used)

    assert set(await asyncio.gather(*map(one, range(20)))) == {
        ("It was {'thing': 'same', 'grams': 7}", 1)
    }
