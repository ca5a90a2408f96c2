"""Approving at the chat page in a real browser: the card, its answers, and what survives."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from fakes.approvals import Careful
from fakes.browser import DESKTOP, PHONE, keep_picture
from fakes.chat_page import Visitor, logged_in
from fakes.chat_site import ChatSite, chat_site

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def careful() -> Careful:
    """Give an agent that asks before it burns something."""
    return Careful()


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path, careful: Careful) -> AsyncIterator[ChatSite]:
    """Run both services with that agent."""
    async with chat_site(tmp_path, catalogue=careful.agents) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def plain_site(tmp_path: Path) -> AsyncIterator[ChatSite]:
    """Run both services with the installed agents."""
    async with chat_site(tmp_path) as running:
        yield running


def card(page: Page) -> Locator:
    """Find the card of a question."""
    return page.locator(".approval")


async def asked(seen: Visitor, text: str = "the letters") -> Locator:
    """Have the agent ask, and wait for the card."""
    await seen.say(text)
    await expect(card(seen.page)).to_have_attribute("data-state", "pending")
    return card(seen.page)


@pytest.mark.parametrize(
    ("scheme", "width", "size"),
    [("light", "desktop", DESKTOP), ("dark", "phone", PHONE)],
)
async def test_a_thread_is_deleted_at_the_page(
    browser: Browser,
    plain_site: ChatSite,
    tmp_path: Path,
    scheme: str,
    width: str,
    size: tuple[int, int],
) -> None:
    """The assistant's own tool as a person meets it: asked in full, approved, done."""
    name = f"approval-{width}-{scheme}"
    seen = await logged_in(browser, plain_site, size, color_scheme=scheme)
    page = seen.page
    await seen.say("what is 2 + 3?")
    await seen.answers(1)
    await page.evaluate("document.querySelector('#new').click()")
    await expect(page.locator(".empty")).to_be_visible()
    asking = await asked(seen, "delete the thread what is 2 + 3")

    await expect(asking.get_by_role("heading")).to_have_text("Approve “delete thread”?")
    await expect(asking).to_contain_text("for good")
    await expect(asking.locator("dt").first).to_have_text("title")
    await expect(asking.locator("dd").first).to_have_text("what is 2 + 3?")
    await expect(asking.locator("dd").last).to_contain_text("thr_")
    await expect(asking).to_contain_text("Without an answer it counts as refused on ")
    await expect(page.locator(".steps-title").last).to_have_text("Waiting for your answer")
    await keep_picture(page, tmp_path, f"{name}-1-asked")
    await asking.get_by_role("button", name="Approve").click()
    await expect(asking).to_have_attribute("data-state", "approved")
    await expect(page.locator(".answer").last).to_contain_text("Deleted: the thread what is 2 + 3?")
    await expect(asking.locator("dd").first).to_be_hidden()
    await expect(page.locator("#threads .thread-title")).to_have_text(
        ["delete the thread what is 2 + 3"]
    )
    await keep_picture(page, tmp_path, f"{name}-2-approved")
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not seen.faults


async def test_refusing_by_the_keyboard_alone(
    browser: Browser, site: ChatSite, careful: Careful, tmp_path: Path
) -> None:
    """Tab reaches both buttons, Enter refuses, and the focus stays where the answer is told."""
    seen = await logged_in(browser, site)
    page = seen.page
    asking = await asked(seen)
    await expect(page.locator("#spoken")).to_have_text("Waiting for your answer: approve “burn”?")
    await expect(page.locator("#text")).to_be_focused()
    await page.locator("#log").focus()
    for _ in range(12):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent") == "Refuse":
            break
    await expect(asking.get_by_role("button", name="Refuse")).to_be_focused()
    await keep_picture(page, tmp_path, "approval-keyboard")
    await page.keyboard.press("Tab")
    await expect(asking.get_by_role("button", name="Approve")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")

    await expect(asking.locator(".approval-state")).to_be_focused()
    await expect(asking).to_have_attribute("data-state", "refused")
    await expect(asking.get_by_role("status")).to_have_text("You refused this.")
    await expect(asking.get_by_role("button")).to_have_count(0)
    (answer,) = await seen.answers(1)
    assert answer == "Left alone: The person refused this, so it was not done."
    await keep_picture(page, tmp_path, "approval-refused")
    assert careful.used == []
    assert not seen.faults


async def test_a_question_is_there_again_after_a_reload_and_a_restart(
    browser: Browser, site: ChatSite, careful: Careful
) -> None:
    """Whatever goes and comes back, page or backend, the card is there and its answer counts."""
    seen = await logged_in(browser, site)
    page = seen.page
    await asked(seen)
    await page.reload()
    await seen.online()
    await expect(card(page)).to_have_attribute("data-state", "pending")
    await site.stop_backend()
    await seen.phase("waiting")
    await expect(card(page)).to_have_attribute("data-state", "pending")
    await card(page).get_by_role("button", name="Approve").click()
    await expect(card(page).locator(".approval-state")).to_have_text("Approving")
    await site.start_backend()
    await seen.online()

    await expect(card(page)).to_have_attribute("data-state", "approved")
    (answer,) = await seen.answers(1)
    assert answer == "Burnt the letters."
    assert careful.used == ["the letters"]
    assert not seen.faults


async def test_what_one_window_answers_the_other_shows(
    browser: Browser, site: ChatSite, careful: Careful
) -> None:
    """Two windows of one person: the second learns the answer without a reload."""
    seen = await logged_in(browser, site)
    await asked(seen)
    other = await seen.page.context.new_page()
    await other.goto(seen.page.url)
    await expect(card(other)).to_have_attribute("data-state", "pending")
    await card(other).get_by_role("button", name="Refuse").click()

    for page in (seen.page, other):
        await expect(card(page)).to_have_attribute("data-state", "refused")
        await expect(page.locator(".answer")).to_contain_text("Left alone")
    assert careful.used == []
    assert not seen.faults


async def test_stop_closes_the_question(
    browser: Browser, site: ChatSite, careful: Careful, tmp_path: Path
) -> None:
    """A person who stops is not asked any more, and cannot approve by mistake."""
    seen = await logged_in(browser, site)
    asking = await asked(seen)
    await expect(seen.page.locator(".working.asking")).to_have_count(1)
    await seen.page.click("#stop")

    await expect(asking).to_have_attribute("data-state", "ended")
    await expect(asking.get_by_role("button", name="Approve")).to_be_hidden()
    await expect(seen.page.locator(".failure")).to_have_text("Stopped, as you asked.")
    await keep_picture(seen.page, tmp_path, "approval-stopped")
    assert careful.used == []


HOSTILE = (
    "<img src=x onerror=alert(1)> **bold** \u202egnp.exe\u202c \u200b[x](javascript:alert(1))\n"
    + "a line that is quite long and goes on " * 30
)


@pytest.mark.parametrize(("width", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
async def test_arguments_are_shown_as_they_are(
    browser: Browser,
    site: ChatSite,
    tmp_path: Path,
    width: str,
    size: tuple[int, int],
) -> None:
    """No markup, and nothing that hides or turns around what is approved; all of it is there."""
    seen = await logged_in(browser, site, size)
    asking = await asked(seen, HOSTILE)
    shown = asking.locator("dd")

    text = await shown.inner_text()
    assert "<img src=x onerror=alert(1)> **bold** \\u{202e}gnp.exe\\u{202c} \\u{200b}[x]" in text
    assert text.count("quite long") == 30
    assert await shown.locator("*").count() == 0
    await keep_picture(seen.page, tmp_path, f"approval-hostile-{width}")
    assert not await seen.page.evaluate("document.documentElement.scrollWidth > innerWidth")
    await asking.get_by_role("button", name="Refuse").click()
    await expect(asking).to_have_attribute("data-state", "refused")
    assert not seen.faults
