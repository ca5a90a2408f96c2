"""Two instances of the service on one store: what one decides holds for the other, and restarts."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from fakes.clock import ManualClock
from fakes.running_auth import (
    SERVICE_SECRETS,
    Person,
    Pkce,
    RunningAuth,
    bearer,
    running_auth_service,
)

Two = tuple[RunningAuth, RunningAuth]


@pytest.fixture
async def two(tmp_path: Path, clock: ManualClock, store: str) -> AsyncIterator[Two]:
    """Run two instances under one issuer."""
    assert store
    async with running_auth_service(tmp_path, clock=clock) as first:
        issuer = {"ISSUER_URL": first.url}
        async with running_auth_service(tmp_path, clock=clock, overrides=issuer) as second:
            yield first, second


async def is_active(auth: RunningAuth, token: str) -> bool:
    """Ask an instance whether a token is in force."""
    answer = await auth.http.post(
        "/introspect",
        data={"token": token},
        auth=("netra-backend", SERVICE_SECRETS["netra-backend"]),
    )
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["active"])


async def revoke(auth: RunningAuth, token: str) -> None:
    """End a token as its client."""
    answer = await auth.http.post("/revoke", data={"token": token, "client_id": "netra-cli"})
    assert answer.status_code == 200, answer.text


async def code_of(auth: RunningAuth, person: Person, pkce: Pkce) -> str:
    """Log a person in and give a code."""
    async with auth.browser() as browser:
        assert (await auth.log_in(browser, person)).status_code == 303
        return await auth.authorization_code(browser, pkce)


async def test_both_sign_with_one_key_and_know_each_others_tokens(two: Two) -> None:
    """A token of one instance is a token of the other (checklist 23, 66)."""
    first, second = two
    person = await first.registered_person()
    tokens = await second.tokens_of(person)

    assert await is_active(first, tokens["access_token"])
    assert await is_active(second, tokens["access_token"])
    keys = [(await auth.http.get("/.well-known/jwks.json")).json() for auth in two]
    assert keys[0] == keys[1]


async def test_what_one_revokes_the_other_refuses_at_once(two: Two) -> None:
    """A revocation at one instance is in force at the other once it is answered (SPEC R11)."""
    first, second = two
    tokens = await first.tokens_of(await first.registered_person())
    assert await is_active(second, tokens["access_token"])

    await revoke(first, tokens["refresh_token"])

    assert not await is_active(second, tokens["access_token"])
    assert not await is_active(second, tokens["refresh_token"])


async def test_a_code_is_redeemed_at_one_of_them(two: Two) -> None:
    """However many redeem a code at both instances at once, at most one gets tokens (33)."""
    first, second = two
    person, pkce = await first.registered_person(), Pkce.new()
    code = await code_of(first, person, pkce)

    answers = await asyncio.gather(*(auth.redeem(code, pkce) for _ in range(4) for auth in two))

    good = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} == {200, 400}
    assert len(good) == 1
    # The others held a code that was not theirs: everything that came from it has ended.
    assert not await is_active(second, good[0].json()["access_token"])


async def test_a_refresh_token_is_spent_at_one_of_them(two: Two) -> None:
    """However many use a refresh token at both at once, at most one family goes on (35)."""
    first, _ = two
    tokens = await first.tokens_of(await first.registered_person())

    answers = await asyncio.gather(
        *(auth.refresh(tokens["refresh_token"]) for _ in range(4) for auth in two)
    )

    assert {answer.status_code for answer in answers} <= {200, 400}
    successors = {a.json()["refresh_token"] for a in answers if a.status_code == 200}
    assert len(successors) == 1


async def test_a_session_that_ends_meanwhile_leaves_nothing(two: Two) -> None:
    """While one instance redeems a code the other ends the person: an answer, and nothing left."""
    first, second = two
    operator = bearer(await first.service_token("netra-ops"))
    for _ in range(6):
        person, pkce = await first.registered_person(), Pkce.new()
        code = await code_of(first, person, pkce)

        redeemed, reset = await asyncio.gather(
            first.redeem(code, pkce),
            second.http.post(
                "/admin/users/password",
                json={"email": person.email, "password": "another correct horse"},
                headers=operator,
            ),
        )

        assert reset.status_code == 204, reset.text
        assert redeemed.status_code in {200, 400}, redeemed.text
        if redeemed.status_code == 200:
            tokens = redeemed.json()
            assert not await is_active(second, tokens["access_token"])
            assert (await second.refresh(tokens["refresh_token"])).status_code == 400


async def test_a_person_erased_while_they_log_in_is_gone(two: Two) -> None:
    """While one instance logs a person in the other erases them: an answer, and no session left."""
    first, second = two
    operator = bearer(await first.service_token("netra-ops"))
    for _ in range(4):
        person = await first.registered_person()
        async with first.browser() as browser:

            async def erase(user_id: str = person.user_id) -> httpx2.Response:
                return await second.http.delete(f"/admin/users/{user_id}", headers=operator)

            logged_in, erased = await asyncio.gather(first.log_in(browser, person), erase())

        assert erased.status_code == 204, erased.text
        assert logged_in.status_code in {303, 401}, logged_in.text
    rows = await second.audited("user_erased")
    assert [row.outcome for row in rows] == ["success"] * 4


async def test_acts_that_end_the_same_sessions_do_not_wait_for_each_other(two: Two) -> None:
    """Many acts at once on the sessions of one person all get an answer, none a fault of ours."""
    first, second = two
    operator = bearer(await first.service_token("netra-ops"))
    person = await first.registered_person()
    several = [await first.tokens_of(person) for _ in range(3)]
    reset = {"email": person.email, "password": "another correct horse"}

    answers = await asyncio.gather(
        *(
            auth.http.post("/revoke", data={"token": t["refresh_token"], "client_id": "netra-cli"})
            for t in several
            for auth in two
        ),
        *(auth.refresh(t["refresh_token"]) for t in several for auth in two),
        first.http.post("/admin/users/password", json=reset, headers=operator),
        second.http.delete(f"/admin/users/{person.user_id}", headers=operator),
    )

    assert {answer.status_code for answer in answers} <= {200, 204, 400, 404}
    assert (await first.state.audit_records.verified()).is_whole


async def test_the_feed_is_one_without_gaps(two: Two) -> None:
    """Revocations written at both instances at once are numbered one after the other (SPEC R11)."""
    first, second = two
    headers = bearer(await first.service_token("netra-backend"))

    async def end(auth: RunningAuth, name: str) -> None:
        async with auth.state.database.transaction() as transaction:
            await auth.state.revocations.revoke_token(transaction, name)
            await auth.state.revocations.revoke_token(transaction, f"{name}_too")

    await asyncio.gather(*(end(auth, f"tok_{n}{auth.port}") for n in range(10) for auth in two))

    page = (await second.http.get("/revocations?limit=500", headers=headers)).json()
    assert [entry["seq"] for entry in page["items"]] == list(range(1, 41))
    assert len({entry["identifier"] for entry in page["items"]}) == 40


async def test_what_was_decided_holds_after_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    """Spent codes, revocations and the active key are as before (checklist 23, 33, 35)."""
    pkce = Pkce.new()
    async with running_auth_service(tmp_path, clock=clock) as before:
        port, kid = before.port, before.state.keyring.signing_key.kid
        person = await before.registered_person()
        code = await code_of(before, person, pkce)
        tokens = (await before.redeem(code, pkce)).json()
        other = await before.tokens_of(person)
        await revoke(before, other["access_token"])
    async with running_auth_service(tmp_path, clock=clock, port=port) as after:
        assert after.state.keyring.signing_key.kid == kid
        assert await is_active(after, tokens["access_token"])
        assert not await is_active(after, other["access_token"])
        assert (await after.refresh(other["refresh_token"])).status_code == 200
        assert (await after.redeem(code, pkce)).status_code == 400
        assert not await is_active(after, tokens["access_token"])
