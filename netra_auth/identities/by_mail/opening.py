"""The parts of this room together. They are made in `netra_auth.composition`."""

import asyncio
from dataclasses import dataclass

from netra_auth.identities.by_mail.links import MailedLinks
from netra_auth.identities.by_mail.requests import MailRequests
from netra_auth.identities.by_mail.sending import MailSender


@dataclass(frozen=True, slots=True)
class ByMail:
    """What goes by mail, where mail is configured.

    `bell` is what wakes the sender.
    """

    requests: MailRequests
    sender: MailSender
    links: MailedLinks
    bell: asyncio.Event
