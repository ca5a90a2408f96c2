"""The chat page when things fail: lost connections, ended sessions, absent services."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, WebSocketRoute, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from fakes.browser import PHONE, keep_picture
from fakes.chat_page import logged_in, visitor
from fakes.chat_site import ChatSite, chat_site
from fakes.scripted_agents import Words, catalogue, tool
from fakes.timing import UNIT
from netra.agent_api import Question, Run, ToolContext

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Patience:
    """An agent that waits in its tool until it may go on."""

    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    calls: int = 0

    async def answer(self, question: Question, run: Run) -> str:
        """Use the tool, then answer."""
        await run.think("One moment.")
        await run.call("wait", {"text": question.text})
        return f"Answer to: {question.text}"

    async def wait(self, words: Words, _context: ToolContext) -> object:
        """Wait."""
        self.calls += 1
        await self.may_go_on.wait()
        return words.text


@pytest.fixture
def patience() -> Patience:
    """Give an agent that waits."""
    return Patience()


@pytest_asyncio.fixture(loop_scope="module")
async def site(tmp_path: Path, patience: Patience) -> AsyncIterator[ChatSite]:
    """Run both services with that agent."""
    agents = catalogue(patience.answer, tool("wait", patience.wait))
    async with chat_site(tmp_path, catalogue=agents) as running:
        yield running


async def test_nothing_is_lost_when_the_backend_restarts_in_the_middle(
    browser: Browser, site: ChatSite, patience: Patience, tmp_path: Path
) -> None:
    """The page says that it is offline and why, keeps what is written, and goes on by itself."""
    seen = await logged_in(browser, site, PHONE)
    page = seen.page
    await seen.say("first")
    await expect(page.locator(".tool.running")).to_be_visible()
    await site.stop_backend()
    await expect(page.locator("#connection")).to_have_text("Offline")
    await expect(page.locator("#notice")).to_be_visible()
    await seen.say("second")
    await expect(page.locator(".unsent .note")).to_contain_text("when the connection is back")
    await keep_picture(page, tmp_path, "phone-light-offline")
    patience.may_go_on.set()
    await site.start_backend()

    assert await seen.answers(2) == ["Answer to: first", "Answer to: second"]
    await expect(page.locator("#connection")).to_have_text("Online")
    await expect(page.locator("#notice")).to_be_hidden()
    await expect(seen.log.locator(".bubble")).to_have_text(["first", "second"])
    await expect(seen.log.locator(".tool")).to_have_count(2)
    await page.reload()
    await seen.online()
    assert await seen.answers(2) == ["Answer to: first", "Answer to: second"]
    await expect(seen.log.locator(".bubble")).to_have_text(["first", "second"])


async def test_a_stop_that_is_lost_with_its_connection_is_asked_again(
    browser: Browser, site: ChatSite
) -> None:
    """What a person stopped is stopped, though the connection broke at that very moment."""
    seen = await visitor(browser, site)
    lost: list[str | bytes] = []
    closing: set[asyncio.Task[None]] = set()

    def relay(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def from_page(message: str | bytes) -> None:
            if "cancel" in str(message) and not lost:
                lost.append(message)
                closing.add(asyncio.ensure_future(socket.close(code=1012, reason="restarting")))
            else:
                server.send(message)

        socket.on_message(from_page)

    await seen.page.route_web_socket("**/ws", relay)
    await seen.open()
    await seen.log_in(await site.person())
    await seen.say("first")
    await expect(seen.page.locator(".tool.running")).to_be_visible()
    await seen.page.click("#stop")

    await expect(seen.log.locator(".run")).to_contain_text("Stopped")
    assert len(lost) == 1
    await asyncio.gather(*closing)


async def test_an_erased_account_data_is_said_on_the_open_page(
    browser: Browser, site: ChatSite, patience: Patience
) -> None:
    """After all was erased elsewhere the page says that the conversation is gone, and works on."""
    patience.may_go_on.set()
    seen = await visitor(browser, site)
    person = await site.person()
    await seen.open()
    await seen.log_in(person)
    await seen.say("first")
    await seen.answers(1)
    token = (await site.auth.tokens_of(person))["access_token"]
    async with site.backend.client(token) as client:
        assert (await client.delete("/api/me")).status_code == 204
    await site.stop_backend()
    await seen.phase("waiting")
    await site.start_backend()
    await seen.online()

    await expect(seen.log.get_by_role("alert")).to_contain_text("This conversation does not exist.")
    await expect(seen.page.locator(".thread")).to_have_count(0)
    await seen.page.click("#new")
    await seen.say("second")
    assert await seen.answers(1) == ["Answer to: second"]


async def test_a_reload_in_the_middle_of_a_run_shows_the_run_again(
    browser: Browser, site: ChatSite, patience: Patience
) -> None:
    """What an unfinished run has done so far is there after a reload, and it goes on."""
    seen = await logged_in(browser, site)
    await seen.say("first")
    await expect(seen.page.locator(".tool.running")).to_be_visible()
    await seen.page.reload()
    await expect(seen.page.locator(".tool.running")).to_be_visible()
    await expect(seen.page.locator(".thought")).to_have_text("One moment.")
    patience.may_go_on.set()

    assert await seen.answers(1) == ["Answer to: first"]
    await expect(seen.log.locator(".bubble")).to_have_count(1)


async def test_two_windows_of_one_person_show_the_same(
    browser: Browser, site: ChatSite, patience: Patience
) -> None:
    """What is said in one window is seen in the other, live and once."""
    patience.may_go_on.set()
    seen = await logged_in(browser, site)
    await seen.say("first")
    await seen.answers(1)
    other = await seen.page.context.new_page()
    await other.goto(seen.page.url)
    await expect(other.locator(".bubble")).to_have_text("first")
    await other.locator("html[data-phase=online]").wait_for()
    await seen.say("second")
    await seen.answers(2)

    await expect(other.locator(".bubble")).to_have_text(["first", "second"])
    await expect(other.locator(".run .answer")).to_have_text(
        ["Answer to: first", "Answer to: second"]
    )


async def test_a_conversation_deleted_in_another_window_ends_in_this_one(
    browser: Browser, site: ChatSite
) -> None:
    """Its run is seen to stop, and what is said in it then is refused and kept."""
    seen = await logged_in(browser, site)
    await seen.say("first")
    await expect(seen.page.locator("#stop")).to_be_visible()
    await expect(seen.page.locator("#threads .thread")).to_have_count(1)
    other = await seen.page.context.new_page()
    await other.goto(seen.page.url)
    await other.locator("html[data-phase=online]").wait_for()
    await other.click("#delete-open")
    await other.click("#delete button[type=submit]")

    await expect(other.locator("#threads .thread")).to_have_count(0)
    await expect(seen.page.locator("#stop")).to_be_hidden()
    await expect(seen.page.locator(".failure.mild")).to_be_visible()
    await seen.say("second")
    await expect(seen.page.locator("#threads .thread")).to_have_count(0)
    await expect(seen.log.locator(".bubble").last).to_have_text("second")


async def test_a_session_that_ended_elsewhere_is_said_plainly(
    browser: Browser, site: ChatSite, tmp_path: Path
) -> None:
    """Logging out on the auth service's page ends this page within a second, and it says so."""
    seen = await logged_in(browser, site)
    await seen.say("something private")
    await expect(seen.page.locator(".bubble")).to_be_visible()
    other = await seen.page.context.new_page()
    await other.goto(f"{site.auth.url}/logout")
    await other.click("button[type=submit]")

    title = seen.page.get_by_role("heading", name="Your session has ended")
    await title.wait_for(timeout=5_000 * UNIT)
    assert "something private" not in await seen.page.inner_text("body")
    await expect(seen.page.locator("#log .bubble")).to_have_count(0)
    await keep_picture(seen.page, tmp_path, "desktop-light-ended")


async def test_logging_out_ends_the_session_and_forgets_everything(
    browser: Browser, site: ChatSite, tmp_path: Path
) -> None:
    """After logging out a reload finds nobody, and the next person sees nothing of the first."""
    seen = await logged_in(browser, site, color_scheme="dark")
    await seen.say("something private")
    await expect(seen.page.locator(".bubble")).to_be_visible()
    await seen.page.click("#log-out")
    await expect(seen.page.get_by_role("heading", name="You are logged out")).to_be_visible()
    await keep_picture(seen.page, tmp_path, "desktop-dark-logged-out")
    assert "something private" not in await seen.page.content()
    await seen.page.reload()
    await expect(seen.page.get_by_role("heading", name="Chat with an agent")).to_be_visible()

    await seen.log_in(await site.person())
    await expect(seen.page.locator("#threads-note")).to_contain_text("will be listed here")
    assert "something private" not in await seen.page.content()


async def test_somebody_else_who_logs_in_in_this_browser_starts_with_a_clean_page(
    browser: Browser, site: ChatSite
) -> None:
    """A new token that is another person's is not used under what the first one sees."""
    seen = await logged_in(browser, site)
    await seen.say("something private")
    await expect(seen.page.locator(".bubble")).to_be_visible()
    other = await seen.page.context.new_page()
    await other.goto(f"{site.auth.url}/logout")
    person = await site.person()
    await seen.page.context.set_offline(offline=True)
    await seen.phase("waiting")
    await seen.page.context.set_offline(offline=False)
    await other.click("button[type=submit]")
    await other.fill("#email", person.email)
    await other.fill("#password", person.password)
    await other.click("button[type=submit]")
    await other.close()

    ended = seen.page.get_by_role("heading", name="Your session has ended")
    clean = seen.page.locator("#threads-note").get_by_text("will be listed here")
    await expect(ended.or_(clean)).to_be_visible(timeout=10_000 * UNIT)
    assert "something private" not in await seen.page.inner_text("body")


async def test_a_person_who_may_not_chat_is_told_before_any_socket(
    browser: Browser, site: ChatSite
) -> None:
    """The page asks what the person may do; without the permission no socket is opened."""
    seen = await visitor(browser, site)

    async def without_permission(route: Route) -> None:
        answer = await route.fetch()
        me = json.loads(await answer.text())
        me["permissions"] = [one for one in me["permissions"] if one != "agents:run"]
        await route.fulfill(response=answer, json=me)

    await seen.page.route("**/api/me", without_permission)
    await seen.open()
    person = await site.person()
    await seen.page.click("#log-in")
    await seen.page.fill("#email", person.email)
    await seen.page.fill("#password", person.password)
    await seen.page.click("button[type=submit]")

    await expect(seen.page.get_by_role("heading", name="You cannot chat here")).to_be_visible()
    assert seen.sockets == []


async def test_an_absent_log_in_service_is_named(
    browser: Browser, site: ChatSite, tmp_path: Path
) -> None:
    """When the auth service does not answer the page says that, and not that anybody is wrong."""
    seen = await visitor(browser, site, PHONE, color_scheme="dark")
    await seen.page.route(f"{site.auth.url}/**", lambda route: route.abort())
    await seen.open()

    card = seen.page.locator("#gate-card")
    await expect(card).to_contain_text("The log-in service does not answer", timeout=15_000 * UNIT)
    await expect(seen.page.get_by_role("button", name="Try again")).to_be_visible()
    await keep_picture(seen.page, tmp_path, "phone-dark-no-auth")
    await seen.page.unroute(f"{site.auth.url}/**")
    # The page also tries by itself, and then the button is gone before it is pressed.
    with suppress(PlaywrightTimeout):
        await seen.page.get_by_role("button", name="Try again").click(timeout=2_000 * UNIT)
    await expect(seen.page.get_by_role("button", name="Log in")).to_be_visible(
        timeout=15_000 * UNIT
    )


async def test_a_page_from_an_address_that_is_not_allowed_says_so(
    browser: Browser, tmp_path: Path
) -> None:
    """A backend that refuses the page's sockets is told apart from one that is down."""
    async with chat_site(tmp_path) as site:
        await site.stop_backend()
        await site.start_backend(ALLOWED_ORIGINS="https://elsewhere.example")
        seen = await visitor(browser, site)
        await seen.open()
        person = await site.person()
        await seen.page.click("#log-in")
        await seen.page.fill("#email", person.email)
        await seen.page.fill("#password", person.password)
        await seen.page.click("button[type=submit]")

        await expect(seen.page.locator("#notice-text")).to_contain_text("allowed origins")
        await keep_picture(seen.page, tmp_path, "desktop-light-refused")


@pytest.mark.parametrize(("is_same", "given_back"), [(True, "not sent yet"), (False, "")])
async def test_what_was_not_sent_when_the_session_ended_is_given_back(
    browser: Browser, site: ChatSite, *, is_same: bool, given_back: str
) -> None:
    """Text written while offline survives the end of the session, for the same person only."""
    seen = await visitor(browser, site)
    person, stranger = await site.person(), await site.person()
    await seen.open()
    await seen.log_in(person)
    await site.stop_backend()
    await seen.phase("waiting")
    await seen.say("not sent yet")
    other = await seen.page.context.new_page()
    await other.goto(f"{site.auth.url}/logout")
    await other.click("button[type=submit]")
    await other.close()
    await site.start_backend()
    await seen.page.get_by_role("heading", name="Your session has ended").wait_for()
    await seen.log_in(person if is_same else stranger)

    await expect(seen.page.locator("#text")).to_have_value(given_back)


@pytest.mark.long
async def test_the_token_is_renewed_on_the_open_socket(browser: Browser, tmp_path: Path) -> None:
    """A token of half a minute is renewed before its end; the one socket never closes."""
    async with chat_site(tmp_path, auth_variables={"ACCESS_TOKEN_SECONDS": "30"}) as site:
        seen = await logged_in(browser, site)
        async with seen.page.expect_response(
            lambda answer: answer.url.endswith("/token"), timeout=40_000 * UNIT
        ):
            pass
        async with seen.page.expect_response(
            lambda answer: answer.url.endswith("/token"), timeout=40_000 * UNIT
        ):
            pass
        await seen.say("who am I")
        await seen.answers(1)

        assert len(seen.sockets) == 1
        await expect(seen.page.locator("#connection")).to_have_text("Online")
