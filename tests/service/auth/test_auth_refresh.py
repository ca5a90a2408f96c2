"""Refresh tokens: rotation, reuse, binding, absolute end."""

import asyncio

from fakes.clock import ManualClock
from fakes.running_auth import RunningAuth, bearer

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


async def test_a_spent_token_ends_the_family(auth: RunningAuth) -> None:
    """Using a spent token ends its family, its session and its access tokens (checklist 35)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    successor = (await auth.refresh(tokens["refresh_token"])).json()

    reuse = await auth.refresh(tokens["refresh_token"])

    assert reuse.json()["error"] == "invalid_grant"
    assert (await auth.refresh(successor["refresh_token"])).json()["error"] == "invalid_grant"
    erase = await auth.http.delete("/users/me", headers=bearer(successor["access_token"]))
    assert erase.status_code == 401
    assert len(await auth.audited("refresh_token_reused")) == 1
    page = await auth.state.revocations.page(0, 10)
    assert [entry.kind for entry in page.items] == ["session"]


async def test_of_concurrent_uses_exactly_one_wins(auth: RunningAuth) -> None:
    """Concurrent refreshes with one token never mint two families (checklist 35)."""
    token = (await auth.tokens_of(await auth.registered_person()))["refresh_token"]

    answers = await asyncio.gather(*(auth.refresh(token) for _ in range(5)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 400, 400, 400, 400]


async def test_other_families_of_the_person_go_on(auth: RunningAuth) -> None:
    """The end of one session's family leaves the person's other sessions alone."""
    person = await auth.registered_person()
    first, second = await auth.tokens_of(person), await auth.tokens_of(person)
    await auth.refresh(first["refresh_token"])
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
