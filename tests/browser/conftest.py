"""A browser for every test, and a page that has the chat page's modules but no server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, Route

import netra_backend
from fakes.browser import new_context, running_browser

STATIC = Path(netra_backend.__file__).parent / "app" / "chat_page" / "static"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Run one browser for a module's tests: it takes a second to begin."""
    async with running_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def modules(browser: Browser) -> AsyncIterator[Page]:
    """Open an empty page from whose origin the modules can be imported; nothing else answers."""
    context = await new_context(browser)

    async def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name.endswith(".js"):
            await route.fulfill(path=STATIC / name, content_type="text/javascript")
        else:
            await route.fulfill(body="<!doctype html>", content_type="text/html")

    # A secure context, for the browser gives its cryptography to no other.
    await context.route("**/*", answer)
    page = await context.new_page()
    await page.goto("https://chat.invalid/")
    yield page
    await context.close()
