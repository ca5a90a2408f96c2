"""Introspection and revocation by relying parties: their own tokens, and no one else's."""

from typing import Any

import httpx2
import pytest

from fakes.relying_party import RelyingParty, relying_party
from fakes.running_auth import SERVICE_SECRETS, RunningAuth, bearer

BACKEND = ("netra-backend", SERVICE_SECRETS["netra-backend"])


@pytest.fixture
async def shop(auth: RunningAuth) -> RelyingParty:
    """Give a relying party without any permission of a service."""
    return await relying_party(auth)


async def sent(shop: RelyingParty, path: str, token: str) -> httpx2.Response:
    """Introspect or revoke a token as a relying party."""
    return await shop.auth.http.post(path, data={"token": token}, auth=shop.credentials)


async def is_active(shop: RelyingParty, token: str) -> bool:
    """Tell what the relying party hears of a token."""
    answer = await sent(shop, "/introspect", token)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    told: dict[str, Any] = answer.json()
    assert told["active"] or told == {"active": False}
    return bool(told["active"])


async def test_a_relying_party_hears_of_its_own_tokens(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """It needs no permission for them, and others hear nothing of them (checklist 39)."""
    other = await relying_party(auth, "other-shop")
    tokens = await shop.tokens(await auth.registered_person())

    for name in ("access_token", "refresh_token"):
        assert await is_active(shop, tokens[name])
        assert not await is_active(other, tokens[name])
        by_backend = await auth.http.post("/introspect", data={"token": tokens[name]}, auth=BACKEND)
        assert by_backend.json() == {"active": False}


async def test_it_hears_of_nobody_elses(auth: RunningAuth, shop: RelyingParty) -> None:
    """Tokens of Netra's own clients and of services are inactive to it (checklist 39)."""
    own = await auth.tokens_of(await auth.registered_person())

    for token in (*own.values(), await auth.service_token("netra-backend"), "x", "rt_x"):
        assert not await is_active(shop, str(token))


async def test_a_permission_to_introspect_reaches_the_audience_alone(auth: RunningAuth) -> None:
    """With `tokens:introspect` a service hears of tokens meant for it, whoever holds them."""
    shop = await relying_party(auth, audiences="stock")
    stock = await relying_party(
        auth, "stock", grants="client_credentials", scopes="tokens:introspect", audiences="stock"
    )
    tokens = await shop.tokens(await auth.registered_person())

    assert await is_active(stock, tokens["access_token"])
    assert not await is_active(stock, tokens["refresh_token"])


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
async def test_a_service_that_logs_nobody_in_still_needs_the_permission(
    auth: RunningAuth, path: str
) -> None:
    """Without relying party's grant and without permission it is 403 (checklist 25, 39)."""
    other = await relying_party(auth, grants="client_credentials")

    answer = await sent(other, path, "x")

    assert answer.status_code == 403
    assert answer.json()["error"] == "unauthorized_client"
    assert answer.headers["cache-control"] == "no-store"


async def test_revoking_its_refresh_token_ends_the_family(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """The access tokens of the family end too, the person's login and other tokens do not."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        first, second = await shop.tokens_by(browser), await shop.tokens_by(browser)
    following = (await shop.refreshed(first["refresh_token"])).json()

    answer = await sent(shop, "/revoke", following["refresh_token"])

    assert answer.status_code == 200
    for ended in (first, following):
        told = await auth.http.get("/userinfo", headers=bearer(ended["access_token"]))
        assert told.status_code == 401
    assert (await shop.refreshed(following["refresh_token"])).json()["error"] == "invalid_grant"
    assert await is_active(shop, second["access_token"])
    assert (await shop.refreshed(second["refresh_token"])).status_code == 200


async def test_revoking_its_access_token_ends_that_alone(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """An access token ends by itself (RFC 7009 section 2.1)."""
    tokens = await shop.tokens(await auth.registered_person())

    await sent(shop, "/revoke", tokens["access_token"])

    assert not await is_active(shop, tokens["access_token"])
    assert await is_active(shop, tokens["refresh_token"])


async def test_it_revokes_nobody_elses(auth: RunningAuth, shop: RelyingParty) -> None:
    """Others' tokens go on, and the answer does not tell that they are there (checklist 39)."""
    other = await relying_party(auth, "other-shop")
    person = await auth.registered_person()
    own, tokens = await auth.tokens_of(person), await shop.tokens(person)
    service = await auth.service_token("netra-backend")

    for token in (own["access_token"], own["refresh_token"], service):
        assert (await sent(shop, "/revoke", token)).status_code == 200
    for name in ("access_token", "refresh_token"):
        assert (await sent(other, "/revoke", tokens[name])).status_code == 200
        form = {"token": tokens[name], "client_id": "netra-cli"}
        assert (await auth.http.post("/revoke", data=form)).status_code == 200

    assert (await auth.refresh(own["refresh_token"])).status_code == 200
    assert (await auth.http.get("/revocations", headers=bearer(service))).status_code == 200
    assert await is_active(shop, tokens["access_token"])
    assert (await shop.refreshed(tokens["refresh_token"])).status_code == 200


async def test_a_service_that_may_revoke_reaches_no_relying_partys_refresh_token(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """`tokens:revoke` reaches what is meant for the backend; a party's family is not (39)."""
    tokens = await shop.tokens(await auth.registered_person())

    for name in ("access_token", "refresh_token"):
        await auth.http.post("/revoke", data={"token": tokens[name]}, auth=BACKEND)

    assert await is_active(shop, tokens["access_token"])
    assert await is_active(shop, tokens["refresh_token"])


@pytest.mark.parametrize(
    ("path", "form", "status", "error"),
    [
        ("/token", {}, 400, "invalid_request"),
        ("/token", {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ("/token", {"grant_type": "refresh_token"}, 400, "invalid_request"),
        ("/token", {"grant_type": "authorization_code"}, 400, "invalid_request"),
        ("/token", {"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
        ("/introspect", {}, 400, "invalid_request"),
        ("/revoke", {}, 400, "invalid_request"),
    ],
)
async def test_refusals_are_never_cached(
    auth: RunningAuth, shop: RelyingParty, path: str, form: dict[str, str], status: int, error: str
) -> None:
    """Every OAuth error has its RFC's form and `no-store` (checklist 37)."""
    answer = await auth.http.post(path, data=form, auth=shop.credentials)
    nobody = await auth.http.post(path, data={"grant_type": "refresh_token", **form})
    unreadable = await auth.http.post(path, content=b"\xff", auth=shop.credentials)
    by_get = await auth.http.get(path)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    for each in (answer, nobody, unreadable, by_get):
        assert each.headers["cache-control"] == "no-store"
        assert 400 <= each.status_code < 500
