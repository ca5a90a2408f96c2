"""The pages of one's own account and the second factor, as a real browser shows them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import (  # type: ignore[import-untyped]  # it has no types
    Axe,
)
from playwright.async_api import Browser, Page

from fakes.authenticator import Authenticator
from fakes.browser import DESKTOP, PHONE, keep_picture, new_context
from fakes.running_auth import Person, RunningAuth, running_auth_service
from netra.clock import SystemClock
from netra.secret import Secret

pytestmark = [pytest.mark.long, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def auth(tmp_path: Path) -> AsyncIterator[RunningAuth]:
    """Run the real service."""
    async with running_auth_service(tmp_path) as running:
        yield running


class Visit:
    """A person at their browser; every page is looked at before they go on."""

    def __init__(self, page: Page, folder: Path, name: str) -> None:
        self.page = page
        self._folder = folder
        self._name = name
        self._complaints: list[str] = []
        page.on("console", lambda message: self._complaints.append(message.text))

    async def look(self, name: str) -> None:
        """See that no barrier is on the page, nothing scrolls sideways, and keep a picture."""
        found = await Axe().run(self.page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        assert await self.page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert (
            await self.page.evaluate(
                "[...document.querySelectorAll('button, input:not([type=hidden]):not(.unseen)')]"
                ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 40).length"
            )
            == 0
        ), f"{name}: something is too small to be touched"
        await self.page.evaluate("window.scrollTo(0, 0)")
        size = self.page.viewport_size
        height = await self.page.evaluate("document.documentElement.scrollHeight")
        if size is not None:
            await self.page.set_viewport_size({"width": width, "height": height})
        await keep_picture(self.page, self._folder, f"{self._name}-{name}")
        if size is not None:
            await self.page.set_viewport_size(size)

    async def log_in(self, auth: RunningAuth, person: Person) -> None:
        """Give address and password."""
        await self.page.goto(f"{auth.url}/login?continue=/account")
        await self.page.get_by_label("E-mail").fill(person.email)
        await self.page.get_by_label("Password").fill(person.password)
        await self.page.keyboard.press("Enter")

    def require_no_complaint(self) -> None:
        """Refuse a page that wanted what its policy forbids."""
        assert not [text for text in self._complaints if "Content Security Policy" in text]


async def second_factor_on(visit: Visit, person: Person) -> list[str]:
    """Set up the second factor from the account page; give the recovery codes shown."""
    page = visit.page
    await page.get_by_role("heading", name="Your account").wait_for()
    await page.get_by_role("link", name="Set up an authenticator app").click()
    await page.get_by_role("button", name="Begin").wait_for()
    await visit.look("begin")
    await page.get_by_label("Password").fill(person.password)
    await page.keyboard.press("Enter")
    await page.get_by_role("img", name="QR code").wait_for()
    secret = await page.locator("input[name=secret]").get_attribute("value") or ""
    await visit.look("set-up")
    authenticator = Authenticator(Secret(secret), SystemClock())
    await page.get_by_label("The code the app shows now").fill(authenticator.wrong_code())
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").wait_for()
    await page.get_by_label("The code the app shows now").fill(authenticator.code(-1))
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Your recovery codes").wait_for()
    await visit.look("recovery-codes")
    return await page.locator("code").all_inner_texts()


async def in_by_recovery_code(visit: Visit, code: str) -> None:
    """Answer the page that asks for the second factor, wrongly first."""
    page = visit.page
    await page.get_by_role("heading", name="Your second factor").wait_for()
    await visit.look("second-factor")
    await page.get_by_label("Code from your").fill("12 34")
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").wait_for()
    await page.get_by_text("Use a recovery code").click()
    await visit.look("second-factor-refused")
    await page.get_by_label("Recovery code").fill(code.upper())
    await page.keyboard.press("Enter")
    await page.get_by_text("9 recovery codes left").wait_for()


@pytest.mark.parametrize(
    ("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light"), (PHONE, "light")]
)
async def test_a_person_takes_care_of_their_account(
    browser: Browser,
    auth: RunningAuth,
    tmp_path: Path,
    size: tuple[int, int],
    scheme: Literal["light", "dark"],
) -> None:
    """Second factor on, a login with it, sessions, password, deletion: no barrier on the way."""
    person = await auth.registered_person("ada.lovelace@example.org")
    context = await new_context(browser, size, color_scheme=scheme)
    other = await new_context(browser, size, color_scheme=scheme)
    visit = Visit(await context.new_page(), tmp_path, f"account-{size[0]}-{scheme}")
    second = Visit(await other.new_page(), tmp_path, f"login-{size[0]}-{scheme}")
    page = visit.page

    await visit.log_in(auth, person)
    recovery = await second_factor_on(visit, person)
    await second.log_in(auth, person)
    await in_by_recovery_code(second, recovery[0])

    await page.goto(f"{auth.url}/account")
    await visit.look("account")
    await page.get_by_role("button", name="End the session on").click()
    await page.get_by_role("status").wait_for()
    await second.page.reload()
    await second.page.get_by_role("heading", name="Log in").wait_for()
    await page.get_by_label("Current password").fill("not the password")
    await page.get_by_label("New password").fill("another horse battery")
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").wait_for()
    assert await page.evaluate(
        "document.querySelector('[role=alert]').getBoundingClientRect().top < innerHeight"
    ), "the refusal is out of sight"
    await visit.look("account-refused")
    await page.get_by_role("link", name="New recovery codes").click()
    await page.get_by_role("heading", name="Turn it off").wait_for()
    await visit.look("second-factor-on")
    await page.goto(f"{auth.url}/account")
    await page.get_by_role("textbox", name="Password", exact=True).fill(person.password)
    await page.get_by_role("button", name="Delete my account").click()
    await page.get_by_role("heading", name="Log in").wait_for()

    visit.require_no_complaint()
    second.require_no_complaint()
    await context.close()
    await other.close()
