"""A port for mails that keeps them, and goes wrong when told: the same promises as the real one."""

import asyncio
from dataclasses import dataclass, field

from netra_auth.mail.mailer import Letter, MailUndelivered, RecipientRefused
from netra_auth.mail.message import message_of


@dataclass
class FakeMailer:
    """Keeps every letter it takes."""

    letters: list[Letter] = field(default_factory=list)
    is_down: bool = False
    refuses: bool = False
    hangs: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once a letter was brought, whatever became of it."""

    async def send(self, letter: Letter) -> None:
        """Take a letter, or go wrong as the switches say."""
        message_of(letter, "netra@example.org")
        self.asked.set()
        if self.hangs:
            await asyncio.Event().wait()
        if self.is_down:
            raise MailUndelivered("down")
        if self.refuses:
            raise RecipientRefused("refused")
        self.letters.append(letter)
