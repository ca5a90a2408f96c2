"""Administering takes a login made just now; services prove themselves for every token."""

import pytest

from fakes.clock import ManualClock
from fakes.running_auth import Person, RunningAuth, bearer

PASSWORD = "correct horse battery"
NOBODY = "usr_" + "0" * 26


async def operator(auth: RunningAuth) -> dict[str, str]:
    """Make an operator and give the tokens of a login just made."""
    service = await auth.service_token("netra-ops")
    new = {"email": "ops@example.org", "password": PASSWORD, "role": "operator"}
    answer = await auth.http.post("/admin/users", json=new, headers=bearer(service))
    assert answer.status_code == 201, answer.text
    tokens: dict[str, str] = await auth.tokens_of(
        Person(answer.json()["user_id"], "ops@example.org", PASSWORD)
    )
    return tokens


async def test_an_operator_administers_up_to_fifteen_minutes_after_login(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A renewed token of an older login is 401 with RFC 9470's challenge (checklist 60)."""
    tokens = await operator(auth)
    path = f"/admin/users/{NOBODY}"

    clock.advance(15 * 60)
    renewed = (await auth.refresh(tokens["refresh_token"])).json()
    in_time = await auth.http.delete(path, headers=bearer(renewed["access_token"]))
    clock.advance(1)
    late = await auth.http.delete(path, headers=bearer(renewed["access_token"]))

    assert in_time.status_code == 404
    assert late.status_code == 401
    assert late.json()["code"] == "insufficient_user_authentication"
    challenge = late.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert 'error="insufficient_user_authentication"' in challenge
    assert "max_age=900" in challenge
    refused = (await auth.audited("access_refused"))[-1]
    assert refused.reason == "the login is older than 900 seconds"


@pytest.mark.parametrize("path", ["/users/me"])
async def test_ones_own_account_asks_for_no_new_login(
    auth: RunningAuth, clock: ManualClock, path: str
) -> None:
    """What is not administration stays open to an older login."""
    tokens = await auth.tokens_of(await auth.registered_person())
    clock.advance(3600)
    renewed = (await auth.refresh(tokens["refresh_token"])).json()

    answer = await auth.http.delete(path, headers=bearer(renewed["access_token"]))

    assert answer.status_code == 204


async def test_a_role_is_asked_for_before_a_new_login(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Whoever may not administer is told so, not to log in again (checklist 43)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    clock.advance(3600)
    renewed = (await auth.refresh(tokens["refresh_token"])).json()

    answer = await auth.http.delete(
        f"/admin/users/{NOBODY}", headers=bearer(renewed["access_token"])
    )

    assert answer.status_code == 403
