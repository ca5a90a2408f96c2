"""Refresh tokens: rotation, reuse, binding, absolute end."""

import asyncio
from collections.abc import Callable

from fakes.clock import ManualClock
from fakes.relying_party import relying_party
from fakes.running_auth import RunningAuth, bearer
from netra_auth.grants.refresh_token import RETRY_SECONDS, hash_of
from netra_auth.grants.successors import sealed_successor_of
from netra_auth.store.repositories import refresh_tokens

DAY = 24 * 3600


async def test_each_use_gives_the_next_token(auth: RunningAuth) -> None:
    """A refresh token is rotated at each use (checklist 35)."""
    token = (await auth.tokens_of(await auth.registered_person()))["refresh_token"]
    seen = {token}

    for _ in range(3):
        answer = await auth.refresh(token)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        token = answer.json()["refresh_token"]
        seen.add(token)

    assert len(seen) == 4
    assert all(text.startswith("rt_") and len(text) >= 46 for text in seen)


async def test_a_spent_token_ends_the_family(auth: RunningAuth, clock: ManualClock) -> None:
    """Using a spent token ends its family, its session and its access tokens (checklist 35)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    successor = (await auth.refresh(tokens["refresh_token"])).json()

    clock.advance(10)
    reuse = await auth.refresh(tokens["refresh_token"])

    assert reuse.json()["error"] == "invalid_grant"
    assert (await auth.refresh(successor["refresh_token"])).json()["error"] == "invalid_grant"
    erase = await auth.http.delete("/users/me", headers=bearer(successor["access_token"]))
    assert erase.status_code == 401
    assert len(await auth.audited("refresh_token_reused")) == 1
    page = await auth.state.revocations.page(0, 10)
    assert [entry.kind for entry in page.items] == ["session"]


async def test_of_concurrent_uses_exactly_one_wins(auth: RunningAuth) -> None:
    """Of concurrent refreshes one mints the next token, and all are told that one (35)."""
    token = (await auth.tokens_of(await auth.registered_person()))["refresh_token"]

    answers = await asyncio.gather(*(auth.refresh(token) for _ in range(5)))

    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    assert len({answer.json()["access_token"] for answer in answers}) == 5
    assert (await auth.refresh(answers[0].json()["refresh_token"])).status_code == 200


async def test_other_families_of_the_person_go_on(auth: RunningAuth, clock: ManualClock) -> None:
    """The end of one session's family leaves the person's other sessions alone."""
    person = await auth.registered_person()
    first, second = await auth.tokens_of(person), await auth.tokens_of(person)
    await auth.refresh(first["refresh_token"])
    clock.advance(10)
    await auth.refresh(first["refresh_token"])

    assert (await auth.refresh(second["refresh_token"])).status_code == 200


async def test_a_family_ends_after_thirty_days(auth: RunningAuth, clock: ManualClock) -> None:
    """However often it is rotated, a family ends 30 days after its start (checklist 36)."""
    token = (await auth.tokens_of(await auth.registered_person()))["refresh_token"]
    for _ in range(2):
        clock.advance(14 * DAY)
        token = (await auth.refresh(token)).json()["refresh_token"]

    clock.advance(2 * DAY)
    answer = await auth.refresh(token)

    assert answer.json()["error"] == "invalid_grant"


async def test_a_token_is_bound_to_its_client(auth: RunningAuth) -> None:
    """Without its client, or through another, a refresh token gives nothing (checklist 36)."""
    token = (await auth.tokens_of(await auth.registered_person()))["refresh_token"]

    for changed in ({"client_id": ""}, {"client_id": "netra-backend"}):
        assert (await auth.refresh(token, **changed)).status_code == 401

    assert (await auth.refresh(token)).status_code == 200


async def test_scope_can_only_shrink(auth: RunningAuth) -> None:
    """More scope than granted is refused, and asking does not spend the token (checklist 36)."""
    token = (await auth.tokens_of(await auth.registered_person()))["refresh_token"]

    wider = await auth.refresh(token, scope="profile users:admin")
    same = await auth.refresh(token, scope="profile")

    assert wider.json()["error"] == "invalid_scope"
    assert same.json()["scope"] == "profile"


async def test_unknown_and_foreign_texts_are_refused(auth: RunningAuth) -> None:
    """A text that is no refresh token, even a good access token, gives nothing."""
    tokens = await auth.tokens_of(await auth.registered_person())

    for text in ("rt_unknown", tokens["access_token"], "x" * 5000, "ünïcode"):
        assert (await auth.refresh(text)).json()["error"] == "invalid_grant"
    assert (await auth.refresh("")).json()["error"] == "invalid_request"


async def test_a_lost_answer_can_be_asked_for_again(auth: RunningAuth, clock: ManualClock) -> None:
    """Up to 10 seconds a spent token gives its one successor again, and not at the 10th (35)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    lost = (await auth.refresh(tokens["refresh_token"])).json()

    clock.advance(9.9)
    again = await auth.refresh(tokens["refresh_token"])
    clock.advance(0.1)
    late = await auth.refresh(tokens["refresh_token"])

    assert again.json()["refresh_token"] == lost["refresh_token"]
    assert again.json()["access_token"] != lost["access_token"]
    assert late.json()["error"] == "invalid_grant"
    assert (await auth.refresh(lost["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_retry_ends_where_the_successor_was_used(auth: RunningAuth) -> None:
    """Once the next token is spent, the one before it is a sign of theft at any time (35)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    second = (await auth.refresh(tokens["refresh_token"])).json()["refresh_token"]
    third = (await auth.refresh(second)).json()["refresh_token"]

    assert (await auth.refresh(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await auth.refresh(third)).json()["error"] == "invalid_grant"


async def test_a_retry_may_ask_for_less_and_not_for_more(auth: RunningAuth) -> None:
    """The scope of a retry is judged like that of a first use (checklist 36)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    await auth.refresh(tokens["refresh_token"])

    wider = await auth.refresh(tokens["refresh_token"], scope="profile root")

    assert wider.json()["error"] == "invalid_scope"
    assert (await auth.refresh(tokens["refresh_token"], scope="profile")).status_code == 200


async def test_a_retry_is_the_clients_own(auth: RunningAuth) -> None:
    """Another client gets nothing of a token just spent, and ends nothing by trying (36)."""
    shop = await relying_party(auth)
    tokens = await auth.tokens_of(await auth.registered_person())
    first = (await auth.refresh(tokens["refresh_token"])).json()

    stranger = await shop.refreshed(tokens["refresh_token"])

    assert stranger.json()["error"] == "invalid_grant"
    assert (await auth.refresh(first["refresh_token"])).status_code == 200


async def test_the_store_alone_gives_no_successor(
    auth: RunningAuth, stored_bytes: Callable[[RunningAuth], bytes]
) -> None:
    """A successor is kept sealed under the token before it, and only the newest one (50)."""
    token = (await auth.tokens_of(await auth.registered_person()))["refresh_token"]
    seen = [token]
    for _ in range(3):
        token = (await auth.refresh(token)).json()["refresh_token"]
        seen.append(token)

    async with auth.state.database.reading() as connection:
        rows = [await refresh_tokens.by_hash(connection, hash_of(each)) for each in seen]
    seals = [row.sealed_successor for row in rows if row is not None]
    assert [seal is None for seal in seals] == [True, True, False, True]
    assert sealed_successor_of(seals[2], seen[2]) == seen[3]
    for other in (seen[0], seen[1], seen[3], "rt_guess"):
        assert sealed_successor_of(seals[2], other) is None
    await auth.state.database.close()
    content = stored_bytes(auth)
    assert all(each.encode() not in content for each in seen)


async def test_old_seals_can_be_erased(auth: RunningAuth, clock: ManualClock) -> None:
    """After the time for retries a successor need not be kept: the janitor erases it."""
    tokens = await auth.tokens_of(await auth.registered_person())
    following = (await auth.refresh(tokens["refresh_token"])).json()["refresh_token"]
    clock.advance(RETRY_SECONDS)

    async with auth.state.database.transaction() as transaction:
        erased = await refresh_tokens.forget_old_successors(
            transaction.connection, clock.timestamp()
        )

    assert erased == 1
    assert (await auth.refresh(following)).status_code == 200
