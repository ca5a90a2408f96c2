"""Both mailers keep one contract, the real one at a real SMTP server; and what SMTP has besides."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

from fakes.mailer import FakeMailer
from fakes.smtp_server import SmtpServer, certified
from fakes.timing import UNIT
from netra.contract.urls.mail_url import Encryption, MailServer, mail_server_of
from netra.secret import Secret
from netra_auth.mail.mailer import Letter, Mailer, MailUndelivered, RecipientRefused
from netra_auth.mail.smtp import SmtpMailer

SENDER = "netra@example.org"
LETTER = Letter(
    letter_id="mal_01",
    to="ada@example.org",
    subject="Your account",
    text="Grüße.\n\nhttps://auth.example.org/link?token=" + "x" * 43 + "\n.\nThe end.\n",
    written_at=1_800_000_000.0,
)


class Post(Protocol):
    """A mailer and what a test does to it."""

    @property
    def mailer(self) -> Mailer:
        """What is tested."""

    async def go_down(self) -> None:
        """Have nobody answer."""

    async def come_up(self) -> None:
        """Have somebody answer again."""

    def refuse(self) -> None:
        """Refuse every recipient for good."""

    def taken(self) -> list[tuple[str, str, str]]:
        """Give to whom, about what and with which text letters were taken."""


@dataclass
class FakePost:
    """The fake."""

    mailer: FakeMailer

    async def go_down(self) -> None:
        """Have nobody answer."""
        self.mailer.is_down = True

    async def come_up(self) -> None:
        """Have somebody answer again."""
        self.mailer.is_down = False

    def refuse(self) -> None:
        """Refuse every recipient for good."""
        self.mailer.refuses = True

    def taken(self) -> list[tuple[str, str, str]]:
        """Give what was taken."""
        return [(letter.to, letter.subject, letter.text) for letter in self.mailer.letters]


class SmtpPost:
    """The real one, and a server."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.server = SmtpServer()

    @property
    def mailer(self) -> SmtpMailer:
        """What is tested."""
        return SmtpMailer(mail_server_of(Secret(self.server.url)), SENDER, seconds=5 * UNIT)

    async def go_down(self) -> None:
        """Have nobody answer."""
        await self._stack.aclose()

    async def come_up(self) -> None:
        """Have somebody answer again."""
        await self._stack.enter_async_context(self.server.running())

    def refuse(self) -> None:
        """Refuse every recipient for good."""
        self.server.faults.recipient_code = 550

    def taken(self) -> list[tuple[str, str, str]]:
        """Give what was taken."""
        return [
            (mail.recipient, mail.message["Subject"], mail.text.replace("\r\n", "\n"))
            for mail in self.server.mails
        ]


@pytest.fixture(params=["smtp", "fake"])
async def post(request: pytest.FixtureRequest) -> AsyncIterator[Post]:
    """Provide each mailer in turn."""
    if request.param == "fake":
        yield FakePost(FakeMailer())
        return
    async with AsyncExitStack() as stack:
        smtp = SmtpPost(stack)
        await smtp.come_up()
        yield smtp


async def test_a_letter_arrives_as_it_was_written(post: Post) -> None:
    """Address, subject and text come through, letters outside ASCII and lone dots too."""
    await post.mailer.send(LETTER)

    assert post.taken() == [(LETTER.to, LETTER.subject, LETTER.text)]


async def test_who_is_down_can_be_asked_again(post: Post) -> None:
    """Nobody there is said to be temporary, and later the letter is taken."""
    await post.go_down()
    with pytest.raises(MailUndelivered):
        await post.mailer.send(LETTER)
    await post.come_up()
    await post.mailer.send(LETTER)

    assert len(post.taken()) == 1


async def test_a_refused_recipient_is_final(post: Post) -> None:
    """That a mailbox does not exist is told apart from an outage, without naming it."""
    post.refuse()

    with pytest.raises(RecipientRefused) as caught:
        await post.mailer.send(LETTER)

    assert "ada" not in str(caught.value) + caught.value.reason
    assert post.taken() == []


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@example.org\nX: y",
        "ada@example.org>\r\nRCPT TO:<eve@example.org",
        "ada@example.org, eve@example.org",
        "Ada <ada@example.org>",
        "ada@example..org\u00e9",
        "ada",
        "",
    ],
)
async def test_no_address_writes_a_header_or_a_command(post: Post, address: str) -> None:
    """What is not one address gets no letter, whatever line ends and brackets it has."""
    with pytest.raises(RecipientRefused) as caught:
        await post.mailer.send(replace(LETTER, to=address))

    assert "eve" not in caught.value.reason
    assert caught.value.__cause__ is None
    assert post.taken() == []


async def test_a_message_has_what_a_mail_needs() -> None:
    """From, To, Date, an id of its own; plain text in UTF-8; no autoreply; nothing besides."""
    server = SmtpServer()
    async with server.running():
        await SmtpMailer(mail_server_of(Secret(server.url)), SENDER).send(LETTER)
    (mail,) = server.mails

    message = mail.message
    assert dict(message.items()) == {
        "To": "ada@example.org",
        "From": SENDER,
        "Subject": "Your account",
        "Date": "Fri, 15 Jan 2027 08:00:00 +0000",
        "Message-ID": "<mal_01@example.org>",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "8bit",
        "MIME-Version": "1.0",
    }
    assert (mail.sender, mail.recipient) == (SENDER, "ada@example.org")


async def test_addresses_of_every_script_arrive() -> None:
    """A name outside ASCII is sent as it is (RFC 6531), a domain in its ASCII form."""
    server = SmtpServer()
    async with server.running():
        mailer = SmtpMailer(mail_server_of(Secret(server.url)), SENDER)
        await mailer.send(replace(LETTER, to="jürgen@example.org"))
        await mailer.send(replace(LETTER, to="ada@bücher.example"))

    assert [mail.recipient for mail in server.mails] == [
        "jürgen@example.org",
        "ada@xn--bcher-kva.example",
    ]


@pytest.mark.parametrize("from_the_start", [False, True], ids=["starttls", "tls"])
async def test_name_and_password_go_over_tls(tmp_path: Path, *, from_the_start: bool) -> None:
    """With STARTTLS or TLS from the start, the server knows who hands in what."""
    shown, trust = certified(tmp_path)
    login = ("netra", "a:pass/word@")
    server = SmtpServer(login=login, certificate=shown, tls_from_the_start=from_the_start)
    encryption = Encryption.TLS if from_the_start else Encryption.STARTTLS
    async with server.running():
        account = MailServer(
            "127.0.0.1", server.port, encryption, username=login[0], password=Secret(login[1])
        )
        await SmtpMailer(account, SENDER, trust=trust).send(LETTER)
        wrong = replace(account, password=Secret("another"))
        with pytest.raises(MailUndelivered, match="535") as caught:
            await SmtpMailer(wrong, SENDER, trust=trust).send(LETTER)

    assert [(mail.was_encrypted, mail.user) for mail in server.mails] == [(True, "netra")]
    assert "another" not in caught.value.reason


@pytest.mark.parametrize("offered", [False, True], ids=["no-starttls", "unknown-certificate"])
async def test_nothing_is_said_in_the_clear(tmp_path: Path, *, offered: bool) -> None:
    """A server without STARTTLS, or with a certificate nobody vouches for, hears no password."""
    shown, _ = certified(tmp_path)
    server = SmtpServer(login=("netra", "secret"), certificate=shown if offered else None)
    async with server.running():
        account = MailServer(
            "127.0.0.1", server.port, Encryption.STARTTLS, "netra", Secret("secret")
        )
        with pytest.raises(MailUndelivered):
            await SmtpMailer(account, SENDER, trust=ssl.create_default_context()).send(LETTER)

    assert server.mails == []


@pytest.mark.parametrize(("recipient_code", "data_code"), [(450, None), (None, 451), (None, 554)])
async def test_what_may_pass_is_tried_again(
    recipient_code: int | None, data_code: int | None
) -> None:
    """A full mailbox, a server in trouble and a mail it did not like are no end."""
    server = SmtpServer()
    server.faults.recipient_code, server.faults.data_code = recipient_code, data_code
    async with server.running():
        mailer = SmtpMailer(mail_server_of(Secret(server.url)), SENDER)
        with pytest.raises(MailUndelivered, match=str(recipient_code or data_code)) as caught:
            await mailer.send(LETTER)

    assert "ada" not in caught.value.reason


async def test_a_server_that_says_nothing_is_left() -> None:
    """A letter takes no longer than its time, however long the server takes."""
    server = SmtpServer()
    server.faults.hangs = True
    async with server.running(), asyncio.timeout(5 * UNIT):
        mailer = SmtpMailer(mail_server_of(Secret(server.url)), SENDER, seconds=UNIT / 5)
        with pytest.raises(MailUndelivered, match="Timeout"):
            await mailer.send(LETTER)
