"""The feed that tells verifiers what was ended."""

import asyncio
import time

import pytest

from fakes.running_auth import RunningAuth, bearer
from fakes.timing import UNIT
from netra.clock import SystemClock
from netra_auth.identities.revocations import Revocations
from netra_auth.store.engine import Database


async def ended(auth: RunningAuth, *token_ids: str) -> None:
    """End access tokens by their ids."""
    for token_id in token_ids:
        async with auth.state.database.transaction() as transaction:
            await auth.state.revocations.revoke_token(transaction, token_id)


async def test_the_feed_is_read_by_cursor(auth: RunningAuth) -> None:
    """Entries come in order, in pages, each with an end that outlives every token."""
    headers = bearer(await auth.service_token("netra-backend"))
    await ended(auth, "tok_a", "tok_b", "tok_c")

    first = (await auth.http.get("/revocations?limit=2", headers=headers)).json()
    path = f"/revocations?after={first['next_after']}&limit=2"
    second = (await auth.http.get(path, headers=headers)).json()

    assert [entry["identifier"] for entry in first["items"]] == ["tok_a", "tok_b"]
    assert [entry["seq"] for entry in first["items"]] == [1, 2]
    assert [entry["identifier"] for entry in second["items"]] == ["tok_c"]
    assert second["next_after"] == 3
    assert all(e["expires_at"] - e["revoked_at"] >= 300 + 60 for e in first["items"])


async def test_a_cursor_ahead_of_the_feed_is_set_back(auth: RunningAuth) -> None:
    """After the store was restored an old reader is not left waiting for numbers to come."""
    headers = bearer(await auth.service_token("netra-backend"))
    await ended(auth, "tok_a")

    answer = await auth.http.get("/revocations?after=5000&wait=20", headers=headers)

    assert answer.json() == {"items": [], "next_after": 1}


async def test_a_waiting_reader_hears_at_once(auth: RunningAuth) -> None:
    """A held request is answered as soon as something is ended (SPEC R11: within a second)."""
    headers = bearer(await auth.service_token("netra-backend"))
    waiting = asyncio.create_task(auth.http.get("/revocations?wait=20", headers=headers))
    await asyncio.sleep(0.05)

    began = time.monotonic()
    await ended(auth, "tok_a")
    answer = await waiting

    assert time.monotonic() - began < 0.5 * UNIT
    assert [entry["identifier"] for entry in answer.json()["items"]] == ["tok_a"]


async def test_a_waiting_reader_hears_of_another_process(auth: RunningAuth) -> None:
    """What another process commits is found within half a second."""
    headers = bearer(await auth.service_token("netra-backend"))
    other = Database(auth.settings.database_url)
    waiting = asyncio.create_task(auth.http.get("/revocations?wait=20", headers=headers))
    await asyncio.sleep(0.05)

    try:
        async with other.transaction() as transaction:
            await Revocations(other, SystemClock()).revoke_token(transaction, "tok_b")
        began = time.monotonic()
        answer = await waiting
    finally:
        await other.close()

    assert time.monotonic() - began < 0.5 * UNIT
    assert [entry["identifier"] for entry in answer.json()["items"]] == ["tok_b"]


async def test_a_wait_without_news_ends_empty(auth: RunningAuth) -> None:
    """When nothing happens the answer is an empty page and the same cursor."""
    headers = bearer(await auth.service_token("netra-backend"))

    answer = await auth.http.get("/revocations?wait=0.2", headers=headers)

    assert answer.json() == {"items": [], "next_after": 0}


async def test_a_stopping_service_lets_its_readers_go(auth: RunningAuth) -> None:
    """A held request ends when the service stops, long before its wait is over."""
    headers = bearer(await auth.service_token("netra-backend"))
    waiting = asyncio.create_task(auth.http.get("/revocations?wait=20", headers=headers))
    await asyncio.sleep(0.1)

    began = time.monotonic()
    auth.state.revocations.close()
    answer = await waiting

    assert time.monotonic() - began < 1 * UNIT
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "after=99999999999999999999",
        "limit=0",
        "limit=1001",
        "wait=21",
        "wait=-1",
        "wait=nan",
        "wait=inf",
    ],
)
async def test_senseless_questions_are_422(auth: RunningAuth, query: str) -> None:
    """Cursor, limit and wait have bounds."""
    headers = bearer(await auth.service_token("netra-backend"))

    answer = await auth.http.get(f"/revocations?{query}", headers=headers)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_numbers_have_no_gaps_however_they_are_made(auth: RunningAuth) -> None:
    """Concurrent entries are numbered without gap, so a cursor never skips one."""
    await asyncio.gather(*(ended(auth, f"tok_{number}") for number in range(20)))

    page = await auth.state.revocations.page(0, 100)

    assert [entry.seq for entry in page.items] == list(range(1, 21))


async def test_a_rolled_back_act_leaves_no_entry(auth: RunningAuth) -> None:
    """What was not committed is not in the feed, and leaves no gap."""

    async def fail() -> None:
        async with auth.state.database.transaction() as transaction:
            await auth.state.revocations.revoke_token(transaction, "tok_never")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        await fail()
    await ended(auth, "tok_a")

    page = await auth.state.revocations.page(0, 100)

    assert [(entry.seq, entry.identifier) for entry in page.items] == [(1, "tok_a")]
