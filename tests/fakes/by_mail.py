"""An auth service whose mails go to a mail server of the test's, and people who use them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from fakes.log_in_pages import Form
from fakes.running_auth import Person, RunningAuth, running_auth_service
from fakes.smtp_server import SmtpServer
from netra.clock import Clock
from netra.secret import Secret
from netra_auth.audit import STARTUP
from netra_auth.identities.users import Registrant

SENDER = "accounts@netra.example"
PASSWORD = "correct horse battery"
REGISTER, FORGOTTEN, LINK = "/register", "/forgotten-password", "/mailed-link"


@asynccontextmanager
async def running_by_mail(
    folder: Path, server: SmtpServer, clock: Clock | None = None, **overrides: str | None
) -> AsyncIterator[RunningAuth]:
    """Run the service, with registration by mail unless told otherwise."""
    values = {
        "SELF_REGISTRATION": "by-mail",
        "MAIL_URL": server.url,
        "MAIL_FROM": SENDER,
        **overrides,
    }
    async with running_auth_service(folder, clock=clock, overrides=values) as auth:
        yield auth


async def person_with(auth: RunningAuth, email: str) -> Person:
    """Make an account, as an administrator would."""
    row = await auth.state.users.register(Registrant(email, Secret(PASSWORD)), STARTUP)
    return Person(row.user_id, row.email, PASSWORD)


async def asks(browser: httpx2.AsyncClient, path: str, email: str) -> httpx2.Response:
    """Fetch a page that asks for an address, and send its form."""
    form = Form((await browser.get(path)).text)
    return await browser.post(form.action, data={**form.fields, "email": email})


async def opens(browser: httpx2.AsyncClient, link: str) -> httpx2.Response:
    """Open the link of a mail, as a click does; give the page it leads to."""
    moved = await browser.get(link)
    assert (moved.status_code, moved.headers["location"]) == (303, LINK)
    return await browser.get(LINK)


async def chooses(
    browser: httpx2.AsyncClient, page: httpx2.Response, password: str = PASSWORD
) -> httpx2.Response:
    """Send the form of an opened link."""
    form = Form(page.text)
    return await browser.post(form.action, data={**form.fields, "password": password})
