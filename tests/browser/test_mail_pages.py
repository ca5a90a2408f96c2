"""Registering by mail and choosing a new password by mail, as a person does in a real browser."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import (  # type: ignore[import-untyped]  # it has no types
    Axe,
)
from playwright.async_api import Browser, Page

from fakes.browser import DESKTOP, PHONE, keep_picture, new_context
from fakes.by_mail import PASSWORD, person_with, running_by_mail
from fakes.running_auth import RunningAuth
from fakes.smtp_server import SmtpServer
from fakes.timing import UNIT

LOOKS: Final[tuple[tuple[tuple[int, int], Literal["light", "dark"]], ...]] = (
    (PHONE, "light"),
    (PHONE, "dark"),
    (DESKTOP, "light"),
    (DESKTOP, "dark"),
)
NEW_PASSWORD: Final = "another horse, another battery"

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]


@dataclass(frozen=True)
class Place:
    """The auth service and the mail server it hands mails to."""

    auth: RunningAuth
    server: SmtpServer

    async def link(self, number: int) -> str:
        """Wait for a mail and give its link."""
        mails = await self.server.arrived(number, within=10 * UNIT)
        return mails[-1].link("/mailed-link")


@pytest_asyncio.fixture(loop_scope="module")
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """Run both."""
    async with SmtpServer().running() as server, running_by_mail(tmp_path, server) as auth:
        yield Place(auth, server)


async def _asked_for(page: Page, email: str) -> None:
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_role("button", name="Send me the mail").click()
    await page.get_by_role("heading", name="Look into your mailbox").wait_for()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
async def test_people_come_in_by_mail(
    place: Place,
    browser: Browser,
    size: tuple[int, int],
    scheme: Literal["light", "dark"],
    tmp_path: Path,
) -> None:
    """From the log-in page to an account and to a new password; every page is for everybody.

    The token is in no address that stays, and no page breaks its own policy.
    """
    context = await new_context(browser, size, color_scheme=scheme)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    async def looked_at(name: str) -> None:
        found = await Axe().run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0], name
        await keep_picture(page, tmp_path, f"mail-pages/{name}-{size[0]}-{scheme}")

    await page.goto(f"{place.auth.url}/login")
    await looked_at("login")
    await page.get_by_role("link", name="Make an account").click()
    await looked_at("register")
    await _asked_for(page, "ada@example.org")
    await looked_at("mailbox")
    await page.goto(await place.link(1))
    assert page.url == f"{place.auth.url}/mailed-link"
    await page.get_by_text("ada@example.org").wait_for()
    await looked_at("choose")
    await page.get_by_label("Password").fill("password1")
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").wait_for()
    await looked_at("choose-refused")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()
    await page.get_by_role("heading", name="You are logged in").wait_for()
    await page.get_by_role("button", name="Log out").click()
    await page.get_by_role("link", name="Forgot your password?").click()
    await looked_at("forgotten")
    await _asked_for(page, "ada@example.org")
    link = await place.link(2)
    await page.goto(link)
    await looked_at("choose-new")
    await page.get_by_label("Password").fill(NEW_PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Your new password is set").wait_for()
    await looked_at("new-password-set")
    await page.goto(link)
    await page.get_by_role("alert").wait_for()
    await looked_at("link-over")
    await page.get_by_role("link", name="Log in").click()
    await page.get_by_label("E-mail").fill("ada@example.org")
    await page.get_by_label("Password").fill(NEW_PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="You are logged in").wait_for()
    await context.close()

    assert not [text for text in complaints if "Content Security Policy" in text]


async def test_a_link_that_is_opened_tells_no_other_page(place: Place, browser: Browser) -> None:
    """No request that follows an opened link has it as its referrer; our form's Origin is ours."""
    await person_with(place.auth, "ada@example.org")
    context = await new_context(browser)
    page = await context.new_page()
    told: list[dict[str, str]] = []
    page.on("request", lambda request: told.append(request.headers))
    await page.goto(f"{place.auth.url}/forgotten-password")
    await _asked_for(page, "ada@example.org")
    link = await place.link(1)
    told.clear()
    await page.goto(link)
    await page.get_by_label("Password").fill(NEW_PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Your new password is set").wait_for()
    cookies = await context.cookies(place.auth.url)
    await context.close()

    token = link.partition("token=")[2]
    assert len(told) >= 4
    assert all(token not in value for headers in told for value in headers.values())
    assert "netra_link" not in [cookie.get("name") for cookie in cookies]
