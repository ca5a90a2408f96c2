"""How long a browser takes to the chat page, beside an empty page of the same server.

Run with `PYTHONPATH=tests .venv/bin/python benchmarks/chat_page.py`; it needs Chromium. Both
services and the browser share the machine, and the services share one process.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from playwright.async_api import Browser

from fakes.browser import DESKTOP, PHONE, running_browser
from fakes.chat_page import Visitor, logged_in, visitor
from fakes.chat_site import ChatSite, chat_site
from fakes.log_lines import log_lines

VISITS: Final = 10
_SHOWN: Final = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_ONLINE: Final = "performance.getEntriesByName('netra-online')[0]?.startTime"
_LOADED: Final = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
_BYTES: Final = """performance.getEntriesByType('navigation')
    .concat(performance.getEntriesByType('resource'))
    .reduce((sum, entry) => sum + entry.transferSize, 0)"""


async def strangers(browser: Browser, site: ChatSite) -> tuple[list[float], float]:
    """Open the page with nothing remembered; milliseconds to its first picture, and its bytes."""
    shown, size = [], 0.0
    for _ in range(VISITS):
        seen = await visitor(browser, site)
        await seen.open()
        await seen.page.wait_for_function(_SHOWN)
        await seen.page.wait_for_selector("#log-in:visible")
        shown.append(float(await seen.page.evaluate(_SHOWN)))
        size = float(await seen.page.evaluate(_BYTES))
        await seen.page.context.close()
    return shown, size


async def residents(seen: Visitor) -> list[float]:
    """Open the page with a session; milliseconds until it is online."""
    online = []
    for _ in range(VISITS):
        await seen.page.reload()
        await seen.online()
        online.append(float(await seen.page.evaluate(_ONLINE)))
    return online


async def bare(seen: Visitor) -> list[float]:
    """Open a JSON document of the same server."""
    loaded = []
    for _ in range(VISITS):
        await seen.page.goto(f"{seen.site.origin}/health/live")
        loaded.append(float(await seen.page.evaluate(_LOADED)))
    return loaded


def _print(what: str, ours: Sequence[float], empty: Sequence[float]) -> None:
    ratio = median(ours) / median(empty)
    print(
        f"{what:<46} p50 {median(ours):7.0f} max {max(ours):7.0f} ms   "
        f"empty page p50 {median(empty):5.0f} ms   x{ratio:.1f}"
    )


async def main() -> None:
    with tempfile.TemporaryDirectory() as name, log_lines("ERROR"):
        async with running_browser() as browser, chat_site(Path(name)) as site:
            empty = await bare(await logged_in(browser, site))
            first, size = await strangers(browser, site)
            _print("page, nothing remembered, to the log-in card", first, empty)
            for what, width in (("desktop", DESKTOP), ("phone", PHONE)):
                seen = await logged_in(browser, site, width)
                _print(f"page, with a session, to online ({what})", await residents(seen), empty)
    print(f"page, everything it fetches: {size / 1024:.0f} KB")


if __name__ == "__main__":
    asyncio.run(main())
