"""Clients that come from another address of this machine: all of 127.0.0.0/8 is its own."""

import asyncio

import httpx2

from fakes.running_auth import Person, RunningAuth, csrf_token_of
from netra_auth.audit import Act, AuditEvent, Origin, Outcome


def client_at(auth: RunningAuth, address: str) -> httpx2.AsyncClient:
    """Open a client with a cookie jar of its own at an address; the caller closes it."""
    transport = httpx2.AsyncHTTPTransport(local_address=address)
    return httpx2.AsyncClient(base_url=auth.url, transport=transport, timeout=30)


async def attempts(
    auth: RunningAuth, person: Person, number: int, *, address: str = "127.0.0.1"
) -> list[httpx2.Response]:
    """Try to log in some times in a row, each time as a browser that was never seen."""
    answers = []
    async with client_at(auth, address) as browser:
        for _ in range(number):
            browser.cookies.clear()
            answers.append(await auth.log_in(browser, person))
    return answers


async def attempts_at_once(auth: RunningAuth, person: Person, number: int) -> list[httpx2.Response]:
    """Try to log in many times at the same moment."""
    form = {"email": person.email, "password": person.password}
    async with auth.browser() as browser:
        form["csrf_token"] = csrf_token_of(await browser.get("/login"))
        return await asyncio.gather(*(browser.post("/login", data=form) for _ in range(number)))


async def failures(
    auth: RunningAuth, person: Person, number: int, *, address: str = "127.0.0.1"
) -> None:
    """Let wrong passwords fail, as the login does it, without the time that verifying takes."""
    origin = Origin(None, address)
    act = Act(event=AuditEvent.LOGIN, outcome=Outcome.REFUSED, origin=origin, reason="wrong")
    for _ in range(number):
        attempt = await auth.state.limits.attempts.password(person.email, None, None, origin)
        await attempt.failed(act)


async def attempt_with(browser: httpx2.AsyncClient, email: str, password: str) -> httpx2.Response:
    """Try to log in once with a browser's cookies."""
    page = await browser.get("/login")
    form = {"email": email, "password": password, "csrf_token": csrf_token_of(page)}
    return await browser.post("/login", data=form)


def statuses(answers: list[httpx2.Response]) -> list[int]:
    """Give the status of each answer."""
    return [answer.status_code for answer in answers]
