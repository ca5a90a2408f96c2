"""Asking for a mail: one row, whatever the address is.

Nothing about an account is looked at here, so that nobody who asks can tell whether there is one.
What becomes of the row is up to the sender.
"""

import asyncio
from typing import Final

from netra.clock import Clock
from netra.ids import row_id
from netra_auth.audit import Act, AuditEvent, AuditTrail, Origin, Outcome, hidden_email
from netra_auth.identities.by_mail.letters import Purpose
from netra_auth.identities.emails import normalised_email
from netra_auth.store.engine import Database
from netra_auth.store.repositories import mail_requests
from netra_auth.store.repositories.mail_requests import MailRow

MAIL_SECONDS: Final = 3600
"""For how long a mail is tried to be sent; and from then, how long the link in it works."""


class MailRequests:
    """Takes requests for mails."""

    def __init__(
        self, database: Database, audit: AuditTrail, clock: Clock, bell: asyncio.Event
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._bell = bell

    async def ask(self, purpose: Purpose, email: str, origin: Origin) -> None:
        """Ask for a mail to an address.

        It goes to the spelling that names an account, never to the one that was typed: two
        spellings of one account may be two mailboxes.

        Raises:
            EmailUnacceptable: No account can have this address.
            DatabaseUnavailable: The store cannot be reached.
        """
        address = normalised_email(email)
        now = self._clock.timestamp()
        row = MailRow(
            mail_id=row_id("mal"),
            purpose=purpose.value,
            address=address,
            created_at=now,
            next_attempt_at=now,
            expires_at=now + MAIL_SECONDS,
        )
        act = Act(
            event=AuditEvent.MAIL_ASKED,
            outcome=Outcome.SUCCESS,
            origin=origin,
            subject=hidden_email(address),
            reason=purpose.value,
        )
        async with self._database.transaction() as transaction:
            await mail_requests.add(transaction.connection, row)
            await self._audit.note(transaction, act)

    async def wake_sender(self) -> None:
        """Have what was asked for sent now; for when the answer to the request is out."""
        self._bell.set()
