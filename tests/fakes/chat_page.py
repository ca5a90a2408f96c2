"""A person at the chat page: what they can do there, in a real browser."""

from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, Locator, Page

from fakes.browser import DESKTOP, new_context
from fakes.chat_site import ChatSite
from fakes.running_auth import Person


@dataclass
class Visitor:
    """Somebody's window with the chat page, and what the browser told of it."""

    page: Page
    site: ChatSite
    sockets: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def log(self) -> Locator:
        """The open conversation."""
        return self.page.locator("#log")

    async def open(self) -> None:
        """Open the page."""
        await self.page.goto(self.site.url)

    async def log_in(self, person: Person) -> None:
        """Go through the log-in page, from the page's card to the chat."""
        await self.page.click("#log-in")
        await self.page.fill("#email", person.email)
        await self.page.fill("#password", person.password)
        await self.page.click("button[type=submit]")
        await self.online()

    async def online(self) -> None:
        """Wait until the connection stands."""
        await self.phase("online")

    async def phase(self, phase: str) -> None:
        """Wait until the connection is in a phase."""
        await self.page.wait_for_selector(f"html[data-phase={phase}]", state="attached")

    async def say(self, text: str) -> None:
        """Write a message and send it with Enter."""
        await self.page.fill("#text", text)
        await self.page.press("#text", "Enter")

    async def answers(self, count: int) -> list[str]:
        """Wait for so many finished answers and give their texts."""
        await self.log.locator(".run .actions:visible").nth(count - 1).wait_for()
        shown: list[str] = await self.log.locator(".run .answer").all_inner_texts()
        return shown


async def visitor(
    browser: Browser, site: ChatSite, size: tuple[int, int] = DESKTOP, **options: Any
) -> Visitor:
    """Give somebody a window of their own; nothing is opened in it yet."""
    context = await new_context(browser, size, **options)
    page = await context.new_page()
    seen = Visitor(page, site)
    page.on("websocket", lambda socket: seen.sockets.append(socket.url))
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("pageerror", lambda error: seen.faults.append(str(error)))
    page.on("dialog", lambda dialog: seen.faults.append(dialog.message))
    return seen


async def logged_in(
    browser: Browser, site: ChatSite, size: tuple[int, int] = DESKTOP, **options: Any
) -> Visitor:
    """Give a new person who is logged in and online."""
    seen = await visitor(browser, site, size, **options)
    await seen.open()
    await seen.log_in(await site.person())
    return seen
