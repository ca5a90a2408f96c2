"""Walking the auth service's pages as a browser would: redirects, forms, buttons."""

from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx2

from fakes.running_auth import Person

_MAX_STEPS = 15


class Form(HTMLParser):
    """The first form of a page: where it goes, what is in it, and its named buttons in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.buttons: list[tuple[str, str]] = []
        self._ended = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take notice of the form and what is in it."""
        given = {name: value or "" for name, value in attrs}
        if self._ended:
            return
        if tag == "form":
            self.action = given.get("action", "")
        elif tag == "input" and given.get("name"):
            self.fields[given["name"]] = given.get("value", "")
        elif tag == "button" and given.get("name"):
            self.buttons.append((given["name"], given.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        """Leave it at the first form."""
        self._ended = self._ended or (tag == "form" and bool(self.fields))


async def answered_by(
    browser: httpx2.AsyncClient, address: str, person: Person, callback: str
) -> str:
    """Walk from an authorization request to where the answer goes, and give that address."""
    answer = await walked(browser, await browser.get(address), person, callback)
    return str(answer.headers["location"])


async def walked(
    browser: httpx2.AsyncClient,
    answer: httpx2.Response,
    person: Person,
    callback: str | None = None,
) -> httpx2.Response:
    """Follow redirects, log in, allow what is asked for, until a page without a form of ours.

    With a `callback` it ends at the redirect that leads there.
    """
    for _ in range(_MAX_STEPS):
        here = str(answer.url)
        if answer.is_redirect:
            if callback is not None and answer.headers["location"].startswith(callback):
                return answer
            answer = await browser.get(urljoin(here, answer.headers["location"]))
            continue
        form = Form(answer.text)
        if "csrf_token" not in form.fields:
            return answer
        filled = dict(form.fields)
        if "password" in filled:
            filled |= {"email": person.email, "password": person.password}
        elif form.buttons:
            filled |= dict(form.buttons[:1])
        origin = urljoin(here, "/").rstrip("/")
        answer = await browser.post(
            urljoin(here, form.action), data=filled, headers={"Origin": origin}
        )
    raise AssertionError(f"the log-in does not end: {answer.url} {answer.status_code}")
