"""The chat page as a client: its code grant, its silent renewal, what its scripts may ask."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from fakes.clock import ManualClock
from fakes.running_auth import (
    CALLBACK,
    CHAT,
    CHAT_ORIGIN,
    CLI,
    Pkce,
    RunningAuth,
    answer_of,
    authorize_path,
    bearer,
    running_auth_service,
)
from netra.tokens.jws import json_object, read_jws
from netra_auth.audit import Origin

OTHER_ORIGIN = "https://chat.example.org"
FOREIGN = [
    "https://evil.example",
    "http://127.0.0.1",
    "http://127.0.0.1:8001",
    "http://localhost:8000",
    "https://127.0.0.1:8000",
    "http://127.0.0.1:8000.evil.example",
    "http://127.0.0.1:8000/",
    "HTTP://127.0.0.1:8000",
    "https://sub.chat.example.org",
    f"{CHAT_ORIGIN} {OTHER_ORIGIN}",
    f"{CHAT_ORIGIN},{OTHER_ORIGIN}",
    "null",
    "*",
    "",
]


@pytest.fixture
async def auth(tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningAuth]:
    """Run the service with a chat page at two origins."""
    overrides = {"CHAT_ORIGINS": f"{CHAT_ORIGIN},{OTHER_ORIGIN}"}
    async with running_auth_service(tmp_path, clock=clock, overrides=overrides) as running:
        yield running


def cors_of(answer: httpx2.Response) -> dict[str, str]:
    """Give the headers of an answer by which browsers let other origins in."""
    return {
        name: value for name, value in answer.headers.items() if name.startswith("access-control-")
    }


async def silent(auth: RunningAuth, browser: httpx2.AsyncClient, **changed: str) -> httpx2.Response:
    """Ask for a code as the page's hidden frame does."""
    headers = {"Accept": "text/html", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-site"}
    path = authorize_path(Pkce.new(), **{**CHAT, "prompt": "none", **changed})
    return await browser.get(auth.url + path, headers=headers)


async def test_the_page_gets_an_access_token_and_no_refresh_token(auth: RunningAuth) -> None:
    """A script could lose a refresh token, so it is given none."""
    person = await auth.registered_person()

    tokens = await auth.tokens_of(person, **CHAT)

    claims = json_object(read_jws(tokens["access_token"], max_token_bytes=8192).payload)
    assert "refresh_token" not in tokens
    assert tokens["scope"] == "profile"
    assert (claims["client_id"], claims["sub"]) == ("netra-chat", person.user_id)
    assert claims["aud"] == ["netra-backend", "netra-auth"]
    assert [row.client_id for row in await auth.audited("authorization_code_redeemed")] == [
        "netra-chat"
    ]


async def test_the_page_may_use_no_other_grant(auth: RunningAuth) -> None:
    """Neither the refresh nor the client credentials grant is the page's (checklist 25)."""
    tokens = await auth.tokens_of(await auth.registered_person())
    client_id = CHAT["client_id"]

    refreshed = await auth.refresh(tokens["refresh_token"], client_id=client_id)
    as_service = await auth.http.post(
        "/token", data={"grant_type": "client_credentials", "client_id": client_id}
    )
    with_secret = await auth.http.post(
        "/token", data={"grant_type": "client_credentials"}, auth=(client_id, "x" * 40)
    )

    assert refreshed.json()["error"] == as_service.json()["error"] == "unauthorized_client"
    assert with_secret.status_code == 401
    assert (await auth.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_code_is_bound_to_its_client_and_origin(auth: RunningAuth) -> None:
    """No other client, and no other origin of the page, redeems the page's code (checklist 33)."""
    person = await auth.registered_person()
    other = {"redirect_uri": f"{OTHER_ORIGIN}/chat/callback"}
    wrong = ({"client_id": CLI}, other, {"client_id": CLI, "redirect_uri": CALLBACK})
    pkce = Pkce.new()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        code = await auth.authorization_code(browser, pkce, **CHAT)

    refused = [await auth.redeem(code, pkce, **{**CHAT, **changed}) for changed in wrong]
    wrong_verifier = await auth.redeem(code, Pkce.new(), **CHAT)
    good = await auth.redeem(code, pkce, **CHAT)

    assert {answer.json()["error"] for answer in (*refused, wrong_verifier)} == {"invalid_grant"}
    assert good.status_code == 200


async def test_an_old_login_is_enough_for_the_page(auth: RunningAuth, clock: ManualClock) -> None:
    """Only its own origin gets its answers, so unlike the command it needs no fresh login."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        clock.advance(3600)
        page = await browser.get(authorize_path(Pkce.new(), **CHAT))
        command = await browser.get(authorize_path(Pkce.new()))

    assert page.status_code == 302
    assert "code" in answer_of(page)
    assert command.status_code == 303


async def test_a_silent_renewal_is_answered_by_redirect(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A hidden frame is redirected with a code, state and issuer: no document, no rule of frames.

    That is how a page renews its token while the login session lasts (checklist 34).
    """
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        for _ in range(3):
            clock.advance(11 * 3600)
            answer = await silent(auth, browser, state="state of the page")
            told = answer_of(answer)

            assert answer.status_code == 302
            assert answer.headers["location"].startswith(f"{CHAT_ORIGIN}/chat/callback?")
            assert set(told) == {"code", "state", "iss"}
            assert (told["state"], told["iss"]) == ("state of the page", auth.url)
            assert answer.content == b""
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "x-frame-options" not in answer.headers


@pytest.mark.parametrize("ended", ["never", "logged out", "idle", "over", "erased"])
async def test_without_a_session_a_silent_renewal_says_so(
    auth: RunningAuth, clock: ManualClock, ended: str
) -> None:
    """Nobody logged in, or no longer: login_required by redirect, no page (checklist 50, 51)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        if ended != "never":
            await auth.log_in(browser, person)
        if ended == "logged out":
            token = (await _page_tokens(auth, browser))["access_token"]
            await auth.http.delete("/sessions/current", headers=bearer(token))
        elif ended == "idle":
            clock.advance(12 * 3600)
        elif ended == "over":
            for _ in range(66):
                clock.advance(11 * 3600)
                await silent(auth, browser)
        elif ended == "erased":
            token = (await _page_tokens(auth, browser))["access_token"]
            await auth.http.delete("/users/me", headers=bearer(token))
        answer = await silent(auth, browser)

    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{CHAT_ORIGIN}/chat/callback?")
    assert {**answer_of(answer), "error_description": ""} == {
        "error": "login_required",
        "error_description": "",
        "state": "s-123",
        "iss": auth.url,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/chat/callback"},
        {"redirect_uri": f"{CHAT_ORIGIN}/chat"},
        {"redirect_uri": "http://127.0.0.1:8001/chat/callback"},
        {"redirect_uri": ""},
        {"client_id": "netra-chatter"},
        {"client_id": ""},
    ],
)
async def test_a_request_that_cannot_be_trusted_is_a_page_nobody_frames(
    auth: RunningAuth, changed: dict[str, str]
) -> None:
    """An unknown client or redirect gets 400 here, in no frame, and no redirect (checklist 32)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        answer = await silent(auth, browser, **changed)

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert await auth.audited("authorization_code_issued") == ()


async def test_a_person_is_told_who_asks(auth: RunningAuth) -> None:
    """Log-in and registration name the client, and their form may lead to its origin alone."""
    for path in ("/login", "/register"):
        for more, name, origin in (
            (CHAT, "the chat page", CHAT_ORIGIN),
            ({}, "the netra command", "http://127.0.0.1:49152"),
        ):
            back = authorize_path(Pkce.new(), **more)
            page = await auth.http.get(path, params={"continue": back})

            assert f"Then you go on to {name}." in page.text
            policy = page.headers["content-security-policy"]
            assert f"form-action 'self' {origin};" in policy
        nobody = await auth.http.get(path)
        assert "Then you go on" not in nobody.text
        assert "form-action 'self';" in nobody.headers["content-security-policy"]


async def test_who_logs_in_without_a_client_finds_the_chat(
    auth: RunningAuth, tmp_path: Path
) -> None:
    """The page that says who is logged in leads to the first chat page, where there is one."""
    folder = tmp_path / "without"
    folder.mkdir()
    async with running_auth_service(folder) as without:
        for service, link in ((auth, f'href="{CHAT_ORIGIN}/chat"'), (without, None)):
            async with service.browser() as browser:
                await service.log_in(browser, await service.registered_person())
                page = (await browser.get("/logout")).text
            assert ("Open the chat" in page) is (link is not None)
            assert link is None or link in page


async def test_without_chat_origins_there_is_no_page(tmp_path: Path) -> None:
    """Where none is configured the client is unknown, and no origin is let in."""
    origin = {"Origin": CHAT_ORIGIN}
    async with running_auth_service(tmp_path) as auth, auth.browser() as browser:
        await auth.log_in(browser, await auth.registered_person())
        asked = await browser.get(authorize_path(Pkce.new(), **CHAT))
        redeemed = await auth.redeem("x", Pkce.new(), **CHAT)
        crossing = await auth.http.post("/token", headers=origin)

    assert asked.status_code == 400
    assert redeemed.json()["error"] == "invalid_client"
    assert cors_of(crossing) == {}


@pytest.mark.parametrize("origin", [CHAT_ORIGIN, OTHER_ORIGIN])
async def test_the_page_reads_tokens_and_refusals(auth: RunningAuth, origin: str) -> None:
    """Its origins, and they alone, may read what the token endpoint answers, good or bad."""
    pkce = Pkce.new()
    async with auth.browser() as browser:
        await auth.log_in(browser, await auth.registered_person())
        code = await auth.authorization_code(browser, pkce, **CHAT)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": pkce.verifier,
        **CHAT,
    }

    answers = {
        200: await auth.http.post("/token", data=form, headers={"Origin": origin}),
        400: await auth.http.post("/token", data={}, headers={"Origin": origin}),
        401: await auth.http.post(
            "/token", data={**form, "client_id": "x"}, headers={"Origin": origin}
        ),
        413: await auth.http.post("/token", content=b"x" * 70_000, headers={"Origin": origin}),
    }

    for status, answer in answers.items():
        assert (answer.status_code, answer.headers["vary"]) == (status, "Origin")
        assert cors_of(answer) == {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": "Retry-After, WWW-Authenticate, X-Request-Id",
        }


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_origin_is_told_nothing(auth: RunningAuth, origin: str) -> None:
    """Another origin gets no CORS header, on the request or when it asks first."""
    token = (await auth.tokens_of(await auth.registered_person()))["access_token"]
    for path, method in (("/token", "POST"), ("/sessions/current", "DELETE")):
        asks = {"Origin": origin, "Access-Control-Request-Method": method}
        first = await auth.http.options(path, headers=asks)
        then = await auth.http.request(method, path, headers={"Origin": origin, **bearer(token)})

        assert cors_of(first) == cors_of(then) == {}
        assert first.headers["vary"] == then.headers["vary"] == "Origin"


async def test_a_request_is_judged_by_its_credential_wherever_it_comes_from(
    auth: RunningAuth,
) -> None:
    """An Origin neither opens nor closes anything: a browser hides answers, we check tokens."""
    token = (await auth.tokens_of(await auth.registered_person()))["access_token"]
    evil = {"Origin": "https://evil.example"}

    without = await auth.http.delete("/sessions/current", headers={"Origin": CHAT_ORIGIN})
    with_token = await auth.http.delete("/sessions/current", headers={**evil, **bearer(token)})

    assert without.status_code == 401
    assert with_token.status_code == 204


async def test_two_origins_are_none(auth: RunningAuth) -> None:
    """A request that names two origins is let in by neither."""
    headers = [("Origin", CHAT_ORIGIN), ("Origin", OTHER_ORIGIN)]

    assert cors_of(await auth.http.post("/token", headers=headers)) == {}


async def test_a_preflight_is_answered_for_what_the_page_does(auth: RunningAuth) -> None:
    """Each path lets its one method in, and the bearer token only where there is one to give."""
    expected = {
        "access-control-allow-origin": CHAT_ORIGIN,
        "access-control-max-age": "600",
    }

    token = await _preflight(auth, "/token", "POST")
    session = await _preflight(auth, "/sessions/current", "DELETE")

    assert cors_of(token) == {**expected, "access-control-allow-methods": "POST"}
    assert cors_of(session) == {
        **expected,
        "access-control-allow-methods": "DELETE",
        "access-control-allow-headers": "Authorization",
    }
    for answer in (token, session):
        assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/token", "DELETE"),
        ("/token", "GET"),
        ("/token", "post"),
        ("/sessions/current", "POST"),
        ("/sessions/current", ""),
        ("/users", "POST"),
        ("/users/me", "DELETE"),
        ("/revoke", "POST"),
        ("/introspect", "POST"),
        ("/login", "POST"),
        ("/logout", "POST"),
        ("/authorize", "GET"),
        ("/revocations", "GET"),
        ("/admin/users", "POST"),
        ("/subjects/usr_1", "GET"),
        ("/.well-known/jwks.json", "GET"),
    ],
)
async def test_nothing_else_is_offered_across_origins(
    auth: RunningAuth, path: str, method: str
) -> None:
    """No other path and no other method is let in, even for the page's own origin."""
    assert cors_of(await _preflight(auth, path, method)) == {}
    answer = await auth.http.get(path, headers={"Origin": CHAT_ORIGIN})
    assert cors_of(answer) == {}


async def test_no_answer_ever_invites_cookies(auth: RunningAuth) -> None:
    """A cookie neither goes along nor counts: the page shows its token (checklist 45)."""
    async with auth.browser() as browser:
        await auth.log_in(browser, await auth.registered_person())
        browser.headers["Origin"] = CHAT_ORIGIN
        by_cookie = await browser.delete("/sessions/current")
        token_endpoint = await browser.post("/token", data={"grant_type": "authorization_code"})
        assert browser.cookies

    assert by_cookie.status_code == token_endpoint.status_code == 401
    for answer in (by_cookie, token_endpoint, await _preflight(auth, "/token", "POST")):
        assert "access-control-allow-credentials" not in answer.headers


async def test_logging_out_with_a_token_ends_the_session(auth: RunningAuth) -> None:
    """The session, its cookie and every token of it end, the feed says so, it is recorded (50)."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        page = (await _page_tokens(auth, browser))["access_token"]
        sibling = (await _page_tokens(auth, browser))["access_token"]
        elsewhere = await auth.tokens_of(person)

        answer = await auth.http.delete("/sessions/current", headers=bearer(page))

        assert (answer.status_code, answer.content) == (204, b"")
        assert (await browser.get("/logout")).text.count(person.email) == 0
    for token in (page, sibling):
        again = await auth.http.delete("/sessions/current", headers=bearer(token))
        assert again.status_code == 401
    assert (await auth.refresh(elsewhere["refresh_token"])).status_code == 200
    (entry,) = (await auth.state.revocations.page(0, 10)).items
    (row,) = await auth.audited("logout")
    assert (entry.kind, entry.identifier) == ("session", row.subject)
    assert (row.actor, row.outcome, row.reason) == (person.user_id, "success", None)


async def test_ending_a_session_twice_at_once_is_no_error(auth: RunningAuth) -> None:
    """Who comes second finds done what was asked for: the feed has one entry."""
    tokens = await auth.tokens_of(await auth.registered_person(), **CHAT)
    claims = json_object(read_jws(tokens["access_token"], max_token_bytes=8192).payload)
    user_id, session_id = str(claims["sub"]), str(claims["sid"])
    origin = (await auth.audited("login"))[0]

    for _ in range(2):
        await auth.state.logins.end_session(
            user_id, session_id, Origin(origin.request_id, origin.address)
        )

    assert len((await auth.state.revocations.page(0, 10)).items) == 1
    assert [row.reason for row in await auth.audited("logout")] == [None, "it had ended already"]


async def test_only_a_person_ends_a_session(auth: RunningAuth) -> None:
    """401 without a token, 403 for a service, whatever scopes it has (checklist 43, 46)."""
    nobody = await auth.http.delete("/sessions/current")
    service = await auth.http.delete(
        "/sessions/current", headers=bearer(await auth.service_token("netra-ops"))
    )

    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"] == 'Bearer realm="netra"'
    assert service.status_code == 403


async def _page_tokens(auth: RunningAuth, browser: httpx2.AsyncClient) -> dict[str, str]:
    """Get the page's tokens with the browser's session."""
    pkce = Pkce.new()
    code = await auth.authorization_code(browser, pkce, **CHAT)
    answer: dict[str, str] = (await auth.redeem(code, pkce, **CHAT)).json()
    return answer


async def _preflight(auth: RunningAuth, path: str, method: str) -> httpx2.Response:
    """Ask first, as a browser does for the page."""
    return await auth.http.options(
        path,
        headers={
            "Origin": CHAT_ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization",
        },
    )
