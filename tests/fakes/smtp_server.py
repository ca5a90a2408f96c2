"""A mail server on a real socket: takes mails, offers STARTTLS and AUTH, and goes wrong when told.

As much of RFC 5321 as a client that hands mails in speaks, written beside no client of ours.
"""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from fakes.certificates import self_signed
from fakes.serving import listening_socket
from fakes.timing import eventually

_ADDRESS = re.compile(rb"(?:FROM|TO):<([^>]*)>", re.IGNORECASE)
_LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class Mail:
    """A mail as the server took it."""

    sender: str
    recipient: str
    raw: bytes
    was_encrypted: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        """Read the message."""
        message = message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def text(self) -> str:
        """Give the plain text."""
        return str(self.message.get_content())

    def link(self, part: str) -> str:
        """Give the one link whose address has a part."""
        (link,) = [link for link in _LINK.findall(self.text) if part in link]
        return str(link)


@dataclass
class SmtpFaults:
    """What is wrong at the moment; everything off is a healthy server."""

    recipient_code: int | None = None
    """The answer to every recipient."""
    data_code: int | None = None
    """The answer to every mail."""
    hangs: bool = False
    """It takes a mail's text and says nothing more."""


@dataclass
class SmtpServer:
    """The server, what it took, and its faults.

    `login` is the name and password without which it takes nothing; `certificate` makes it offer
    STARTTLS, or speak TLS from the start.
    """

    login: tuple[str, str] | None = None
    certificate: ssl.SSLContext | None = None
    tls_from_the_start: bool = False
    mails: list[Mail] = field(default_factory=list)
    faults: SmtpFaults = field(default_factory=SmtpFaults)
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once somebody waits for an answer that does not come."""
    port: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator["SmtpServer"]:
        """Serve until the block ends; a second time on the same port."""
        listener = listening_socket(self.port)
        self.port = listener.getsockname()[1]
        conversations: set[asyncio.Task[None]] = set()

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                with suppress(OSError, asyncio.IncompleteReadError):
                    await _Conversation(self, reader, writer).go_on()
            finally:
                writer.transport.abort()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # A task of its own: the library would tell of one that is cancelled as of a fault.
            task = asyncio.create_task(converse(reader, writer))
            conversations.add(task)
            task.add_done_callback(conversations.discard)

        server = await asyncio.start_server(
            connected, sock=listener, ssl=self.certificate if self.tls_from_the_start else None
        )
        try:
            yield self
        finally:
            server.close()
            for task in list(conversations):
                task.cancel()
            if conversations:
                await asyncio.wait(list(conversations))

    @property
    def url(self) -> str:
        """Write its address as MAIL_URL has it; a loopback address is spoken to in the clear."""
        user = "" if self.login is None else ":".join(self.login) + "@"
        return f"smtp://{user}127.0.0.1:{self.port}"

    async def arrived(self, number: int, *, within: float) -> list[Mail]:
        """Wait until so many mails arrived; there must not be more."""
        await eventually(lambda: len(self.mails) >= number, within=within)
        assert len(self.mails) == number
        return self.mails


def certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1: what a server shows, and what makes a client trust it."""
    files = self_signed(folder)
    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(files.certificate, files.key)
    return shown, ssl.create_default_context(cafile=str(files.certificate))


class _Conversation:
    """One client, from the greeting to the end."""

    def __init__(
        self, server: SmtpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._is_encrypted = server.tls_from_the_start
        self._user: str | None = None
        self._sender = ""
        self._recipient = ""

    async def go_on(self) -> None:
        """Answer one command after the other."""
        await self._say("220 here")
        while line := await self._reader.readline():
            verb, _, rest = line.strip().partition(b" ")
            verb = verb.upper()
            if verb == b"QUIT":
                await self._say("221 bye")
                return
            if verb == b"STARTTLS" and self._server.certificate and not self._is_encrypted:
                await self._say("220 go on")
                await self._writer.start_tls(self._server.certificate)
                self._is_encrypted = True
            elif verb == b"AUTH":
                await self._authenticate(rest)
            else:
                await self._say(await self._answer(verb, rest))

    async def _answer(self, verb: bytes, rest: bytes) -> str:
        server = self._server
        if verb in (b"EHLO", b"HELO"):
            return self._offers()
        if verb in (b"RSET", b"NOOP"):
            return "250 fine"
        if server.login is not None and self._user is None:
            return "530 who are you?"
        if verb in (b"MAIL", b"RCPT") and (found := _ADDRESS.match(rest)):
            return self._note(verb, found[1].decode())
        if verb == b"DATA":
            return await self._take()
        return "500 what?"

    def _note(self, verb: bytes, address: str) -> str:
        if verb == b"MAIL":
            self._sender = address
            return "250 fine"
        self._recipient = address
        # As real servers do, a refusal quotes the address.
        return f"{self._server.faults.recipient_code or 250} <{address}>"

    def _offers(self) -> str:
        offers = ["here", "8BITMIME", "SMTPUTF8"]
        if self._server.certificate is not None and not self._is_encrypted:
            offers.append("STARTTLS")
        if self._server.login is not None:
            offers.append("AUTH PLAIN")
        *first, last = offers
        return "\r\n".join([*(f"250-{offer}" for offer in first), f"250 {last}"])

    async def _authenticate(self, rest: bytes) -> None:
        _, _, encoded = rest.partition(b" ")
        if not encoded:
            await self._say("334 ")
            encoded = await self._reader.readline()
        _, name, password = base64.b64decode(encoded.strip()).decode().split("\0")
        if (name, password) == self._server.login:
            self._user = name
            await self._say("235 welcome")
        else:
            await self._say("535 no")

    async def _take(self) -> str:
        await self._say("354 go on")
        raw = await self._reader.readuntil(b"\r\n.\r\n")
        if self._server.faults.hangs:
            self._server.hanging.set()
            await asyncio.Event().wait()
        if (code := self._server.faults.data_code) is not None:
            return f"{code} not this one for <{self._recipient}>"
        text = raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        mail = Mail(self._sender, self._recipient, text, self._is_encrypted, self._user)
        self._server.mails.append(mail)
        return "250 taken"

    async def _say(self, text: str) -> None:
        self._writer.write(text.encode() + b"\r\n")
        await self._writer.drain()
