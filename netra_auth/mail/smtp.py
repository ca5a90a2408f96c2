"""Handing letters to a mail server by SMTP (RFC 5321), a connection for each."""

import asyncio
import ssl
from typing import Final

import aiosmtplib

from netra.contract.urls.mail_url import Encryption, MailServer
from netra_auth.mail.mailer import Letter, MailUndelivered, RecipientRefused
from netra_auth.mail.message import domain_of, message_of

SEND_SECONDS: Final = 30.0
"""How long a server may take for a letter; whoever claims one for sending must hold it longer."""
_PERMANENT: Final = 500
"""From here on an answer of a server says that trying again is of no use (section 4.2.1)."""


class SmtpMailer:
    """Hands letters to one server, over TLS with a certificate it trusts wherever TLS is wanted.

    Args:
        server: Where, and as whom.
        sender: The address the letters are from.
        trust: Which certificates are good; those the machine trusts if None.
        seconds: How long the server may take for a letter.
    """

    def __init__(
        self,
        server: MailServer,
        sender: str,
        *,
        trust: ssl.SSLContext | None = None,
        seconds: float = SEND_SECONDS,
    ) -> None:
        self._server = server
        self._sender = sender
        self._trust = trust or ssl.create_default_context()
        self._seconds = seconds

    async def send(self, letter: Letter) -> None:
        """Hand a letter in; see `Mailer`.

        Raises:
            MailUndelivered: It was not taken; try again later.
            RecipientRefused: It will never be taken.
        """
        message = message_of(letter, self._sender)
        server = self._server
        encrypted = server.encryption is not Encryption.NONE
        try:
            async with asyncio.timeout(self._seconds):
                await aiosmtplib.send(
                    message,
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=None if server.password is None else server.password.reveal(),
                    # Else the machine's own name would be looked up, and told to the server.
                    local_hostname=domain_of(self._sender),
                    timeout=self._seconds,
                    use_tls=server.encryption is Encryption.TLS,
                    start_tls=server.encryption is Encryption.STARTTLS,
                    tls_context=self._trust if encrypted else None,
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = sorted(refused.code for refused in error.recipients)
            if codes and codes[0] >= _PERMANENT:
                raise RecipientRefused(f"the mail server refused it: {codes[0]}") from None
            raise MailUndelivered(f"the mail server put it off: {codes}") from None
        except aiosmtplib.SMTPResponseException as error:
            # What the server wrote beside the code may quote the address.
            reason = f"the mail server answered {error.code} ({type(error).__name__})"
            raise MailUndelivered(reason) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            kinds = [type(fault).__name__ for fault in (error, error.__cause__) if fault]
            reason = f"the mail server cannot be used: {', '.join(kinds)}"
            if type(error) is aiosmtplib.SMTPException:
                reason += " (it offers no STARTTLS, or no way to log in)"
            raise MailUndelivered(reason) from None
