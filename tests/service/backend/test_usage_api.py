"""What a user's runs used of language models: booked with the run, told to that user alone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy.dialects.postgresql import asyncpg

from fakes.auth_service import FakeAuthService
from fakes.clock import ManualClock
from fakes.log_lines import LogLines
from fakes.model_agents import chosen
from fakes.model_server import FakeModelServer, Turn
from fakes.running_backend import RunningBackend, running_backend
from fakes.stores import plain
from fakes.timing import UNIT, eventually
from netra.policy import CredentialMethod
from netra.principal import UserPrincipal
from netra.wire.chat_protocol import SendMessage
from netra_backend.app.agents.catalogue import AgentCatalogue
from netra_backend.app.agents.models.package import ModelAgentPackage
from netra_backend.app.agents.tools.own_tools import OWN_TOOLS
from netra_backend.app.chat.turn import AcceptedTurn
from netra_backend.app.runs.usage.repository import DAY, totals

Rows = Callable[[str], list[tuple[Any, ...]]]

NOW: Final = 1_800_000_000.0
TODAY, YESTERDAY = "2027-01-15", "2027-01-14"
ANNA: Final = UserPrincipal(
    "usr_anna", "ses_anna", "netra-chat", frozenset(), frozenset(), "jti", 4e9
)
MICROS: Final = int(NOW * 1_000_000)


def book(store: Path, *uses: tuple[str, str, int, int | None]) -> None:
    """Book uses of a hundred tokens in and ten out: whose, which model, how long ago, the price."""
    with plain(store) as connection:
        for number, (owner, model, ago, price) in enumerate(uses):
            connection.execute(
                "INSERT INTO t_model_usage (id, owner_id, run_id, model, input_tokens,"
                " output_tokens, cost_micros, created_at) VALUES (?, ?, 'run_1', ?, 100, 10, ?, ?)",
                (f"use_{number}", owner, model, price, MICROS - ago),
            )


@pytest.fixture
async def timed(store: Path) -> AsyncIterator[RunningBackend]:
    """Run the backend at a known time."""
    async with running_backend(store, clock=ManualClock(NOW)) as running:
        yield running


async def test_usage_costs_the_same_statements_whatever_was_booked(timed: RunningBackend) -> None:
    """Adding up does not ask once for each day, model or use."""
    statements = timed.statements()
    counts = []
    async with timed.as_user("usr_anna") as client:
        for booked in (1, 60):
            book(timed.store, *(("usr_anna", f"m:{n}", n * DAY, 5) for n in range(booked)))
            with plain(timed.store) as connection:
                connection.execute("UPDATE t_model_usage SET id = 'old_' || id")
            statements.clear()
            answer = await client.get("/api/usage", params={"days": 90})
            assert answer.status_code == 200
            counts.append(len(statements))

    assert counts[0] == counts[1] <= 2


async def test_usage_is_added_up_by_model_and_day(timed: RunningBackend) -> None:
    """Each day and model has its sum; requests without a known price are counted apart."""
    book(
        timed.store,
        ("usr_anna", "openai:a", 0, 1500),
        ("usr_anna", "openai:a", 1, 500),
        ("usr_anna", "openai:a", DAY, None),
        ("usr_anna", "ollama:b", DAY, None),
    )
    async with timed.as_user("usr_anna") as client:
        usage = (await client.get("/api/usage")).json()

    assert usage["since"] == "2026-12-17"
    assert [(day["day"], day["model"], day["requests"]) for day in usage["days"]] == [
        (TODAY, "openai:a", 2),
        (YESTERDAY, "ollama:b", 1),
        (YESTERDAY, "openai:a", 1),
    ]
    assert usage["models"][1] == {
        "model": "openai:a",
        "requests": 3,
        "input_tokens": 300,
        "output_tokens": 30,
        "cost_micros": 2000,
        "unpriced_requests": 1,
    }


async def test_the_days_are_bounded(timed: RunningBackend) -> None:
    """Only the days that were asked for count, today's whole day included."""
    since_midnight = MICROS % DAY
    book(
        timed.store,
        ("usr_anna", "m", since_midnight, 1),
        ("usr_anna", "m", since_midnight + 1, 10),
        ("usr_anna", "m", since_midnight + DAY + 1, 100),
    )
    costs = {}
    async with timed.as_user("usr_anna") as client:
        for days in (1, 2, 3):
            answer = await client.get("/api/usage", params={"days": days})
            costs[days] = answer.json()["models"][0]["cost_micros"]
        refused = [await client.get("/api/usage", params={"days": d}) for d in ("0", "367", "x")]

    assert costs == {1: 1, 2: 11, 3: 111}
    assert [answer.status_code for answer in refused] == [422, 422, 422]


async def test_nobody_reads_anothers_usage(timed: RunningBackend) -> None:
    """A user sees the own usage alone; a service and an anonymous caller see none."""
    book(timed.store, ("usr_anna", "m", 0, 5), ("usr_berta", "m", 0, 7))
    async with timed.as_user("usr_berta") as client:
        berta = (await client.get("/api/usage")).json()
    async with timed.as_user("usr_cora") as client:
        cora = (await client.get("/api/usage")).json()
    async with timed.client() as anybody, timed.as_service() as service:
        statuses = [(await c.get("/api/usage")).status_code for c in (anybody, service)]

    assert [total["cost_micros"] for total in berta["models"]] == [7]
    assert (cora["models"], cora["days"]) == ([], [])
    assert statuses == [401, 403]


async def test_erasing_an_account_takes_its_usage(timed: RunningBackend, rows: Rows) -> None:
    """`DELETE /api/me` erases what the caller used, and nobody else's."""
    book(timed.store, ("usr_anna", "m", 0, 5), ("usr_berta", "m", 0, 7))
    async with timed.as_user("usr_anna") as client:
        assert (await client.delete("/api/me")).status_code == 204

    assert rows("SELECT owner_id FROM t_model_usage") == [("usr_berta",)]


def test_the_sum_is_one_expression_on_postgresql() -> None:
    """The day is grouped by as it is selected: no parameter stands between the two."""
    compiled = totals(0).compile(
        dialect=asyncpg.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
        compile_kwargs={"render_postcompile": True},
    )

    text, day = str(compiled), f"created_at % {DAY}"
    assert text.count(day) == text.count("created_at %")
    assert day in text.partition("GROUP BY")[2]


async def begun(backend: RunningBackend) -> AcceptedTurn:
    """Ask as Anna, by chat."""
    message = SendMessage(client_id="client-00000001", text="Who is the quux?")
    return await backend.state.chat.begin(ANNA, CredentialMethod.BEARER, message)


async def ask(backend: RunningBackend) -> str:
    """Ask as Anna, by chat, and give the thread."""
    return (await begun(backend)).thread_id


async def answered(backend: RunningBackend, thread_id: str) -> list[str]:
    """Wait for the answer and give what was said in the thread."""
    async with backend.as_user("usr_anna") as client:

        async def said() -> list[str]:
            items = (await client.get(f"/api/threads/{thread_id}/messages")).json()["items"]
            return [item["text"] for item in items] if len(items) > 1 else []

        return await eventually(said, within=20 * UNIT)


async def used(backend: RunningBackend) -> dict[str, Any]:
    """Give what Anna used of the one model, or nothing if she used none."""
    async with backend.as_user("usr_anna") as client:
        models = (await client.get("/api/usage")).json()["models"]
    return dict(*models)


async def test_a_conversation_is_booked_on_the_one_who_asked(store: Path, logged: LogLines) -> None:
    """A question by chat is answered by the model, and its cost is the asker's, told and kept."""
    turns = [Turn(tool=("who_am_i", "{}")), Turn(["You are ", "**you**."], input_tokens=7)]
    async with FakeModelServer(turns).running() as server:
        package = ModelAgentPackage(chosen("openai:gpt-x", f"{server.url}/v1"), OWN_TOOLS)
        async with running_backend(store, catalogue=AgentCatalogue({"model": package})) as backend:
            said = await answered(backend, await ask(backend))
            model = await used(backend)
        await package.aclose()

    assert said == ["Who is the quux?", "You are **you**."]
    assert (model["model"], model["requests"], model["unpriced_requests"]) == ("openai:gpt-x", 2, 2)
    assert (model["input_tokens"], model["output_tokens"]) == (107, 40)
    offered = {tool["function"]["name"] for tool in server.asked[0]["tools"]}
    assert offered == {tool.name for tool in OWN_TOOLS}
    assert "usr_anna" in str(server.asked[1]["messages"][-1])
    assert "quux" not in logged.text


async def test_stopping_an_answer_does_not_make_it_free(store: Path) -> None:
    """An answer that was stopped before its end counts, by an estimate that has no price."""
    async with FakeModelServer([Turn(["It is "] * 100)], stalls=True).running() as server:
        package = ModelAgentPackage(chosen("openai:gpt-x", f"{server.url}/v1"), OWN_TOOLS)
        async with running_backend(store, catalogue=AgentCatalogue({"model": package})) as backend:
            turn = await begun(backend)
            await asyncio.wait_for(server.stalled.wait(), 20 * UNIT)
            await backend.state.chat.cancel(ANNA, CredentialMethod.BEARER, turn.run_id)
            model = await eventually(lambda: used(backend), within=20 * UNIT)
        await package.aclose()

    assert (model["requests"], model["unpriced_requests"], model["cost_micros"]) == (1, 1, 0)
    assert model["input_tokens"] > 0
    assert model["output_tokens"] > 0


async def test_a_restart_asks_the_model_only_what_was_not_answered(
    store: Path, auth: FakeAuthService, rows: Rows
) -> None:
    """A backend that ends while its model is asked leaves the rest, and no more, to the next."""
    turns = [Turn(tool=("who_am_i", "{}")), Turn(["lost"]), Turn(["You are **you**."])]
    async with FakeModelServer(turns).running() as server:
        package = ModelAgentPackage(chosen("openai:gpt-x", f"{server.url}/v1"), OWN_TOOLS)
        catalogue = AgentCatalogue({"model": package})
        async with running_backend(store, auth=auth, catalogue=catalogue) as backend:
            server.hangs_at = 2
            thread_id = await ask(backend)
            await eventually(lambda: len(server.asked) == 2, within=20 * UNIT)
        async with running_backend(store, auth=auth, catalogue=catalogue) as backend:
            said = await answered(backend, thread_id)
            model = await used(backend)
        await package.aclose()

    assert said == ["Who is the quux?", "You are **you**."]
    assert len(server.asked) == 3
    assert server.asked[1]["messages"] == server.asked[2]["messages"]
    # The one that was begun and left is to be paid, though nobody said how much it used.
    assert (model["requests"], model["output_tokens"]) == (3, 40)
    assert rows("SELECT count(*) FROM t_events WHERE name = 'tool_executing'") == [(1,)]
    assert rows("SELECT max(seq), count(*) FROM t_events") == rows(
        "SELECT count(*), count(*) FROM t_events"
    )
