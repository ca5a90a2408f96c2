"""Registering by mail, and a new password by mail: what people and strangers see of it."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine
from structlog.contextvars import get_contextvars

from fakes.authenticator import set_up
from fakes.by_mail import (
    FORGOTTEN,
    LINK,
    PASSWORD,
    REGISTER,
    asks,
    chooses,
    opens,
    person_with,
    running_by_mail,
)
from fakes.clock import ManualClock
from fakes.log_in_pages import Form
from fakes.log_lines import log_lines
from fakes.running_auth import Person, RunningAuth, running_auth_service
from fakes.smtp_server import SmtpServer
from fakes.timing import UNIT, eventually
from netra_auth.audit import STARTUP
from netra_auth.store import tables

OTHER_PASSWORD = "another horse, another battery"
SOON = 5 * UNIT


@pytest.fixture
async def post() -> AsyncIterator[SmtpServer]:
    """Run a mail server."""
    async with SmtpServer().running() as server:
        yield server


@pytest.fixture
async def auth(tmp_path: Path, clock: ManualClock, post: SmtpServer) -> AsyncIterator[RunningAuth]:
    """Run the service with registration by mail."""
    async with running_by_mail(tmp_path, post, clock) as running:
        yield running


@contextmanager
def statements_of_requests() -> Iterator[list[str]]:
    """Note every statement that a store is sent for a request; the sender's are no request's."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "request_id" in get_contextvars():
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def shown(answer: httpx2.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Give everything of an answer that a stranger can compare, cookies included."""
    varying = ("date", "x-request-id")
    headers = [pair for pair in answer.headers.multi_items() if pair[0] not in varying]
    return answer.status_code, answer.content, headers


async def asked(auth: RunningAuth, post: SmtpServer, path: str, email: str, part: str) -> str:
    """Ask for a mail, wait for it and give its link."""
    number = len(post.mails) + 1
    async with auth.browser() as browser:
        assert (await asks(browser, path, email)).status_code == 200
    mails = await post.arrived(number, within=SOON)
    return mails[-1].link(part)


async def test_an_account_is_made_through_the_mailbox(auth: RunningAuth, post: SmtpServer) -> None:
    """Address, mail, link, password: then there is an account, and its owner is logged in."""
    link = await asked(auth, post, REGISTER, " Ada@Example.ORG ", LINK)
    async with auth.browser() as browser:
        page = await opens(browser, link)
        assert "ada@example.org" in page.text
        assert "Choose a password" in page.text
        done = await chooses(browser, page)

        assert (done.status_code, done.headers["location"]) == (303, "/logout")
        assert "ada@example.org" in (await browser.get("/logout")).text
        assert "netra_link" not in browser.cookies
    assert post.mails[0].recipient == "ada@example.org"
    assert post.mails[0].sender == "accounts@netra.example"
    (made,) = await auth.audited("user_registered")
    assert (made.outcome, made.reason) == ("success", "by a link in a mail")


async def test_whoever_has_an_account_is_told_so_in_private(
    auth: RunningAuth, post: SmtpServer
) -> None:
    """The mail says that there is one and how to get in, and opens nothing itself."""
    await person_with(auth, "ada@example.org")
    async with auth.browser() as browser:
        await asks(browser, REGISTER, "ada@example.org")
    (mail,) = await post.arrived(1, within=SOON)

    assert "You have one already" in mail.text
    assert f"{auth.url}/login" in mail.text
    assert f"{auth.url}{FORGOTTEN}" in mail.text
    assert "token" not in mail.text


@pytest.mark.parametrize("path", [REGISTER, FORGOTTEN])
async def test_strangers_cannot_tell_who_has_an_account(
    auth: RunningAuth, post: SmtpServer, path: str
) -> None:
    """Status, headers, cookies, body and statements are one, whatever the address is."""
    await person_with(auth, "taken@example.org")
    disabled = await person_with(auth, "disabled@example.org")
    await auth.state.accounts.disable(disabled.user_id, "operator", STARTUP)
    addresses = (
        "free@example.org",
        "taken@example.org",
        "TAKEN@example.org",
        "\uff54\uff41ken@example.org",
        "disabled@example.org",
        "nobody@nowhere.invalid",
        *["taken@example.org"] * 4,
    )
    answers, works = [], []
    async with auth.browser() as browser:
        await browser.get(path)
        for address in addresses:
            form = Form((await browser.get(path)).text)
            with statements_of_requests() as work:
                answer = await browser.post(path, data={**form.fields, "email": address})
            answers.append(shown(answer))
            works.append(list(work))

    assert answers[0][0] == 200
    assert b"Look into your mailbox" in answers[0][1]
    assert all(answer == answers[0] for answer in answers)
    assert works[0]
    assert all(work == works[0] for work in works)
    assert not [statement for statement in works[0] if re.search(r"\busers\b", statement)]
    await eventually(lambda: is_quiet(auth), within=SOON)
    assert all("invalid" not in mail.recipient or path == REGISTER for mail in post.mails)


async def is_quiet(auth: RunningAuth) -> bool:
    """Tell whether nothing is left to be sent."""
    async with auth.state.database.reading() as connection:
        mails = tables.mail_requests
        left = select(func.count()).where(mails.c.next_attempt_at.is_not(None))
        return bool((await connection.execute(left)).scalar_one() == 0)


async def test_json_is_refused_alike(auth: RunningAuth) -> None:
    """`POST /users` says where to go, whether the address is taken or not."""
    await person_with(auth, "ada@example.org")
    answers = []
    for email in ("ada@example.org", "free@example.org"):
        answer = await auth.http.post("/users", json={"email": email, "password": PASSWORD})
        answers.append(answer)

    assert [answer.status_code for answer in answers] == [403, 403]
    documents = [{**answer.json(), "request_id": ""} for answer in answers]
    assert documents[0] == documents[1]
    assert documents[0]["code"] == "registration_by_mail"
    assert "/register" in documents[0]["title"] + str(documents[0].get("detail"))


async def test_opening_a_link_uses_nothing_up(auth: RunningAuth, post: SmtpServer) -> None:
    """However often scanners open it, the form still works; then it works no more."""
    link = await asked(auth, post, REGISTER, "ada@example.org", LINK)
    for _ in range(5):
        async with auth.browser() as scanner:
            assert (await opens(scanner, link)).status_code == 200
            assert (await scanner.head(link)).status_code in (303, 405)
    async with auth.browser() as browser:
        page = await opens(browser, link)
        assert (await chooses(browser, page)).status_code == 303
    async with auth.browser() as thief:
        again = await opens(thief, link)

    assert again.status_code == 400
    assert "does not work any more" in again.text
    assert "ada@example.org" not in again.text


async def test_a_used_link_is_refused_to_a_form_of_before(
    auth: RunningAuth, post: SmtpServer
) -> None:
    """Of two browsers with one link the second is refused, and the record says so without it."""
    link = await asked(auth, post, REGISTER, "ada@example.org", LINK)
    async with auth.browser() as one, auth.browser() as other:
        first, second = await opens(one, link), await opens(other, link)
        assert (await chooses(one, first)).status_code == 303
        refused = await chooses(other, second, OTHER_PASSWORD)

    assert refused.status_code == 400
    (row,) = await auth.audited("mailed_link_used")
    assert (row.outcome, row.reason) == ("refused", "no link in force has this token")


async def test_many_at_once_make_one_account(auth: RunningAuth, post: SmtpServer) -> None:
    """Of any number of forms of one link at the same moment one makes the account."""
    link = await asked(auth, post, REGISTER, "ada@example.org", LINK)
    browsers = [auth.browser() for _ in range(5)]
    pages = [await opens(browser, link) for browser in browsers]
    answers = await asyncio.gather(*map(chooses, browsers, pages))
    for browser in browsers:
        await browser.aclose()

    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400, 400]
    assert len(await auth.audited("user_registered")) == 1


async def test_a_link_works_for_an_hour(
    auth: RunningAuth, post: SmtpServer, clock: ManualClock
) -> None:
    """To the second: before it works, after it does not, also for a form of before."""
    link = await asked(auth, post, REGISTER, "ada@example.org", LINK)
    await eventually(lambda: is_quiet(auth), within=SOON)
    async with auth.browser() as browser:
        clock.advance(3599)
        page = await opens(browser, link)
        assert page.status_code == 200
        clock.advance(1)
        assert (await chooses(browser, page)).status_code == 400
        assert (await opens(browser, link)).status_code == 400


async def test_a_bad_password_leaves_the_link(auth: RunningAuth, post: SmtpServer) -> None:
    """What breaks the rules is said on the form, and a better one is taken."""
    link = await asked(auth, post, REGISTER, "ada@example.org", LINK)
    async with auth.browser() as browser:
        page = await opens(browser, link)
        refused = await chooses(browser, page, "short")
        assert refused.status_code == 422
        assert "at least 8 characters" in refused.text
        assert (await chooses(browser, refused)).status_code == 303


async def test_an_address_taken_meanwhile_is_told_to_its_owner(
    auth: RunningAuth, post: SmtpServer
) -> None:
    """Whoever holds the mailbox may know; the account stays as it is, and the link is used up."""
    link = await asked(auth, post, REGISTER, "ada@example.org", LINK)
    await person_with(auth, "ada@example.org")
    async with auth.browser() as browser:
        page = await opens(browser, link)
        taken = await chooses(browser, page, OTHER_PASSWORD)
        assert taken.status_code == 409
        assert "is taken" in taken.text
        assert (await opens(browser, link)).status_code == 400
        stays = Person("", "ada@example.org", PASSWORD)
        assert (await auth.log_in(browser, stays)).status_code == 303


async def test_a_new_password_ends_what_there_was(auth: RunningAuth, post: SmtpServer) -> None:
    """The old password and every session are over; the new one works, and nobody is logged in."""
    person = await person_with(auth, "ada@example.org")
    async with auth.browser() as old, auth.browser() as new:
        await auth.log_in(old, person)
        link = await asked(auth, post, FORGOTTEN, "ADA@example.org", LINK)
        done = await chooses(new, await opens(new, link), OTHER_PASSWORD)

        assert done.status_code == 200
        assert "Your new password is set" in done.text
        assert "netra_session" not in new.cookies
        assert (await old.get("/account")).status_code == 303
        assert (await auth.log_in(new, person)).status_code == 401
        renewed = Person(person.user_id, person.email, OTHER_PASSWORD)
        assert (await auth.log_in(new, renewed)).status_code == 303
    (reset,) = await auth.audited("password_reset")
    assert (reset.outcome, reset.subject, reset.reason) == (
        "success",
        person.user_id,
        "by a link in a mail",
    )


async def test_a_second_factor_is_still_asked_for(
    auth: RunningAuth, post: SmtpServer, clock: ManualClock
) -> None:
    """Who holds the mailbox alone does not get in: after the new password comes the code."""
    person = await person_with(auth, "ada@example.org")
    async with auth.browser() as browser:
        await auth.log_in(browser, person)
        authenticator = await set_up(auth, browser, person)
    clock.advance(60)
    link = await asked(auth, post, FORGOTTEN, "ada@example.org", LINK)
    async with auth.browser() as browser:
        await chooses(browser, await opens(browser, link), OTHER_PASSWORD)
        renewed = Person(person.user_id, person.email, OTHER_PASSWORD)
        begun = await auth.log_in(browser, renewed)
        assert begun.headers["location"] == "/login/second-factor"
        assert "netra_session" not in browser.cookies
        page = await browser.get("/login/second-factor")
        form = {**Form(page.text).fields, "code": authenticator.code()}
        assert (await browser.post("/login/second-factor", data=form)).status_code == 303


async def test_a_disabled_account_stays_so(auth: RunningAuth, post: SmtpServer) -> None:
    """A new password lets nobody in who was put out."""
    person = await person_with(auth, "ada@example.org")
    await auth.state.accounts.disable(person.user_id, "operator", STARTUP)
    link = await asked(auth, post, FORGOTTEN, "ada@example.org", LINK)
    async with auth.browser() as browser:
        await chooses(browser, await opens(browser, link), OTHER_PASSWORD)
        renewed = Person(person.user_id, person.email, OTHER_PASSWORD)
        assert (await auth.log_in(browser, renewed)).status_code == 401


async def test_a_new_password_kills_links_of_before(auth: RunningAuth, post: SmtpServer) -> None:
    """Whether it came by another mail or was chosen on the account's page."""
    person = await person_with(auth, "ada@example.org")
    first = await asked(auth, post, FORGOTTEN, "ada@example.org", LINK)
    second = await asked(auth, post, FORGOTTEN, "ada@example.org", LINK)
    async with auth.browser() as browser:
        await chooses(browser, await opens(browser, second), OTHER_PASSWORD)
        assert (await opens(browser, first)).status_code == 400
    third = await asked(auth, post, FORGOTTEN, "ada@example.org", LINK)
    renewed = Person(person.user_id, person.email, OTHER_PASSWORD)
    async with auth.browser() as browser:
        await auth.log_in(browser, renewed)
        form = Form((await browser.get("/account")).text).fields
        fields = {
            "csrf_token": form["csrf_token"],
            "current_password": OTHER_PASSWORD,
            "new_password": PASSWORD,
        }
        changed = await browser.post("/account/password", data=fields)
        assert changed.status_code in (200, 303), changed.text
        assert (await opens(browser, third)).status_code == 400


async def test_an_erased_account_leaves_no_mail(auth: RunningAuth, post: SmtpServer) -> None:
    """Its address is gone from the store, and a link to it opens nothing."""
    person = await person_with(auth, "ada@example.org")
    link = await asked(auth, post, FORGOTTEN, "ada@example.org", LINK)
    async with auth.browser() as browser:
        page = await opens(browser, link)
        await auth.state.users.erase(person.user_id, person.user_id, STARTUP)
        assert (await chooses(browser, page)).status_code == 400
    async with auth.state.database.reading() as connection:
        left = await connection.execute(select(tables.mail_requests))
        assert left.all() == []


async def test_the_form_belongs_to_the_link_it_was_made_for(
    auth: RunningAuth, post: SmtpServer
) -> None:
    """Whoever makes a browser open another link meanwhile gets no password set on it."""
    own = await asked(auth, post, REGISTER, "ada@example.org", LINK)
    foreign = await asked(auth, post, REGISTER, "eve@example.org", LINK)
    async with auth.browser() as browser:
        page = await opens(browser, own)
        await browser.get(foreign)
        refused = await chooses(browser, page)

    assert refused.status_code == 400
    assert await auth.audited("user_registered") == ()


@pytest.mark.parametrize("given", ["x", "é" * 43, "x" * 43, "", "a b", "%0d%0aSet-Cookie:x=y"])
async def test_what_is_no_link_opens_nothing(auth: RunningAuth, given: str) -> None:
    """Made-up and broken tokens lead to one page, which names nobody."""
    async with auth.browser() as browser:
        answer = await browser.get(f"{LINK}?token={given}")
        assert answer.status_code == 303
        page = await browser.get(LINK)
        csrf = Form((await browser.get("/login")).text).fields["csrf_token"]
        fields = {"csrf_token": csrf, "password": PASSWORD, "link": "é"}
        sent = await browser.post(LINK, data=fields)

    assert page.status_code == sent.status_code == 400
    assert "does not work any more" in page.text


async def test_only_our_own_forms_are_taken(auth: RunningAuth, post: SmtpServer) -> None:
    """Neither another site nor a form without its token asks for a mail or uses a link."""
    link = await asked(auth, post, REGISTER, "ada@example.org", LINK)
    async with auth.browser() as browser:
        page = Form((await opens(browser, link)).text)
        good = {**page.fields, "password": PASSWORD}
        elsewhere = {"Origin": "https://evil.example"}
        without = {name: value for name, value in good.items() if name != "csrf_token"}
        answers = [
            await browser.post(LINK, data=good, headers=elsewhere),
            await browser.post(LINK, data=without),
            *[
                await browser.post(path, data={"email": "ada@example.org"})
                for path in (REGISTER, FORGOTTEN)
            ],
        ]
        assert [answer.status_code for answer in answers] == [403] * 4
        assert (await browser.post(LINK, data=good)).status_code == 303


async def test_no_header_leaks_the_link(auth: RunningAuth, post: SmtpServer) -> None:
    """The address with the token is left at once, kept nowhere and told to nobody."""
    link = await asked(auth, post, REGISTER, "ada@example.org", LINK)
    token = link.partition("token=")[2]
    async with auth.browser() as browser:
        moved = await browser.get(link)
        page = await browser.get(LINK)

    assert moved.headers["referrer-policy"] == "no-referrer"
    assert moved.headers["cache-control"] == page.headers["cache-control"] == "no-store"
    assert token not in moved.headers["location"] + page.text
    cookie = moved.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.headers["content-security-policy"]


async def test_no_token_and_no_address_is_written_down(auth: RunningAuth, post: SmtpServer) -> None:
    """Not in a log line, a problem document, an audit row; the token not in the store either."""
    person = await person_with(auth, "ada@example.org")
    with log_lines() as lines:
        made = await asked(auth, post, REGISTER, "eve@example.org", LINK)
        reset = await asked(auth, post, FORGOTTEN, person.email, LINK)
        tokens = [link.partition("token=")[2] for link in (made, reset)]
        async with auth.browser() as browser:
            await chooses(browser, await opens(browser, made))
            problem = await browser.post(reset, data={})
            await chooses(browser, await opens(browser, reset), OTHER_PASSWORD)
            wrong = await browser.get(f"/nowhere?token={tokens[0]}")
        await eventually(lambda: is_quiet(auth), within=SOON)
        post.faults.recipient_code = 550
        async with auth.browser() as browser:
            await asks(browser, REGISTER, "zoe@example.org")
        await eventually(lambda: lines.of("mail_given_up"), within=SOON)
    rows = repr(await auth.audited())
    stored = await everything_stored(auth)

    for token in tokens:
        for written in (lines.text, problem.text, wrong.text, rows, stored):
            assert token not in written
    for name in ("ada", "eve", "zoe"):
        assert f"{name}@example.org" not in lines.text + rows
    assert PASSWORD not in lines.text + rows + stored
    acts = [(row.event, row.outcome) for row in await auth.audited()]
    assert acts.count(("mail_asked", "success")) == 3
    assert acts.count(("mail_sent", "success")) == 2
    assert acts.count(("mail_sent", "refused")) == 1


async def everything_stored(auth: RunningAuth) -> str:
    """Read every row of the tables that have to do with it."""
    async with auth.state.database.reading() as connection:
        kept = (tables.mail_requests, tables.audit, tables.rate_limits, tables.users)
        rows = [(await connection.execute(select(table))).all() for table in kept]
    return repr(rows)


async def test_nobodys_mailbox_is_flooded(
    auth: RunningAuth, post: SmtpServer, clock: ManualClock
) -> None:
    """Three an hour for each purpose; the others are answered alike and not sent."""
    await person_with(auth, "ada@example.org")
    async with auth.browser() as browser:
        for path in (REGISTER, FORGOTTEN):
            answers = [await asks(browser, path, "Ada@example.org") for _ in range(5)]
            assert {answer.status_code for answer in answers} == {200}
    await eventually(lambda: is_quiet(auth), within=SOON)
    assert len(post.mails) == 6
    reasons = [row.reason for row in await auth.audited("mail_sent") if row.outcome == "refused"]
    assert sorted(filter(None, reasons)) == [
        *["new_password: too many to this address"] * 2,
        *["registration: too many to this address"] * 2,
    ]
    clock.advance(3600)
    async with auth.browser() as browser:
        await asks(browser, FORGOTTEN, "ada@example.org")
    await post.arrived(7, within=SOON)


async def test_one_address_asks_for_no_more_than_it_may_register(
    auth: RunningAuth, post: SmtpServer
) -> None:
    """Registrations and forgotten passwords are limited by where they come from."""
    async with auth.browser() as browser:
        form = Form((await browser.get(FORGOTTEN)).text).fields
        for number in range(200):
            data = {**form, "email": f"{number}@example.org"}
            assert (await browser.post(FORGOTTEN, data=data)).status_code == 200
        for path in (FORGOTTEN, REGISTER):
            refused = await browser.post(path, data={**form, "email": "x@example.org"})
            assert refused.status_code == 429
            assert "retry-after" in refused.headers
    assert post.mails == []


@pytest.mark.parametrize(
    "email",
    ["a\r\nBcc: eve@example.org", "a@example.org\r\nRCPT TO:<eve@example.org>", "", "a", "a@b@c"],
)
@pytest.mark.parametrize("path", [REGISTER, FORGOTTEN])
async def test_what_is_no_address_is_said_to_be_none(
    auth: RunningAuth, post: SmtpServer, path: str, email: str
) -> None:
    """Line ends get nowhere near a mail; the form is shown again."""
    async with auth.browser() as browser:
        answer = await asks(browser, path, email)

    assert answer.status_code == 422
    assert Form(answer.text).action == path
    assert await auth.audited("mail_asked") == ()
    assert post.mails == []


@pytest.mark.parametrize("how", ["allowed", "closed"])
async def test_a_forgotten_password_needs_no_registration_by_mail(
    tmp_path: Path, post: SmtpServer, how: str
) -> None:
    """Where mail is configured it can be replaced, and the log-in page says so."""
    async with running_by_mail(tmp_path, post, SELF_REGISTRATION=how) as auth:
        await person_with(auth, "ada@example.org")
        async with auth.browser() as browser:
            page = (await browser.get("/login")).text
            assert FORGOTTEN in page
            assert (REGISTER in page) == (how == "allowed")
        link = await asked(auth, post, FORGOTTEN, "ada@example.org", LINK)
        async with auth.browser() as browser:
            done = await chooses(browser, await opens(browser, link), OTHER_PASSWORD)
            assert "Your new password is set" in done.text


async def test_a_link_to_register_is_worth_nothing_once_registration_is_closed(
    tmp_path: Path, post: SmtpServer
) -> None:
    """Whoever closes registration closes it for mails on their way too."""
    async with running_by_mail(tmp_path, post) as auth:
        link = await asked(auth, post, REGISTER, "ada@example.org", LINK)
        port = auth.port
        await eventually(lambda: is_quiet(auth), within=SOON)
    overrides = {"SELF_REGISTRATION": "closed", "MAIL_URL": post.url, "MAIL_FROM": "a@example.org"}
    async with (
        running_auth_service(tmp_path, port=port, overrides=overrides) as auth,
        auth.browser() as browser,
    ):
        refused = await chooses(browser, await opens(browser, link))
        assert refused.status_code == 403
        assert await auth.audited("user_registered") == ()


async def test_without_mail_there_is_none_of_it(tmp_path: Path) -> None:
    """No page asks for an address, no link is looked at, and log-in offers none."""
    async with running_auth_service(tmp_path) as auth, auth.browser() as browser:
        for path in (FORGOTTEN, LINK):
            assert (await browser.get(path)).status_code == 404
            assert (await browser.post(path, data={"email": "x"})).status_code == 404
        assert FORGOTTEN not in (await browser.get("/login")).text
