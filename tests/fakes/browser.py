"""A real Chromium for tests, and where their pictures are kept."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from fakes.requirements import require
from fakes.timing import UNIT

_ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: Final = (390, 844)
DESKTOP: Final = (1280, 800)


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Run Chromium until the block ends; without one the test is skipped loudly."""
    program = shutil.which("chromium")
    require("chromium", program is not None, "there is no program chromium (Debian: chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=list(_ARGUMENTS), timeout=30_000 * UNIT
        )
        try:
            yield browser
        finally:
            await browser.close()


async def new_context(
    browser: Browser, size: tuple[int, int] = DESKTOP, **options: Any
) -> BrowserContext:
    """Open a window of its own, with cookies of its own."""
    width, height = size
    context = await browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(15_000 * UNIT)
    return context


async def keep_picture(page: Page, folder: Path, name: str) -> None:
    """Keep a picture of what is to be seen: where `NETRA_ARTIFACTS` says, or in a folder."""
    kept = Path(os.environ.get("NETRA_ARTIFACTS") or folder) / f"{name}.png"
    await page.screenshot(path=kept, animations="disabled")
