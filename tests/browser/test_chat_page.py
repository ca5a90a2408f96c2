"""The chat page in a real browser with both services: the whole path of a person."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from fakes.browser import DESKTOP, PHONE, keep_picture
from fakes.chat_page import logged_in, visitor
from fakes.chat_site import ChatSite, chat_site
from fakes.scripted_agents import ScriptedPackage, Words, catalogue, tool
from netra.agent_api import Question, Run, RunFailed, ToolContext
from netra_backend.app.agents.catalogue import AgentCatalogue

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWER = """## Three things

1. **Plans** are in `plans.txt`.
2. A [link](https://example.org/) and ~~nothing~~ else.

| day | what |
|---|---|
| Monday | begin |

```
print("done")
```
"""


@dataclass
class Stage:
    """Agents that go on when the test says so."""

    steps: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def go_on(self, times: int = 1) -> None:
        """Let the agent take its next steps."""
        for _ in range(times):
            self.steps.release()

    async def answer(self, question: Question, run: Run) -> str:
        """Think, use a tool, say half of the answer, then all of it."""
        if question.text.startswith("fail"):
            raise RunFailed("model_unavailable", "The language model does not answer.")
        await run.think("First I look at what is there.")
        await self.steps.acquire()
        await run.call("look_up", {"text": question.text})
        await self.steps.acquire()
        await run.say("## Three things\n\n1. **Plans** are ")
        await self.steps.acquire()
        return ANSWER

    async def look_up(self, words: Words, _context: ToolContext) -> object:
        """Give something with structure."""
        await self.steps.acquire()
        return {"found": 3, "for": words.text}


@pytest.fixture
def stage() -> Stage:
    """Give a stage."""
    return Stage()


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path, stage: Stage) -> AsyncIterator[ChatSite]:
    """Run both services with agents that wait for the test."""
    agents = catalogue(stage.answer, tool("look_up", stage.look_up))
    async with chat_site(tmp_path, catalogue=agents) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def plain_site(tmp_path: Path) -> AsyncIterator[ChatSite]:
    """Run both services with the installed agents."""
    async with chat_site(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("scheme", "width", "size"),
    [
        ("dark", "phone", PHONE),
        ("light", "desktop", DESKTOP),
        pytest.param("light", "phone", PHONE, marks=pytest.mark.long),
        pytest.param("dark", "desktop", DESKTOP, marks=pytest.mark.long),
    ],
)
async def test_a_turn_is_seen_live_from_question_to_answer(
    browser: Browser,
    site: ChatSite,
    stage: Stage,
    tmp_path: Path,
    scheme: str,
    width: str,
    size: tuple[int, int],
) -> None:
    """Steps appear as they happen, folded; the answer streams, is whole and is formatted."""
    name = f"{width}-{scheme}"
    seen = await visitor(browser, site, size, color_scheme=scheme)
    page = seen.page
    await seen.open()
    await expect(page.get_by_role("heading", name="Chat with an agent")).to_be_visible()
    await keep_picture(page, tmp_path, f"{name}-1-signed-out")
    await seen.log_in(await site.person())
    await expect(page.get_by_role("heading", name="What would you like to know?")).to_be_visible()
    await keep_picture(page, tmp_path, f"{name}-2-empty")

    await seen.say("What is planned?")
    await expect(page.locator(".thought")).to_have_text("First I look at what is there.")
    stage.go_on()
    await expect(page.locator(".steps-title")).to_have_text("Using look up")
    await keep_picture(page, tmp_path, f"{name}-3-tool")
    stage.go_on()
    await expect(page.locator(".steps-title")).to_have_text("Thinking")
    stage.go_on()
    await expect(page.locator(".answer strong")).to_have_text("Plans")
    await keep_picture(page, tmp_path, f"{name}-4-streaming")
    stage.go_on()
    await expect(page.locator(".answer table")).to_be_visible()
    await expect(page.locator(".steps-title")).to_contain_text("2 steps")
    await expect(page.locator(".thought")).to_be_hidden()
    await page.locator(".steps > summary").click()
    await page.locator(".tool summary").click()
    inside = page.locator(".tool pre")
    await expect(inside.first).to_contain_text('"text": "What is planned?"')
    await expect(inside.last).to_contain_text('"found": 3')
    await keep_picture(page, tmp_path, f"{name}-5-answered")
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide
    assert not seen.faults


async def test_a_person_signs_up_and_comes_back_to_the_page(
    browser: Browser, plain_site: ChatSite
) -> None:
    """`Make an account` leads to the auth service's own page and back, logged in."""
    seen = await visitor(browser, plain_site)
    await seen.open()
    await seen.page.click("#register")
    assert seen.page.url.startswith(f"{plain_site.auth.url}/register")
    await seen.page.fill("#email", "new.person@example.org")
    await seen.page.fill("#password", "a long enough password")
    await seen.page.click("button[type=submit]")
    await seen.online()

    assert seen.page.url == plain_site.url
    await seen.say("who am I")
    (answer,) = await seen.answers(1)
    assert "usr_" in answer


async def test_the_built_in_assistant_answers_and_a_reload_shows_it_again(
    browser: Browser, plain_site: ChatSite
) -> None:
    """After a reload nobody logs in again, and the conversation is there as it was."""
    seen = await logged_in(browser, plain_site)
    await seen.say("who am I")
    before = await seen.answers(1)
    await seen.page.reload()
    await seen.online()

    assert await seen.answers(1) == before
    await expect(seen.log.locator(".bubble")).to_have_text("who am I")
    assert not [url for url in seen.requests if url.startswith(f"{plain_site.auth.url}/login?")][1:]


async def test_threads_are_found_renamed_and_deleted(
    browser: Browser, plain_site: ChatSite
) -> None:
    """The list shows every thread; searching, renaming and deleting change what it shows."""
    seen = await logged_in(browser, plain_site)
    page, threads = seen.page, seen.page.locator("#threads .thread-title")
    await seen.say("what is 2 + 3?")
    await seen.answers(1)
    await page.click("#new")
    await expect(page.locator(".empty")).to_be_visible()
    await seen.say("who am I")
    await seen.answers(1)
    await expect(threads).to_have_text(["who am I", "what is 2 + 3?"])

    await threads.last.click()
    await expect(seen.log.locator(".bubble")).to_have_text("what is 2 + 3?")
    await page.click("#rename-open")
    await page.fill("#rename-title", "Sums")
    await page.press("#rename-title", "Enter")
    await expect(page.locator("#title")).to_have_text("Sums")
    await expect(threads).to_have_text(["who am I", "Sums"])

    await page.fill("#search", "sums")
    await expect(threads).to_have_text(["Sums"])
    await page.fill("#search", "nothing like it")
    await expect(page.locator("#threads-note")).to_have_text("Nothing found")
    await page.fill("#search", "")
    await expect(threads).to_have_count(2)

    await page.click("#delete-open")
    await page.click("#delete [data-cancel]")
    await expect(threads).to_have_count(2)
    await page.click("#delete-open")
    await page.click("#delete button[type=submit]")
    await expect(threads).to_have_text(["who am I"])
    await expect(page.locator(".empty")).to_be_visible()
    await page.go_back()
    await page.go_back()
    assert not seen.faults


async def test_a_run_is_stopped_by_escape(browser: Browser, site: ChatSite) -> None:
    """Escape ends what is going on, and the page says so plainly."""
    seen = await logged_in(browser, site)
    await seen.say("Take your time")
    await expect(seen.page.locator(".thought")).to_be_visible()
    await expect(seen.page.locator("#stop")).to_be_visible()
    await seen.page.keyboard.press("Escape")

    await expect(seen.page.locator(".failure.mild")).to_be_visible()
    await expect(seen.page.locator("#stop")).to_be_hidden()
    await expect(seen.page.locator("#text")).to_be_focused()


async def test_a_failure_says_why_and_can_be_asked_again(
    browser: Browser, site: ChatSite, tmp_path: Path
) -> None:
    """A run without an answer shows the reason, and its question can be taken up again."""
    seen = await logged_in(browser, site, PHONE)
    await seen.say("fail, please")

    failure = seen.page.locator(".failure")
    await expect(failure).to_have_text("The language model does not answer.")
    await keep_picture(seen.page, tmp_path, "phone-light-failed")
    await seen.page.get_by_role("button", name="Ask again").click()
    await expect(seen.page.locator("#text")).to_have_value("fail, please")


async def test_an_answer_is_copied_as_it_was_written(
    browser: Browser, site: ChatSite, stage: Stage
) -> None:
    """Copying gives the Markdown, not what it was made into."""
    seen = await logged_in(browser, site, permissions=["clipboard-read", "clipboard-write"])
    stage.go_on(4)
    await seen.say("What is planned?")
    await seen.page.get_by_role("button", name="Copy").click()
    await expect(seen.page.get_by_role("button", name="Copied")).to_be_visible()

    assert await seen.page.evaluate("navigator.clipboard.readText()") == ANSWER


async def test_everything_works_by_keyboard(
    browser: Browser, plain_site: ChatSite, tmp_path: Path
) -> None:
    """Enter sends, Shift+Enter begins a line, Tab goes through all in order and is always seen."""
    seen = await logged_in(browser, plain_site)
    page = seen.page
    await page.focus("#text")
    await page.keyboard.type("who am I")
    await page.keyboard.press("Shift+Enter")
    await expect(page.locator("#text")).to_have_value("who am I\n")
    await page.keyboard.press("Backspace")
    await page.keyboard.press("Enter")
    await seen.answers(1)
    await expect(page.locator(".thread")).to_be_visible()
    await page.focus(".skip")
    order = []
    for _ in range(11):
        order.append(
            await page.evaluate(
                """() => {
                    const at = document.activeElement;
                    const style = getComputedStyle(at);
                    const seen = style.outlineStyle !== "none" || at.id === "text";
                    return seen ? (at.id || at.className || at.tagName.toLowerCase()) : "unseen";
                }"""
            )
        )
        await page.keyboard.press("Tab")

    list_first = ["skip", "new", "search", "thread", "log-out"]
    assert order == [*list_first, "rename-open", "delete-open", "log", "summary", "quiet", "text"]
    await keep_picture(page, tmp_path, "desktop-light-keyboard")


async def test_what_cannot_be_stored_is_not_sent(browser: Browser, plain_site: ChatSite) -> None:
    """Blanks of any kind are no message, and half a character does not cost the connection."""
    seen = await logged_in(browser, plain_site)
    for blank in ("\u0085", "\u001c", " \u2003"):
        await seen.say(blank)
    await seen.page.evaluate("document.getElementById('text').value = 'half \\ud83d'")
    await seen.page.press("#text", "Enter")

    assert len(await seen.answers(1)) == 1
    await expect(seen.log.locator(".bubble")).to_have_text(["half \N{REPLACEMENT CHARACTER}"])
    assert len(seen.sockets) == 1


@pytest.mark.parametrize(
    "width", [320, *(pytest.param(width, marks=pytest.mark.long) for width in (390, 430))]
)
async def test_on_a_phone_nothing_squeezes_what_sends_and_stops(
    browser: Browser, tmp_path: Path, stage: Stage, width: int
) -> None:
    """Both can be hit by a finger beside the choice of agents (WCAG 2.2, 2.5.8)."""
    package = ScriptedPackage(stage.answer, [tool("look_up", stage.look_up)])
    agents = AgentCatalogue({"assistant": package, "a-model-with-a-long-name": package})
    async with chat_site(tmp_path, catalogue=agents) as site:
        seen = await logged_in(browser, site, (width, 800), has_touch=True)
        await seen.say("Take your time")
        await expect(seen.page.locator("#stop")).to_be_visible()
        await expect(seen.page.locator("#agent-choice")).to_be_visible()
        await keep_picture(seen.page, tmp_path, f"phone-light-composer-{width}")

        for control in ("#agent", "#send", "#stop"):
            box = await seen.page.locator(control).bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            assert control == "#agent" or (box["width"], box["height"]) == (40, 40)


async def test_on_a_phone_the_list_slides_over_the_conversation(
    browser: Browser, plain_site: ChatSite, tmp_path: Path
) -> None:
    """The list opens, holds the focus, closes by Escape, and choosing a thread closes it."""
    seen = await logged_in(browser, plain_site, PHONE, color_scheme="dark", has_touch=True)
    page = seen.page
    await seen.say("who am I")
    await seen.answers(1)
    await expect(page.locator("#sidebar")).to_be_hidden()
    await page.tap("#sidebar-open")
    await expect(page.locator("#search")).to_be_focused()
    assert await page.evaluate("document.getElementById('main').inert")
    await keep_picture(page, tmp_path, "phone-dark-list")
    await page.keyboard.press("Escape")
    await expect(page.locator("#sidebar")).to_be_hidden()
    await expect(page.locator("#sidebar-open")).to_be_focused()
    await page.tap("#sidebar-open")
    await page.tap("#threads .thread")
    await expect(page.locator("#sidebar")).to_be_hidden()
    await page.tap("#delete-open")
    await keep_picture(page, tmp_path, "phone-dark-question")
