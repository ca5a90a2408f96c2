"""The consent page in a real browser: the redirects that follow its form, and its looks."""

from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.async_playwright import (  # type: ignore[import-untyped]  # it has no types
    Axe,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from fakes.browser import DESKTOP, PHONE, keep_picture, new_context, running_browser
from fakes.relying_party import relying_party
from fakes.running_auth import Pkce, authorize_path, running_auth_service
from fakes.serving import serving

pytestmark = pytest.mark.long


async def _any_page(_request: Request) -> HTMLResponse:
    return HTMLResponse("<!doctype html><title>A shop</title><body>Here.")


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light")])
async def test_a_person_decides_with_the_keyboard_and_goes_back(
    tmp_path: Path, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    """Deny and Allow lead back to the relying party; the page has no barrier axe knows of."""
    shop_app = Starlette(routes=[Route("/{path:path}", _any_page)])
    async with (
        serving(shop_app) as shop_site,
        running_auth_service(tmp_path) as auth,
        running_browser() as browser,
    ):
        uri = f"{shop_site.url}/callback"
        shop = await relying_party(auth, redirect_uris=uri, audiences="stock")
        person = await auth.registered_person()
        context = await new_context(browser, size, color_scheme=scheme)
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        asked = auth.url + authorize_path(
            Pkce.new(),
            client_id=shop.client_id,
            redirect_uri=uri,
            scope="openid profile email offline_access",
        )

        await page.goto(asked)
        await page.get_by_label("E-mail").fill(person.email)
        await page.get_by_label("Password").fill(person.password)
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Allow").wait_for()
        found = await Axe().run(page)
        await keep_picture(page, tmp_path, f"auth-consent-{size[0]}-{scheme}")
        width = await page.evaluate("document.documentElement.scrollWidth")
        await page.get_by_role("button", name="Deny").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{uri}**")
        denied = parse_qs(urlsplit(page.url).query)
        await page.goto(asked)
        await page.get_by_role("button", name="Allow").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{uri}**")
        allowed = parse_qs(urlsplit(page.url).query)

    assert found.violations_count == 0, found.generate_report()
    assert width <= size[0]
    assert denied["error"] == ["access_denied"]
    assert set(allowed) == {"code", "state", "iss"}
    assert not [text for text in complaints if "Content Security Policy" in text]
