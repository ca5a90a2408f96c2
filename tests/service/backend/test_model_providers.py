"""Language models asked over a real socket: streams, keys, refusals, outages and what they cost."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from fakes.log_lines import log_lines
from fakes.model_agents import KEY, QUESTION, Scales, asker, chosen, run_of
from fakes.model_server import FakeModelServer, Turn
from fakes.timing import UNIT, eventually
from netra.agent_api import RunFailed
from netra.errors import ConfigurationInvalid
from netra.wire.chat_protocol import EventName, FailureReason
from netra_backend.app.agents.models.agent import ModelAgent, ModelLimits
from netra_backend.app.agents.models.package import ModelAgentPackage
from netra_backend.app.agents.models.providers import OpenModel, opened

OPENAI_LIKE = ["openai:gpt-5", "google:gemini-2.5-flash", "ollama:llama3.2:3b"]
REASON = FailureReason
AT_ONCE = ModelLimits(say_every_seconds=0.0)
ECHO = f"you sent {QUESTION} with the key {KEY}"


@pytest.fixture
async def server() -> AsyncIterator[FakeModelServer]:
    """Run a model's API that answers with a sentence."""
    async with FakeModelServer([Turn(["It is ", "seven", "."])]).running() as running:
        yield running


class Asking:
    """Makes agents that ask the server, and closes what they asked through."""

    def __init__(self, server: FakeModelServer) -> None:
        self._server = server
        self._opened: list[OpenModel] = []

    def agent(
        self,
        model: str = "openai:gpt-5",
        *,
        again: int = 0,
        limits: ModelLimits = AT_ONCE,
        is_priced: bool = False,
    ) -> ModelAgent:
        """Give an agent with scales; each request is made once unless told otherwise."""
        url = self._server.url if model.startswith("anthropic:") else f"{self._server.url}/v1"
        client = replace(opened(chosen(model, url), again=again), is_priced=is_priced)
        self._opened.append(client)
        tools = (Scales().tool(),)
        offer = ModelAgentPackage(chosen(model, url), tools, client=client, limits=limits)
        return offer.make("model", asker())

    async def aclose(self) -> None:
        """Close every connection."""
        for client in self._opened:
            await client.aclose()


@pytest.fixture
async def asking(server: FakeModelServer) -> AsyncIterator[Asking]:
    """Give a maker of agents that ask the server."""
    made = Asking(server)
    yield made
    await made.aclose()


async def failed(asked: ModelAgent) -> RunFailed:
    """Ask, and give what the person is told instead of an answer."""
    with pytest.raises(RunFailed) as told:
        await run_of(asked).answered()
    return told.value


@pytest.mark.parametrize("model", [*OPENAI_LIKE, "anthropic:claude-sonnet-5-5"])
async def test_an_answer_is_streamed(server: FakeModelServer, asking: Asking, model: str) -> None:
    """Every provider's model answers piece by piece, with its name and the key it was given."""
    run = run_of(asking.agent(model))

    assert await run.answered() == "It is seven."
    deltas = [said["text"] for name, said in run.said if name is EventName.TEXT_DELTA]
    assert deltas == ["It is ", "seven", "."]
    (asked,), (headers,) = server.asked, server.headers
    assert asked["model"] == model.partition(":")[2]
    assert asked["stream"] is True
    assert KEY in {
        headers.get("authorization", "").removeprefix("Bearer "),
        headers.get("x-api-key"),
    }
    (used,) = run.used
    assert (used.model, used.input_tokens, used.output_tokens) == (model, 100, 20)


@pytest.mark.parametrize("model", [*OPENAI_LIKE, "anthropic:claude-sonnet-5-5"])
async def test_a_tool_is_offered_and_used(
    server: FakeModelServer, asking: Asking, model: str
) -> None:
    """Every provider's model is offered the tools as one object each, and told what they gave."""
    server.turns = [Turn(tool=("weigh", '{"thing":"a stone"}')), Turn(["Seven grams."])]
    run = run_of(asking.agent(model))

    assert await run.answered() == "Seven grams."
    (tool,) = server.asked[0]["tools"]
    described = tool.get("function", tool)
    schema = described.get("parameters", described.get("input_schema"))
    assert described["name"] == "weigh"
    assert schema["type"] == "object"
    assert set(schema["properties"]) == {"thing", "times"}
    assert "grams" in json.dumps(server.asked[1]["messages"][-1])
    assert [used.input_tokens for used in run.used] == [100, 100]


async def test_a_thought_is_told(server: FakeModelServer, asking: Asking) -> None:
    """What a model says of its thinking is an event of its own, and no part of the answer."""
    server.turns = [Turn(["Yes."], thought="Let me weigh it.")]
    run = run_of(asking.agent("openai:deepseek-r1"))

    assert await run.answered() == "Yes."
    thoughts = [said["text"] for name, said in run.said if name is EventName.AGENT_THINKING]
    assert thoughts == ["Asking openai:deepseek-r1.", "Let me weigh it."]


def error(code: str = "", message: str = "") -> str:
    """Write a provider's error, which quotes what it should not."""
    told = {"message": f"{message} {ECHO}", "code": code, "type": "invalid_request_error"}
    return json.dumps({"type": "error", "error": told})


BAD_KEY = "API key not valid. Please pass a valid API key."
GOOGLE = [{"error": {"code": 400, "message": f"{BAD_KEY} {ECHO}", "status": "INVALID_ARGUMENT"}}]
DETAILS = {"details": [{"reason": "API_KEY_INVALID", "domain": "googleapis.com"}]}
REFUSALS = {
    "bad key": (401, error("invalid_api_key"), REASON.MODEL_MISCONFIGURED),
    "forbidden": (403, error(), REASON.MODEL_MISCONFIGURED),
    "no such model": (404, error("model_not_found"), REASON.MODEL_MISCONFIGURED),
    "too often": (429, error("rate_limit_exceeded"), REASON.MODEL_RATE_LIMITED),
    "used up": (402, error("insufficient_quota"), REASON.MODEL_RATE_LIMITED),
    "too long": (
        400,
        error("context_length_exceeded", "prompt is too long: 9 tokens > 8 maximum"),
        REASON.TOO_LARGE,
    ),
    "too large": (413, error(), REASON.TOO_LARGE),
    "not accepted": (400, error(), REASON.MODEL_REFUSED),
    "Google's bad key": (400, json.dumps(GOOGLE), REASON.MODEL_MISCONFIGURED),
    "a bad key by its code": (
        400,
        json.dumps({"error": {"message": ECHO, **DETAILS}}),
        REASON.MODEL_MISCONFIGURED,
    ),
    "no tools": (
        400,
        error("", "registry.ollama.ai/library/gemma:2b does not support tools"),
        REASON.MODEL_MISCONFIGURED,
    ),
    "no object": (422, json.dumps(ECHO), REASON.MODEL_REFUSED),
    "broken": (500, error(), REASON.MODEL_UNAVAILABLE),
    "no JSON": (503, "<html>no JSON at all", REASON.MODEL_UNAVAILABLE),
    "elsewhere": (307, "{}", REASON.MODEL_UNAVAILABLE),
}


@pytest.mark.parametrize(("status", "body", "reason"), list(REFUSALS.values()), ids=list(REFUSALS))
@pytest.mark.parametrize("model", ["openai:gpt-5", "anthropic:claude-sonnet-5-5"])
async def test_a_refusal_is_told_in_plain_words(
    server: FakeModelServer,
    asking: Asking,
    model: str,
    status: int,
    body: str,
    reason: FailureReason,
) -> None:
    """Each refusal has its reason; nothing of what the provider wrote is shown or logged."""
    server.status, server.body = status, body

    with log_lines("DEBUG") as lines:
        told = await failed(asking.agent(model))

    assert told.reason == reason
    assert told.message.endswith(".")
    for word in ("quux", KEY, "you sent", str(status)):
        assert word not in told.message
    must_act = reason == REASON.MODEL_MISCONFIGURED
    line = lines.only("model_misconfigured" if must_act else "model_request_failed")
    assert (line["model"], line["severity"]) == (model, "ERROR" if must_act else "WARNING")
    assert "quux" not in lines.text
    assert KEY not in lines.text
    assert told.__context__ is None


@pytest.mark.parametrize("model", ["openai:gpt-5", "anthropic:claude-sonnet-5-5"])
async def test_a_refusal_for_the_moment_is_overcome(
    server: FakeModelServer, asking: Asking, model: str
) -> None:
    """A request that was refused once for the moment is made again, and answered once."""
    server.status, server.answers = 503, 1
    run = run_of(asking.agent(model, again=1))

    assert await run.answered() == "It is seven."
    assert run.shown == "It is seven."
    assert len(server.asked) == 2
    assert len(run.used) == 1


async def test_a_model_that_is_not_there() -> None:
    """An address at which nobody listens is an outage of the model."""
    async with FakeModelServer().running() as gone:
        pass
    asking = Asking(gone)

    assert (await failed(asking.agent())).reason == REASON.MODEL_UNAVAILABLE
    await asking.aclose()


@pytest.mark.parametrize("model", ["openai:gpt-5", "anthropic:claude-sonnet-5-5"])
@pytest.mark.parametrize("fault", ["breaks", "garbage"])
async def test_a_broken_stream_is_no_answer(
    server: FakeModelServer, asking: Asking, model: str, fault: str
) -> None:
    """Half an answer is not taken for one: the person is told that there is none."""
    setattr(server, fault, True)
    run = run_of(asking.agent(model))

    with pytest.raises(RunFailed) as told:
        await run.answered()

    assert told.value.reason == REASON.MODEL_UNAVAILABLE
    assert "step:model_request#0" not in run.done


@pytest.mark.parametrize("model", [*OPENAI_LIKE, "anthropic:claude-sonnet-5-5"])
@pytest.mark.parametrize("tool", [None, ("weigh", '{"thing":"a stone"}')])
async def test_an_answer_without_an_end_is_no_answer(
    server: FakeModelServer, asking: Asking, model: str, tool: tuple[str, str] | None
) -> None:
    """A stream that ends before the model said that it has is half an answer, and not kept."""
    server.turns = [Turn(["It is ", "sev"], tool=tool, is_whole=False)]
    run = run_of(asking.agent(model))

    with pytest.raises(RunFailed) as told:
        await run.answered()

    assert told.value.reason == REASON.MODEL_UNAVAILABLE
    assert "broke off" in told.value.message
    assert "step:model_request#0" not in run.done
    assert EventName.TOOL_EXECUTING not in run.names


async def test_a_model_that_hangs_can_be_left(server: FakeModelServer, asking: Asking) -> None:
    """A run that is stopped while its model says nothing ends at once."""
    server.hangs = True
    task = asyncio.create_task(run_of(asking.agent()).answered())
    async with asyncio.timeout(10 * UNIT):
        await server.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_model_that_hangs_is_given_up(server: FakeModelServer, asking: Asking) -> None:
    """A model that never begins to answer is an outage after a while."""
    server.hangs = True

    told = await failed(asking.agent(limits=replace(AT_ONCE, first_word_seconds=0.05)))

    assert told.reason == REASON.MODEL_UNAVAILABLE
    assert "in time" in told.message


@pytest.mark.parametrize("model", ["openai:gpt-5", "anthropic:claude-sonnet-5-5"])
async def test_an_answer_that_does_not_end_is_given_up(
    server: FakeModelServer, asking: Asking, model: str
) -> None:
    """A model that began in time and does not end is an outage after `request_seconds`."""
    server.stalls = True
    run = run_of(asking.agent(model, limits=replace(AT_ONCE, request_seconds=0.5 * UNIT)))

    with pytest.raises(RunFailed) as told:
        await run.answered()

    assert run.shown == "It is seven."
    assert told.value.reason == REASON.MODEL_UNAVAILABLE
    assert "in time" in told.value.message


@pytest.mark.parametrize("model", ["openai:gpt-5", "anthropic:claude-sonnet-5-5"])
async def test_what_was_broken_off_is_to_be_paid(
    server: FakeModelServer, asking: Asking, model: str
) -> None:
    """A request stopped in its answer counts, with an estimate of its tokens and without a price.

    What the provider did report by then is taken as it is.
    """
    server.turns, server.stalls = [Turn(["It is "] * 100)], True
    run = run_of(asking.agent(model, is_priced=True))
    task = asyncio.create_task(run.answered())
    async with asyncio.timeout(10 * UNIT):
        await server.stalled.wait()
        await eventually(lambda: run.shown == "It is " * 100, within=10 * UNIT)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    (used,) = run.used
    assert (used.model, used.output_tokens, used.cost_micros) == (model, 150, None)
    if model.startswith("anthropic:"):
        assert used.input_tokens == 100
    else:
        assert 100 < used.input_tokens < 400
    assert "step:model_request#0" not in run.done


@pytest.mark.parametrize(
    ("fault", "count"),
    [({"breaks": True}, 1), ({"garbage": True}, 0), ({"status": 400}, 0), ({"status": 503}, 0)],
)
async def test_only_what_may_have_been_worked_on_is_to_be_paid(
    server: FakeModelServer, asking: Asking, fault: dict[str, Any], count: int
) -> None:
    """A stream that broke counts; a request that was refused, or answered with nonsense, not."""
    for name, value in fault.items():
        setattr(server, name, value)
    run = run_of(asking.agent())

    with pytest.raises(RunFailed):
        await run.answered()

    assert len(run.used) == count


@pytest.mark.parametrize("model", ["openai:gpt-4o", "anthropic:claude-sonnet-5-5"])
async def test_a_price_is_put_on_what_was_reported(
    server: FakeModelServer, asking: Asking, model: str
) -> None:
    """A whole answer has its published price, and so has one that the provider withheld."""
    filtered = "refusal" if model.startswith("anthropic:") else "content_filter"
    whole = run_of(asking.agent(model, is_priced=True))
    await whole.answered()
    server.turns = [Turn(["It is "], finish=filtered)]
    withheld = run_of(asking.agent(model, is_priced=True))
    with pytest.raises(RunFailed):
        await withheld.answered()

    for run in (whole, withheld):
        (used,) = run.used
        assert (used.input_tokens, used.output_tokens) == (100, 20)
        assert used.cost_micros is not None
        assert used.cost_micros > 0


@pytest.mark.parametrize(
    ("model", "turn"),
    [
        ("openai:gpt-4o", Turn(["Seven."], counts=False)),
        ("openai:gpt-4o", Turn(["Seven."], input_tokens=0, output_tokens=0)),
        ("anthropic:claude-sonnet-5-5", Turn(["Seven."], input_tokens=0, output_tokens=0)),
    ],
)
async def test_an_answer_nobody_counted_has_no_price(
    server: FakeModelServer, asking: Asking, model: str, turn: Turn
) -> None:
    """An answer that does not say what it used is not free of charge: its price is not known."""
    server.turns = [turn]
    run = run_of(asking.agent(model, is_priced=True))

    assert await run.answered() == "Seven."
    (used,) = run.used
    assert (used.input_tokens, used.output_tokens, used.cost_micros) == (0, 0, None)


async def test_an_answer_that_was_cut_says_so(server: FakeModelServer, asking: Asking) -> None:
    """An answer that reached its greatest length is given with that remark."""
    server.turns = [Turn(["Once upon a"], finish="length")]

    answer = await run_of(asking.agent()).answered()

    assert answer.startswith("Once upon a\n\n*(")


@pytest.mark.parametrize(("finish", "remark"), [("eos", ""), ("guardrail", "may not be whole")])
async def test_an_end_of_an_unknown_kind_is_remarked_upon(
    server: FakeModelServer, asking: Asking, finish: str, remark: str
) -> None:
    """An answer that ended for a reason of the provider's own is given, with a remark."""
    server.turns = [Turn(["Once upon a"], finish=finish)]

    answer = await run_of(asking.agent()).answered()

    assert answer.startswith("Once upon a")
    assert remark in answer
    assert len(answer) == len("Once upon a") or remark


@pytest.mark.parametrize(
    ("model", "finish"),
    [
        *((model, "content_filter") for model in OPENAI_LIKE),
        ("anthropic:claude-sonnet-5-5", "refusal"),
    ],
)
@pytest.mark.parametrize("pieces", [["It is ", "sev"], [""]])
async def test_a_filtered_answer_is_a_refusal(
    server: FakeModelServer, asking: Asking, model: str, finish: str, pieces: list[str]
) -> None:
    """A provider's filter is named as what it is; what was said before it is no answer."""
    server.turns = [Turn(pieces, finish=finish)]
    run = run_of(asking.agent(model))

    with pytest.raises(RunFailed) as told:
        await run.answered()

    assert told.value.reason == REASON.MODEL_REFUSED
    assert "provider" in told.value.message
    assert run.shown == "".join(pieces)


@pytest.mark.parametrize("model", [*OPENAI_LIKE, "anthropic:claude-sonnet-5-5"])
async def test_an_answer_is_bounded_by_a_name_the_provider_knows(
    server: FakeModelServer, asking: Asking, model: str
) -> None:
    """The greatest length is sent, to each under the one name by which it is heeded."""
    await run_of(asking.agent(model, limits=replace(AT_ONCE, output_tokens=321))).answered()

    is_old = model.startswith(("ollama:", "anthropic:"))
    known, other = ("max_tokens", "max_completion_tokens")[:: 1 if is_old else -1]
    assert server.asked[0][known] == 321
    assert other not in server.asked[0]


async def test_the_environment_adds_nothing(
    server: FakeModelServer, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys, addresses, accounts and proxies of the environment are not used (checklist 64)."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setitem(os.environ, name, "environment-key")
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "OLLAMA_BASE_URL", "HTTP_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:1/environment")
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setitem(os.environ, name, "environment-account")

    for model in (*OPENAI_LIKE, "anthropic:claude-sonnet-5-5"):
        assert await run_of(asking.agent(model)).answered() == "It is seven."

    assert "environment" not in json.dumps(server.headers)


async def test_no_key_is_sent_where_none_was_given(server: FakeModelServer) -> None:
    """A model of one's own that wants no key gets none of the environment's."""
    settings = chosen("ollama:llama", f"{server.url}/v1", key=None)
    offer = ModelAgentPackage(settings, ())

    await run_of(offer.make("model", asker())).answered()
    await offer.aclose()

    assert server.headers[0]["authorization"] == "Bearer none"


@pytest.mark.parametrize(
    ("model", "url", "prices", "address"),
    [
        ("openai:gpt-4o", None, "published", "https://api.openai.com/v1/"),
        ("anthropic:claude-sonnet-5-5", None, "published", "https://api.anthropic.com"),
        (
            "google:gemini-2.5-flash",
            None,
            "published",
            "https://generativelanguage.googleapis.com/",
        ),
        ("ollama:llama", None, "unknown", "http://127.0.0.1:11434/v1/"),
        ("openai:gpt-4o", "https://ai.example.org/v1", "unknown", "https://ai.example.org/v1/"),
    ],
)
async def test_where_a_model_is_asked(
    model: str,
    url: str | None,
    prices: str,
    address: str,
) -> None:
    """Each provider has its address unless another is set; only its own prices are published."""
    client = opened(chosen(model, url))

    assert str(client.model.base_url).startswith(address)
    assert client.is_priced is (prices == "published")
    await client.aclose()


def test_an_unknown_provider_is_refused() -> None:
    """A provider that is not known is named."""
    with pytest.raises(ConfigurationInvalid, match="mystery"):
        opened(chosen("mystery:x"))


async def test_many_ask_at_once(server: FakeModelServer, asking: Asking) -> None:
    """One client serves many runs at a time."""
    agent = asking.agent()
    runs = [run_of(agent) for _ in range(20)]

    answers = await asyncio.gather(*(run.answered() for run in runs))

    assert set(answers) == {"It is seven."}
    assert len(server.asked) == len(runs)
