"""What the chat page keeps, runs, reaches and weighs, and whether everybody can use it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import (  # type: ignore[import-untyped]  # it has no types
    Axe,
)
from playwright.async_api import Browser, Page, expect

from fakes.browser import DESKTOP, PHONE
from fakes.chat_page import logged_in, visitor
from fakes.chat_site import ChatSite, chat_site
from fakes.scripted_agents import catalogue
from netra.agent_api import Question, Run

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = """<script>window.harmed = 1</script> <img src=x onerror="window.harmed = 1">

[click](javascript:window.harmed=1) ![p](https://stranger.example/p.png) [out](https://a.example/)

<iframe src="javascript:parent.harmed=1"></iframe><a id="text" href="#">x</a>
"""


async def say_back(question: Question, run: Run) -> str:
    """Answer with what was asked."""
    await run.say(question.text)
    return question.text


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path) -> AsyncIterator[ChatSite]:
    """Run both services with an agent that repeats what it is told."""
    async with chat_site(tmp_path, catalogue=catalogue(say_back)) as running:
        yield running


async def test_an_answer_can_harm_nobody(browser: Browser, site: ChatSite) -> None:
    """Scripts, handlers and pictures of an answer do nothing, while it streams and after."""
    seen = await logged_in(browser, site)
    await seen.say(HOSTILE)
    await seen.answers(1)
    await expect(seen.page.locator(".answer a[href='https://a.example/']")).to_be_visible()
    await seen.page.reload()
    await seen.online()
    await seen.answers(1)

    assert await seen.page.evaluate("window.harmed") is None
    assert not seen.faults
    assert await seen.page.locator(".answer :is(script, img, iframe, [onerror])").count() == 0
    out = seen.page.locator(".answer a[href='https://a.example/']")
    assert await out.get_attribute("rel") == "noopener noreferrer nofollow"
    services = (site.origin, site.auth.url, "data:", "ws:")
    assert [url for url in seen.requests if not url.startswith(services)] == []


async def test_a_string_becomes_html_through_one_door_only(
    browser: Browser, site: ChatSite
) -> None:
    """Trusted Types refuse strings, and the policy refuses inline scripts and strange hosts."""
    seen = await visitor(browser, site)
    await seen.open()
    await expect(seen.page.locator("#gate-card")).to_be_visible()
    outcome = await seen.page.evaluate(
        """async () => {
            const refused = async (act) => {
                try { await act(); return false; } catch (error) { return error.name; }
            };
            const script = document.createElement("script");
            return [
                await refused(() => { document.body.innerHTML = "<b>x</b>"; }),
                await refused(() => { script.text = "window.harmed = 1"; }),
                await refused(() => trustedTypes.createPolicy("mine", {})),
                await refused(() => trustedTypes.createPolicy("netra-markdown", {})),
                await refused(() => fetch("https://stranger.example/")),
            ];
        }"""
    )

    assert outcome == ["TypeError"] * 5
    assert await seen.page.evaluate("window.harmed") is None


async def test_the_token_is_in_memory_only(browser: Browser, site: ChatSite) -> None:
    """No storage and no cookie that a script can read holds a token, nor does any address."""
    seen = await logged_in(browser, site)
    kept = await seen.page.evaluate(
        """async () => JSON.stringify([
            Object.entries(localStorage), Object.entries(sessionStorage), document.cookie,
            await indexedDB.databases(), await caches.keys(), location.href, history.state,
            performance.getEntriesByType("resource").map((one) => one.name),
        ])"""
    )

    assert "eyJ" not in kept
    assert kept.startswith('[[],[],""')
    assert not [url for url in seen.requests if "eyJ" in url]
    assert not [url for url in seen.sockets if "?" in url]


async def test_no_other_page_can_frame_the_chat(browser: Browser, site: ChatSite) -> None:
    """The page and the callback refuse to be framed by a stranger."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.route(
        "https://stranger.example/",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f"<iframe src='{site.url}'></iframe><iframe src='{site.url}/callback'></iframe>",
        ),
    )
    await page.goto("https://stranger.example/")

    assert len(page.frames) == 3
    for frame in page.frames[1:]:
        assert await frame.locator("#chat, script[src]").count() == 0


async def test_the_page_weighs_little(browser: Browser, site: ChatSite) -> None:
    """All that a first visit fetches is below 250 KB, and all of it comes from the backend."""
    seen = await visitor(browser, site)
    await seen.open()
    await expect(seen.page.locator("#gate-card")).to_be_visible()
    weight = await seen.page.evaluate(
        """performance.getEntriesByType("resource")
            .concat(performance.getEntriesByType("navigation"))
            .filter((one) => new URL(one.name).pathname.startsWith("/chat"))
            .reduce((sum, one) => sum + one.decodedBodySize, 0)"""
    )

    assert 50_000 < weight < 250_000
    strange = [url for url in seen.requests if not url.startswith((site.origin, site.auth.url))]
    assert [url for url in strange if not url.startswith("data:")] == []


async def violations(page: Page) -> list[str]:
    """Ask axe what is wrong, as `rule: where`."""
    found = await Axe().run(page)
    return [
        f"{one['id']}: {node['target']}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize(
    ("scheme", "size"),
    [
        pytest.param("dark", PHONE, id="phone-dark"),
        pytest.param("light", DESKTOP, id="desktop-light"),
        pytest.param("light", PHONE, id="phone-light", marks=pytest.mark.long),
        pytest.param("dark", DESKTOP, id="desktop-dark", marks=pytest.mark.long),
    ],
)
async def test_everybody_can_use_it(
    browser: Browser, site: ChatSite, scheme: str, size: tuple[int, int]
) -> None:
    """Axe finds nothing on the card, the empty page, a conversation, the list and the question."""
    # Axe brings its own script, which the page's policy would refuse.
    seen = await visitor(
        browser, site, size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
    )
    await seen.open()
    await expect(seen.page.locator("#gate-card")).to_be_visible()
    assert await violations(seen.page) == []
    await seen.log_in(await site.person())
    assert await violations(seen.page) == []
    await seen.say("# A title\n\n- one\n- [two](https://a.example/)\n\n|a|b|\n|-|-|\n|1|2|\n\n`x`")
    await seen.answers(1)
    await expect(seen.page.locator(".answer table")).to_be_visible()
    assert await violations(seen.page) == []
    if size == PHONE:
        await seen.page.click("#sidebar-open")
        assert await violations(seen.page) == []
        await seen.page.keyboard.press("Escape")
    await seen.page.click("#delete-open")
    assert await violations(seen.page) == []
