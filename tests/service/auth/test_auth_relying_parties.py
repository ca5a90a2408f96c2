"""Authorization requests of relying parties: what is asked, what is refused, where answers go."""

from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from fakes.clock import ManualClock
from fakes.relying_party import CALLBACK, RelyingParty, decided, relying_party
from fakes.running_auth import Pkce, RunningAuth, answer_of
from netra_auth.store.tables import services


@pytest.fixture
async def shop(auth: RunningAuth) -> RelyingParty:
    """Give a relying party."""
    return await relying_party(auth)


async def logged_in(auth: RunningAuth, browser: httpx2.AsyncClient) -> None:
    """Log a new person in with a browser."""
    person = await auth.registered_person()
    assert (await auth.log_in(browser, person)).status_code == 303


async def again_logged_in(
    auth: RunningAuth, browser: httpx2.AsyncClient, to_login: httpx2.Response
) -> httpx2.Response:
    """Log another person in where a request leads to the login page, and go back to it."""
    assert to_login.status_code == 303
    location = to_login.headers["location"]
    assert location.startswith("/login?continue=")
    back = httpx2.URL(location).params["continue"]
    response = await auth.log_in(browser, await auth.registered_person(), back)
    assert response.headers["location"] == back
    return await browser.get(back)


async def test_a_person_is_logged_in_for_another_service(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """Login, consent and code lead to tokens; `iss` and `state` come with the code (34)."""
    person, pkce = await auth.registered_person(), Pkce.new()
    async with auth.browser() as browser:
        to_login = await shop.asked(browser, pkce, state="a b&c=d/ü")
        back = httpx2.URL(to_login.headers["location"]).params["continue"]
        login_page = await browser.get(to_login.headers["location"])
        await auth.log_in(browser, person, back)
        to_consent = await browser.get(back)
        answer = await decided(browser, to_consent.headers["location"], "allow")

    assert (
        "form-action 'self' https://shop.example;"
        in (login_page.headers["content-security-policy"])
    )
    assert "Example Shop" in login_page.text
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(CALLBACK + "?code=")
    assert answer_of(answer)["state"] == "a b&c=d/ü"
    assert answer_of(answer)["iss"] == auth.url
    tokens = await shop.redeemed(answer_of(answer)["code"], pkce)
    assert tokens.headers["cache-control"] == "no-store"
    assert set(tokens.json()) == {
        "access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token",
    }  # fmt: skip


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://shop.example/callback/",
        "https://shop.example/Callback",
        "https://SHOP.example/callback",
        "https://user@shop.example/callback",
        "https://shop.example:443/callback",
        "https://shop.example/callback?x=1",
        "https://shop.example/callback#x",
        "http://shop.example/callback",
        "https://shop.example.evil.example/callback",
        "http://127.0.0.1:5000/callback",
        "",
    ],
)
async def test_a_redirect_uri_matches_exactly(
    auth: RunningAuth, shop: RelyingParty, redirect_uri: str
) -> None:
    """Any other redirect URI is refused without redirect, by GET and by POST (checklist 32)."""
    path = shop.path(Pkce.new(), redirect_uri=redirect_uri)
    form = dict(httpx2.URL(path).params)

    for answer in (await auth.http.get(path), await auth.http.post("/authorize", data=form)):
        assert answer.status_code == 400
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("grants", "redirect_uris"),
    [
        ("client_credentials", CALLBACK),
        ("refresh_token", CALLBACK),
        ("authorization_code", ""),
        ("authorization_code", "javascript:alert(1)//"),
        ("authorization_code", "http://shop.example/callback"),
        ("authorization_code", "http://127.0.0.1.shop.example/callback"),
        ("authorization_code", "https://user@shop.example/callback"),
        ("authorization_code", "https://shop.example;script-src/callback"),
        ("authorization_code", "https://shop.example/callback#part"),
    ],
)
async def test_only_a_registered_relying_party_is_answered(
    auth: RunningAuth, grants: str, redirect_uris: str
) -> None:
    """Without the grant or a usable redirect URI nobody is sent anywhere (checklist 25)."""
    other = await relying_party(auth, grants=grants, redirect_uris=redirect_uris)

    answer = await auth.http.get(other.path(Pkce.new(), redirect_uri=redirect_uris or CALLBACK))

    assert answer.status_code == 400
    assert answer.json()["code"] == "authorization_refused"


async def test_a_disabled_relying_party_is_answered_no_more(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """Disabled, it gets no code, no tokens, and those it holds are worth nothing (48)."""
    tokens = await shop.tokens(await auth.registered_person())
    async with auth.state.database.transaction() as transaction:
        await transaction.connection.execute(
            services.update().where(services.c.service_id == "example-shop").values(disabled_at=1)
        )

    asked = await auth.http.get(shop.path(Pkce.new()))
    refreshed = await shop.refreshed(tokens["refresh_token"])
    told = await auth.http.get(
        "/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )

    assert asked.status_code == 400
    assert refreshed.status_code == 401
    assert told.status_code == 401


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "openid users:admin"}, "invalid_scope"),
        ({"scope": "openid  profile"}, "invalid_scope"),
        ({"scope": "address"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"prompt": "select_account"}, "account_selection_required"),
        ({"prompt": "none"}, "login_required"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1.5"}, "invalid_request"),
        ({"max_age": "\N{SUPERSCRIPT TWO}"}, "invalid_request"),
        ({"max_age": "9" * 40}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://shop.example/r"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"nonce": "n" * 513}, "invalid_request"),
        ({"state": "s" * 2049}, "invalid_request"),
    ],
)
async def test_faults_go_back_to_the_relying_party(
    auth: RunningAuth, shop: RelyingParty, changed: dict[str, str], error: str
) -> None:
    """Each fault has the error its specification gives it, with `iss` (checklist 24, 25, 31)."""
    path = shop.path(Pkce.new(), **changed)

    by_get = await auth.http.get(path)
    by_post = await auth.http.post("/authorize", data=dict(httpx2.URL(path).params))
    if by_post.headers["location"].startswith("/authorize?"):
        by_post = await auth.http.get(by_post.headers["location"])

    for answer in (by_get, by_post):
        assert answer.status_code in (302, 303)
        assert answer.headers["location"].startswith(CALLBACK + "?")
        assert answer_of(answer)["error"] == error
        assert answer_of(answer)["iss"] == auth.url
        assert "code" not in answer_of(answer)
        assert answer.headers["cache-control"] == "no-store"


async def test_scopes_that_openid_defines_and_nobody_has_are_left_out(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """`address` and `phone` are ignored: the answer says what was granted (Core 5.4)."""
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        tokens = await shop.tokens_by(browser, scope="openid address phone")

    assert tokens["scope"] == "openid"
    assert "refresh_token" not in tokens


@pytest.mark.parametrize(
    ("grants", "scopes"),
    [
        ("authorization_code", "openid offline_access"),
        ("authorization_code refresh_token", "openid"),
    ],
)
async def test_offline_access_needs_the_registration(
    auth: RunningAuth, grants: str, scopes: str
) -> None:
    """Without the grant or the scope `offline_access` is ignored: no refresh token (25)."""
    other = await relying_party(auth, grants=grants, scopes=scopes)
    tokens = await other.tokens(await auth.registered_person(), scope="openid offline_access")

    assert tokens["scope"] == "openid"
    assert "refresh_token" not in tokens
    refused = await other.refreshed("rt_unknown")
    expected = "unauthorized_client" if "refresh" not in grants else "invalid_grant"
    assert refused.json()["error"] == expected


async def test_more_than_the_registered_scope_is_refused(auth: RunningAuth) -> None:
    """A relying party registered for less cannot ask for more (checklist 25)."""
    other = await relying_party(auth, scopes="openid")

    answer = await auth.http.get(other.path(Pkce.new(), scope="openid email"))

    assert answer_of(answer)["error"] == "invalid_scope"


async def test_a_form_post_leads_to_the_same_request(auth: RunningAuth, shop: RelyingParty) -> None:
    """The endpoint takes POST (Core 3.1.2.1): it turns into GET, where the session comes along."""
    pkce = Pkce.new()
    form = dict(httpx2.URL(shop.path(pkce)).params)
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        await shop.allowed(browser, Pkce.new())
        moved = await auth.http.post("/authorize", data=form)
        assert moved.status_code == 303
        answer = await browser.get(moved.headers["location"])

    assert (await shop.redeemed(answer_of(answer)["code"], pkce)).status_code == 200


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"client_id=%ff", {"Content-Type": "application/x-www-form-urlencoded"}),
        (b"client_id=a%00b", {"Content-Type": "application/x-www-form-urlencoded"}),
        (b"{}", {"Content-Type": "application/json"}),
        (b"", {}),
        (b"&" * 70_000, {"Content-Type": "application/x-www-form-urlencoded"}),
    ],
)
async def test_an_unreadable_form_is_refused(
    auth: RunningAuth, content: bytes, headers: dict[str, str]
) -> None:
    """Whatever cannot be read is 400 or 413, never a redirect or a 500."""
    answer = await auth.http.post("/authorize", content=content, headers=headers)

    assert answer.status_code in (400, 413)
    assert "location" not in answer.headers


async def test_a_parameter_given_twice_by_form_is_refused(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """A repeated parameter goes back as invalid_request, by POST too (checklist 26)."""
    query = urlsplit(shop.path(Pkce.new())).query + "&nonce=a&nonce=b"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = await auth.http.post("/authorize", content=query, headers=headers)

    assert answer.status_code == 303
    assert answer_of(answer)["error"] == "invalid_request"


async def test_prompt_login_asks_again_and_only_once(auth: RunningAuth, shop: RelyingParty) -> None:
    """`prompt=login` leads through the login page whoever is logged in, and then goes on."""
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        first = await shop.asked(browser, Pkce.new(), prompt="login")
        not_logged_in_again = await browser.get(
            httpx2.URL(first.headers["location"]).params["continue"]
        )
        after = await again_logged_in(auth, browser, first)

    assert not_logged_in_again.headers["location"].startswith("/login?")
    assert after.headers["location"].startswith("/consent?")


async def test_a_login_made_long_ago_does_not_pass_for_a_new_one(
    auth: RunningAuth, shop: RelyingParty, clock: ManualClock
) -> None:
    """Whatever mark of an earlier login a request claims, ten minutes later it asks again."""
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        path = shop.path(Pkce.new(), prompt="login", previous_login="forged")
        soon = await browser.get(path)
        clock.advance(601)
        later = await browser.get(path)

    assert soon.headers["location"].startswith("/consent?")
    assert later.headers["location"].startswith("/login?")


async def test_max_age_asks_for_a_recent_login(
    auth: RunningAuth, shop: RelyingParty, clock: ManualClock
) -> None:
    """Within max_age no login is asked for; after it one is, and silently it is an error."""
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        await shop.allowed(browser, Pkce.new())
        clock.advance(100)
        young = await shop.asked(browser, Pkce.new(), max_age="100")
        clock.advance(1)
        old = await shop.asked(browser, Pkce.new(), max_age="100")
        silent = await shop.asked(browser, Pkce.new(), max_age="100", prompt="none")
        after = await again_logged_in(auth, browser, old)

    assert "code" in answer_of(young)
    assert answer_of(silent)["error"] == "login_required"
    assert after.headers["location"].startswith("/consent?")


async def test_max_age_zero_is_prompt_login(auth: RunningAuth, shop: RelyingParty) -> None:
    """`max_age=0` always leads through the login page, once."""
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        first = await shop.asked(browser, Pkce.new(), max_age="0")
        after = await again_logged_in(auth, browser, first)

    assert after.headers["location"].startswith("/consent?")


async def test_a_redirect_uri_may_have_a_query_of_its_own(auth: RunningAuth) -> None:
    """The answer is added to a registered query, which stays as it is (RFC 6749 3.1.2)."""
    uri = "https://shop.example/callback?tenant=a"
    other = await relying_party(auth, redirect_uris=uri)

    answer = await auth.http.get(other.path(Pkce.new(), redirect_uri=uri, prompt="none"))

    assert answer.headers["location"].startswith(uri + "&")
    assert parse_qs(urlsplit(answer.headers["location"]).query)["tenant"] == ["a"]


@pytest.mark.parametrize("name", ["login_hint", "ui_locales", "display", "claims", "unknown"])
async def test_parameters_of_no_meaning_are_ignored(
    auth: RunningAuth, shop: RelyingParty, name: str
) -> None:
    """What is optional or unknown changes nothing (RFC 6749 3.1)."""
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        await shop.allowed(browser, Pkce.new())
        answer = await shop.asked(browser, Pkce.new(), **{name: "x"})

    assert "code" in answer_of(answer)


@pytest.mark.parametrize("grant", ["password", "implicit", "urn:x", ""])
async def test_there_is_no_password_and_no_implicit_grant(
    auth: RunningAuth, shop: RelyingParty, grant: str
) -> None:
    """The token endpoint takes neither (checklist 24)."""
    form = {"grant_type": grant, "username": "a@b.example", "password": "p"}

    answer = await auth.http.post("/token", data=form, auth=shop.credentials)

    assert answer.status_code == 400
    assert answer.json()["error"] == ("unsupported_grant_type" if grant else "invalid_request")


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://shop.example/other"},
        {"code_verifier": "v" * 43},
        {"code": "unknown"},
    ],
)
async def test_a_code_is_bound_and_needs_the_clients_proof(
    auth: RunningAuth, shop: RelyingParty, changed: dict[str, str]
) -> None:
    """Another redirect, verifier or client, or no proof, gets nothing (checklist 33, 36)."""
    other, pkce = await relying_party(auth, "other-shop"), Pkce.new()
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        code = answer_of(await shop.allowed(browser, pkce))["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": "example-shop",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": pkce.verifier,
    }

    unproven = await auth.http.post("/token", data=form)
    public = await auth.http.post("/token", data={**form, "client_id": "netra-cli"})

    assert unproven.status_code == 401
    assert public.json()["error"] == "invalid_grant"
    assert (await other.redeemed(code, pkce)).json()["error"] == "invalid_grant"
    assert (await shop.redeemed(code, pkce, **changed)).json()["error"] == "invalid_grant"
    assert (await shop.redeemed(code, pkce)).status_code == 200


async def test_a_second_use_of_a_code_ends_its_tokens_and_not_the_login(
    auth: RunningAuth, shop: RelyingParty
) -> None:
    """A code used twice revokes what came from it; the person stays logged in (checklist 33)."""
    pkce = Pkce.new()
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        code = answer_of(await shop.allowed(browser, pkce))["code"]
        tokens = (await shop.redeemed(code, pkce)).json()
        again = await shop.redeemed(code, pkce)
        next_code = answer_of(await shop.asked(browser, Pkce.new()))

    assert again.json()["error"] == "invalid_grant"
    assert (await shop.refreshed(tokens["refresh_token"])).json()["error"] == "invalid_grant"
    told = await auth.http.get(
        "/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"}
    )
    assert told.status_code == 401
    assert "code" in next_code
    assert [e.kind for e in (await auth.state.revocations.page(0, 9)).items] == ["token"]


async def test_urls_of_the_walk_carry_no_secret(auth: RunningAuth, shop: RelyingParty) -> None:
    """Redirects tell no referrer and are not cached."""
    answer = await auth.http.get(shop.path(Pkce.new()) + "&" + urlencode({"x": "y"}))

    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
