"""The whole way of a person: registration, login, code, tokens, refresh."""

from fakes.running_auth import RunningAuth, bearer
from netra.tokens import VerificationRules, verify_access_token


async def test_a_person_gets_tokens_and_refreshes_them(auth: RunningAuth) -> None:
    """A registered person logs in, gets a code, tokens that verify, and refreshes them."""
    person = await auth.registered_person()

    tokens = await auth.tokens_of(person)
    refreshed = (await auth.refresh(tokens["refresh_token"])).json()

    keys = await auth.verification_keys()
    rules = VerificationRules(auth.url, "netra-backend", keys.algorithms)
    claims = verify_access_token(
        refreshed["access_token"], keys, rules, auth.state.clock.timestamp()
    )
    assert claims.subject == person.user_id
    assert claims.audience == ("netra-backend", "netra-auth")
    assert claims.client_id == "netra-cli"
    assert refreshed["refresh_token"] != tokens["refresh_token"]
    assert refreshed["token_type"] == "Bearer"
    assert refreshed["expires_in"] == 300


async def test_a_service_gets_a_token(auth: RunningAuth) -> None:
    """A registered service gets a token in its own name, which the service's own API takes."""
    token = await auth.service_token("netra-backend")

    answer = await auth.http.get("/revocations", headers=bearer(token))

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"items": [], "next_after": 0}
