"""How a person stands, asked by services."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import update

from fakes.running_auth import RunningAuth, bearer
from netra_auth.store.tables import users

NOBODY = "usr_" + "0" * 26


async def asked(auth: RunningAuth, user_id: str, **token: str) -> httpx2.Response:
    """Ask about an id, as the backend unless another token is given."""
    used = token.get("token") or await auth.service_token("netra-backend")
    return await auth.http.get(f"/subjects/{user_id}", headers=bearer(used))


async def standing_of(auth: RunningAuth, user_id: str) -> Any:
    """Give the standing an answer tells."""
    answer = await asked(auth, user_id)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["user_id"] == user_id
    return answer.json()["standing"]


async def test_a_person_is_active_disabled_or_gone(auth: RunningAuth) -> None:
    """The answer follows the account as of the latest commit (checklist 48)."""
    person = await auth.registered_person()
    tokens = await auth.tokens_of(person)

    active = await standing_of(auth, person.user_id)
    await _set_disabled(auth, 1.0)
    disabled = await standing_of(auth, person.user_id)
    await _set_disabled(auth, None)
    again = await standing_of(auth, person.user_id)
    await auth.http.delete("/users/me", headers=bearer(tokens["access_token"]))
    gone = await standing_of(auth, person.user_id)

    assert (active, disabled, again, gone) == ("active", "disabled", "active", "gone")


@pytest.mark.parametrize("user_id", [NOBODY, "usr_1", "service:netra-backend", "'--", "x" * 64])
async def test_an_id_of_nobody_is_gone(auth: RunningAuth, user_id: str) -> None:
    """Whatever an id looks like, it is answered, and a service is no person (checklist 41)."""
    assert await standing_of(auth, user_id) == "gone"


async def test_an_id_that_is_too_long_is_422(auth: RunningAuth) -> None:
    """No id of ours is longer than 64 characters."""
    assert (await asked(auth, "x" * 65)).status_code == 422


async def test_only_services_with_the_scope_may_ask(auth: RunningAuth) -> None:
    """401 without a token, 403 for a person and for a service without the scope (43, 46)."""
    person = await auth.registered_person()
    own = (await auth.tokens_of(person))["access_token"]
    scopeless = await auth.service_token("netra-backend", scope="sessions:open")

    nobody = await auth.http.get(f"/subjects/{person.user_id}")
    refused = [
        await asked(auth, person.user_id, token=token)
        for token in (own, scopeless, await auth.service_token("netra-ops"))
    ]

    assert nobody.status_code == 401
    assert {answer.status_code for answer in refused} == {403}
    assert not any("standing" in answer.text for answer in (nobody, *refused))
    assert len(await auth.audited("access_refused")) == 3


async def _set_disabled(auth: RunningAuth, disabled_at: float | None) -> None:
    async with auth.state.database.transaction() as transaction:
        await transaction.connection.execute(update(users).values(disabled_at=disabled_at))
