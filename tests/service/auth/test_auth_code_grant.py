"""The authorization endpoint and the code grant."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest

from fakes.clock import ManualClock
from fakes.running_auth import (
    CALLBACK,
    Pkce,
    RunningAuth,
    answer_of,
    authorize_path,
    bearer,
    running_auth_service,
)


async def logged_in(auth: RunningAuth, browser: httpx2.AsyncClient) -> None:
    """Log a new person in with a browser."""
    person = await auth.registered_person()
    assert (await auth.log_in(browser, person)).status_code == 303


async def code_with(auth: RunningAuth, pkce: Pkce) -> str:
    """Get a code for a new person."""
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        return await auth.authorization_code(browser, pkce)


async def test_nobody_logged_in_is_sent_to_the_login_page_and_back(auth: RunningAuth) -> None:
    """An authorization request without a session leads through the login page to a code."""
    person, pkce = await auth.registered_person(), Pkce.new()
    async with auth.browser() as browser:
        path = authorize_path(pkce, state="a b&c=d/ü")
        to_login = await browser.get(path)
        assert to_login.status_code == 303
        assert to_login.headers["location"].startswith("/login?continue=%2Fauthorize%3F")

        page = await browser.get(to_login.headers["location"])
        assert (
            "form-action 'self' http://127.0.0.1:49152;"
            in (page.headers["content-security-policy"])
        )
        back = await auth.log_in(browser, person, path)
        assert back.status_code == 303
        assert back.headers["location"] == path

        answer = await browser.get(back.headers["location"])

    assert answer.status_code == 302
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["location"].startswith(CALLBACK + "?code=")
    assert answer_of(answer)["state"] == "a b&c=d/ü"
    assert answer_of(answer)["iss"] == auth.url
    assert (await auth.redeem(answer_of(answer)["code"], pkce)).status_code == 200


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/callback",
        "http://127.0.0.1:5000/callback/",
        "http://user@127.0.0.1:5000/callback",
        "http://127.0.0.1:5000/Callback",
        "http://127.0.0.1:5000/callback?next=1",
        "http://127.0.0.1:5000/callback\r\nSet-Cookie: a=b",
        "",
    ],
)
async def test_a_foreign_redirect_is_refused_without_redirect(
    auth: RunningAuth, redirect_uri: str
) -> None:
    """Nothing is sent to a redirect URI that is not registered (checklist 32)."""
    async with auth.browser(Accept="text/html") as browser:
        await logged_in(auth, browser)
        page = await browser.get(authorize_path(Pkce.new(), redirect_uri=redirect_uri))
    document = await auth.http.get(authorize_path(Pkce.new(), redirect_uri=redirect_uri))

    assert page.status_code == document.status_code == 400
    assert "location" not in page.headers
    assert page.headers["content-type"].startswith("text/html")
    assert "evil.example" not in page.text
    assert document.headers["content-type"] == "application/problem+json"
    assert document.json()["code"] == "authorization_refused"


async def test_faults_of_the_request_go_back_to_the_client(auth: RunningAuth) -> None:
    """A missing challenge goes back with error, state and iss, and no code (checklist 31, 34)."""
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        answer = await browser.get(authorize_path(Pkce.new(), code_challenge=""))

    assert answer.status_code == 302
    given = answer_of(answer)
    assert given["error"] == "invalid_request"
    assert given["state"] == "s-123"
    assert given["iss"] == auth.url
    assert "code" not in given


async def test_a_repeated_parameter_goes_back_to_the_client(auth: RunningAuth) -> None:
    """A parameter given twice is refused (checklist 26)."""
    answer = await auth.http.get(authorize_path(Pkce.new()) + "&scope=profile&scope=profile")

    assert answer_of(answer)["error"] == "invalid_request"


@pytest.mark.parametrize("query", ["client_id=%ff", "client_id=netra-cli&state=%00", "", "&&==&"])
async def test_unreadable_requests_are_refused_without_redirect(
    auth: RunningAuth, query: str
) -> None:
    """Invalid UTF-8, NUL and emptiness are 400, never a redirect or a 500."""
    answer = await auth.http.get("/authorize?" + query)

    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_silent_request_is_never_shown_a_page(auth: RunningAuth) -> None:
    """prompt=none without a session goes back with login_required; with one it gets a code."""
    path = authorize_path(Pkce.new(), prompt="none")
    refused = await auth.http.get(path)
    async with auth.browser() as browser:
        await logged_in(auth, browser)
        granted = await browser.get(path)

    assert refused.status_code == 302
    assert answer_of(refused)["error"] == "login_required"
    assert "code" in answer_of(granted)


async def test_a_code_works_once_and_its_second_use_ends_what_came_from_it(
    auth: RunningAuth,
) -> None:
    """A second use is refused and revokes the tokens already issued (checklist 33)."""
    pkce = Pkce.new()
    code = await code_with(auth, pkce)
    tokens = (await auth.redeem(code, pkce)).json()

    again = await auth.redeem(code, pkce)

    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    refreshed = await auth.refresh(tokens["refresh_token"])
    assert refreshed.json()["error"] == "invalid_grant"
    erase = await auth.http.delete("/users/me", headers=bearer(tokens["access_token"]))
    assert erase.status_code == 401
    (row,) = await auth.audited("authorization_code_reused")
    assert row.outcome == "refused"


async def test_of_two_concurrent_uses_of_a_code_one_wins(auth: RunningAuth) -> None:
    """Two redemptions at once give tokens once (checklist 33)."""
    pkce = Pkce.new()
    code = await code_with(auth, pkce)

    answers = await asyncio.gather(*(auth.redeem(code, pkce) for _ in range(4)))

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 400, 400, 400]


async def test_a_code_lives_sixty_seconds(auth: RunningAuth, clock: ManualClock) -> None:
    """A code works up to 60 seconds and not at the 60th (checklist 33)."""
    early, late = Pkce.new(), Pkce.new()
    early_code, late_code = await code_with(auth, early), await code_with(auth, late)

    clock.advance(59)
    assert (await auth.redeem(early_code, early)).status_code == 200
    clock.advance(1)
    answer = await auth.redeem(late_code, late)

    assert answer.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"redirect_uri": "http://127.0.0.1:49153/callback"}, "invalid_grant"),
        ({"code_verifier": "v" * 43}, "invalid_grant"),
        ({"code": "unknown"}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"code": ""}, "invalid_request"),
        ({"client_id": ""}, "invalid_client"),
        ({"client_id": "netra-backend"}, "invalid_client"),
    ],
)
async def test_a_code_is_bound_to_all_it_was_given_for(
    auth: RunningAuth, changed: dict[str, str], error: str
) -> None:
    """Another client, redirect URI or verifier gets nothing (checklist 31, 33)."""
    pkce = Pkce.new()
    code = await code_with(auth, pkce)

    answer = await auth.redeem(code, pkce, **changed)

    assert answer.json()["error"] == error
    assert (await auth.redeem(code, pkce)).status_code == 200


async def test_a_code_ends_with_the_session_it_came_from(auth: RunningAuth) -> None:
    """After logout a code that was not redeemed yet is worth nothing (checklist 48)."""
    pkce, person = Pkce.new(), await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        code = await auth.authorization_code(browser, pkce)
        token = browser.cookies["netra_csrf"]
        await browser.post("/logout", data={"csrf_token": token})

    assert (await auth.redeem(code, pkce)).json()["error"] == "invalid_grant"


async def test_codes_and_tokens_are_stored_hashed(
    auth: RunningAuth, stored_bytes: Callable[[RunningAuth], bytes]
) -> None:
    """The store holds neither a code nor a refresh token nor a cookie (checklist 50)."""
    pkce, person = Pkce.new(), await auth.registered_person()
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        cookie = browser.cookies["netra_session"]
        code = await auth.authorization_code(browser, pkce)
    refresh_token = (await auth.redeem(code, pkce)).json()["refresh_token"]
    await auth.state.database.close()

    content = stored_bytes(auth)
    for secret in (code, refresh_token, cookie, person.password):
        assert len(secret) >= 22
        assert secret.encode() not in content


async def test_plain_http_from_another_machine_is_refused(tmp_path: Path) -> None:
    """A client behind a trusted proxy that speaks plain HTTP is turned away (checklist 37)."""
    proxied = {"TRUSTED_PROXIES": "127.0.0.1"}
    outside = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    async with running_auth_service(tmp_path, overrides=proxied) as auth:
        for method, path in (("GET", authorize_path(Pkce.new())), ("POST", "/token")):
            answer = await auth.http.request(method, path, headers=outside)
            assert answer.status_code == 400
            said = answer.json()
            if path == "/token":  # In OAuth's words (RFC 6749 section 5.2).
                assert said["error"] == "invalid_request"
                assert "HTTPS" in said["error_description"]
            else:
                assert said["code"] == "transport_insecure"
        secured = {**outside, "X-Forwarded-Proto": "https"}
        answer = await auth.http.get("/login", headers=secured)
        assert answer.status_code == 200


async def test_an_untrusted_forwarded_header_changes_nothing(auth: RunningAuth) -> None:
    """Without a trusted proxy X-Forwarded-* is not looked at (checklist 47)."""
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}

    answer = await auth.http.get("/login", headers=headers)
    await auth.http.post("/token", content=urlencode({"grant_type": "x"}), headers=headers)

    assert answer.status_code == 200


async def test_a_client_anyone_can_pose_as_needs_a_login_made_for_it(
    auth: RunningAuth, clock: ManualClock
) -> None:
    """A loopback client gets no code from a session left open: RFC 8252 section 8.6."""
    person = await auth.registered_person()
    async with auth.browser() as browser:
        assert (await auth.log_in(browser, person)).status_code == 303
        fresh = await browser.get(authorize_path(Pkce.new()))
        clock.advance(61)
        later = await browser.get(authorize_path(Pkce.new()))
        silent = await browser.get(authorize_path(Pkce.new(), prompt="none"))

    assert "code" in answer_of(fresh)
    assert later.status_code == 303
    assert later.headers["location"].startswith("/login?continue=")
    assert answer_of(silent)["error"] == "login_required"
