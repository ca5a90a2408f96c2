"""The auth service's pages and its rules across origins, as a real browser keeps them."""

import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.async_playwright import (  # type: ignore[import-untyped]  # it has no types
    Axe,
)
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from fakes.requirements import require
from fakes.running_auth import Person, Pkce, RunningAuth, authorize_path, running_auth_service
from fakes.serving import serving

CHROMIUM: Final = Path("/usr/bin/chromium")
SIZES: Final = ((390, 844), (1280, 800))
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
FRAME: Final = """async url => {
  const frame = document.createElement("iframe");
  const loaded = new Promise(done => frame.addEventListener("load", done, {once: true}));
  frame.hidden = true;
  frame.src = url;
  document.body.append(frame);
  await loaded;
  try { return frame.contentWindow.location.href; } catch { return "not ours to read"; }
  finally { frame.remove(); }
}"""
ASK: Final = """async ([url, options]) => {
  try {
    const answer = await fetch(url, options);
    return {status: answer.status, text: await answer.text(),
            retry: answer.headers.get("x-request-id") !== null};
  } catch (error) { return {failed: error.name}; }
}"""

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Site:
    """The real auth service, an origin where the chat page is, a foreign one, and a browser."""

    auth: RunningAuth
    chat: str
    foreign: str
    browser: Browser

    def asked(self, pkce: Pkce, **changed: str) -> str:
        """Write the chat page's authorization request."""
        redirect_uri = f"{self.chat}/chat/callback"
        own = {"client_id": "netra-chat", "redirect_uri": redirect_uri, **changed}
        return self.auth.url + authorize_path(pkce, **own)

    async def logged_in(self, context: BrowserContext, person: Person, pkce: Pkce) -> Page:
        """Log a person in from the chat page, and give the page they come back to."""
        page = await context.new_page()
        await page.goto(self.asked(pkce))
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await page.get_by_role("button", name="Log in").click()
        await page.wait_for_url(f"{self.chat}/chat/callback**")
        return page

    def redemption(self, code: str, pkce: Pkce) -> dict[str, Any]:
        """Write what the page's script sends to the token endpoint."""
        form = {
            "grant_type": "authorization_code",
            "client_id": "netra-chat",
            "redirect_uri": f"{self.chat}/chat/callback",
            "code": code,
            "code_verifier": pkce.verifier,
        }
        return {"method": "POST", "body": _form(form), "headers": _FORM}


_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def _form(values: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in values.items())


def _answer(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def _any_page(_request: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>A page</title><body>Here.")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Run everything, each on a socket of its own."""
    require("chromium", CHROMIUM.exists(), f"{CHROMIUM}: install Debian's chromium")
    app = Starlette(routes=[Route("/{path:path}", _any_page)])
    async with AsyncExitStack() as stack:
        chat = await stack.enter_async_context(serving(app))
        foreign = await stack.enter_async_context(serving(app))
        overrides = {"CHAT_ORIGINS": chat.url}
        auth = await stack.enter_async_context(running_auth_service(tmp_path, overrides=overrides))
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield Site(auth, chat.url, foreign.url, browser)
        await browser.close()


async def test_a_person_registers_and_comes_back_to_the_page(site: Site) -> None:
    """The form's redirects lead through the authorization to the page: no rule stops them."""
    context = await site.browser.new_context()
    page = await context.new_page()
    await page.goto(site.asked(Pkce.new()))
    await page.get_by_role("link", name="Make an account").click()
    await page.get_by_label("E-mail").fill("ada@example.org")
    await page.get_by_label("Password").fill("correct horse battery")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{site.chat}/chat/callback**")

    assert set(_answer(page.url)) == {"code", "state", "iss"}


async def test_a_hidden_frame_renews_while_the_session_lasts(site: Site) -> None:
    """The cookie goes along and the code comes to the page's own origin; logged out, it does not.

    Logging out is the page's own request across origins, with its token (checklist 50).
    """
    pkce, again = Pkce.new(), Pkce.new()
    person = await site.auth.registered_person()
    context = await site.browser.new_context()
    page = await site.logged_in(context, person, pkce)

    renewed = await page.evaluate(FRAME, site.asked(again, prompt="none"))
    redemption = site.redemption(_answer(renewed)["code"], again)
    told = await page.evaluate(ASK, [f"{site.auth.url}/token", redemption])
    token = json.loads(told["text"])["access_token"]
    leave = {"method": "DELETE", "headers": {"Authorization": f"Bearer {token}"}}
    left = await page.evaluate(ASK, [f"{site.auth.url}/sessions/current", leave])
    over = await page.evaluate(FRAME, site.asked(Pkce.new(), prompt="none"))
    dead = await page.evaluate(ASK, [f"{site.auth.url}/sessions/current", leave])

    assert renewed.startswith(f"{site.chat}/chat/callback?code=")
    assert (told["status"], told["retry"]) == (200, True)
    assert left == {"status": 204, "text": "", "retry": True}
    assert _answer(over)["error"] == "login_required"
    assert dead["status"] == 401


async def test_another_origin_reads_nothing(site: Site) -> None:
    """A foreign page's script gets no token and no answer, and its frame no code (checklist 32)."""
    pkce = Pkce.new()
    person = await site.auth.registered_person()
    context = await site.browser.new_context()
    page = await site.logged_in(context, person, pkce)
    code = _answer(page.url)["code"]
    await page.goto(f"{site.foreign}/")

    token = await page.evaluate(ASK, [f"{site.auth.url}/token", site.redemption("x", pkce)])
    leave = {"method": "DELETE", "headers": {"Authorization": "Bearer a.b.c"}}
    session = await page.evaluate(ASK, [f"{site.auth.url}/sessions/current", leave])
    callback = f"{site.foreign}/chat/callback"
    framed = await page.evaluate(FRAME, site.asked(pkce, prompt="none", redirect_uri=callback))
    login = await page.evaluate(FRAME, f"{site.auth.url}/login")
    await page.goto(f"{site.chat}/chat")
    good = await page.evaluate(ASK, [f"{site.auth.url}/token", site.redemption(code, pkce)])

    assert token == session == {"failed": "TypeError"}
    assert framed == login == "not ours to read"
    assert good["status"] == 200


async def test_the_cookie_is_not_a_scripts(site: Site) -> None:
    """Even on the auth service's own pages a script reads no cookie (checklist 50)."""
    person = await site.auth.registered_person()
    context = await site.browser.new_context()
    await site.logged_in(context, person, Pkce.new())
    cookies = {cookie.get("name"): cookie for cookie in await context.cookies(site.auth.url)}

    assert set(cookies) == {"netra_session", "netra_csrf", "netra_device"}
    for cookie in cookies.values():
        assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Lax")


@pytest.mark.parametrize("size", SIZES, ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_pages_are_for_everybody(
    site: Site, size: tuple[int, int], scheme: Literal["light", "dark"], tmp_path: Path
) -> None:
    """No page has a barrier axe knows of, scrolls sideways, or loads what its policy forbids."""
    folder = Path(os.environ.get("NETRA_ARTIFACTS", tmp_path)) / "auth-pages"
    width, height = size
    context = await site.browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    person = await site.auth.registered_person()

    async def looked_at(name: str) -> None:
        found = await Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, name
        await page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")

    await page.goto(site.asked(Pkce.new()))
    await looked_at("login")
    await page.get_by_label("E-mail").fill(person.email)
    await page.get_by_label("Password").fill("a wrong password")
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").wait_for()
    await looked_at("login-refused")
    await page.get_by_role("link", name="Make an account").click()
    await looked_at("register")
    await page.get_by_label("E-mail").fill("x" * 200 + "@example.org")
    await page.get_by_label("Password").fill("password1")
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").wait_for()
    await looked_at("register-refused")
    await page.goto(f"{site.auth.url}/authorize?client_id=x")
    await looked_at("problem")
    await page.goto(f"{site.auth.url}/login")
    await page.get_by_label("E-mail").fill(person.email)
    await page.get_by_label("Password").fill(person.password)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Log out").wait_for()
    await looked_at("logged-in")

    assert not [text for text in complaints if "Content Security Policy" in text]
