"""The refresh tokens of relying parties: their families, their proof, and their log-in."""

from fakes.clock import ManualClock
from fakes.relying_party import relying_party
from fakes.running_auth import Pkce, RunningAuth, answer_of, bearer


async def test_a_relying_partys_reuse_ends_its_family_alone(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """Its refresh and access tokens end; the login and everybody else's tokens go on (35)."""
    shop, other = await relying_party(auth), await relying_party(auth, "other-shop")
    async with auth.browser() as browser:
        await auth.log_in(browser, await auth.registered_person())
        first, second = await shop.tokens_by(browser), await shop.tokens_by(browser)
        others = await other.tokens_by(browser)
        following = (await shop.refreshed(first["refresh_token"])).json()
        clock.advance(10)
        reused = await shop.refreshed(first["refresh_token"])
        still_logged_in = await shop.asked(browser, Pkce.new(), prompt="none")

    assert reused.json()["error"] == "invalid_grant"
    assert (await shop.refreshed(following["refresh_token"])).json()["error"] == "invalid_grant"
    for ended in (first, following):
        told = await auth.http.get("/userinfo", headers=bearer(ended["access_token"]))
        assert told.status_code == 401
    for living, party in ((second, shop), (others, other)):
        told = await auth.http.get("/userinfo", headers=bearer(living["access_token"]))
        assert told.status_code == 200
        assert (await party.refreshed(living["refresh_token"])).status_code == 200
    assert "code" in answer_of(still_logged_in)
    (row,) = await auth.audited("refresh_token_reused")
    assert (row.client_id, row.outcome) == ("example-shop", "refused")


async def test_a_confidential_client_proves_itself_to_refresh(auth: RunningAuth) -> None:
    """A relying party's refresh token is worth nothing without its secret (checklist 36)."""
    shop, other = await relying_party(auth), await relying_party(auth, "other-shop")
    token = (await shop.tokens(await auth.registered_person()))["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}

    for named in (
        {"client_id": "example-shop"},
        {"client_id": "example-shop", "client_secret": "x"},
    ):
        unproven = await auth.http.post("/token", data={**form, **named})
        assert unproven.status_code == 401
        assert unproven.headers["cache-control"] == "no-store"
    assert (await other.refreshed(token)).json()["error"] == "invalid_grant"
    assert (await auth.refresh(token)).json()["error"] == "invalid_grant"
    assert (await shop.refreshed(token)).status_code == 200


async def test_logging_out_ends_relying_parties_tokens_too(auth: RunningAuth) -> None:
    """The login is what every token hangs on: when the person ends it, all end (48)."""
    shop, person = await relying_party(auth), await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        tokens = await shop.tokens_by(browser)
        await browser.post("/logout", data={"csrf_token": browser.cookies["netra_csrf"]})

    told = await auth.http.get("/userinfo", headers=bearer(tokens["access_token"]))
    assert told.status_code == 401
    assert (await shop.refreshed(tokens["refresh_token"])).json()["error"] == "invalid_grant"
