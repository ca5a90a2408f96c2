"""Sending what was asked for, once, by whichever instance claims it first.

A mail is claimed for longer than sending may take. Who dies between claiming and sending loses the
claim, and another one sends it; who dies between sending and noting so, sends it a second time,
with a link in place of the first one's.
"""

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from netra.clock import Clock
from netra.ids import random_token, row_id
from netra.secret import Secret
from netra.telemetry.log_events import event_logger
from netra_auth.audit import UPKEEP, Act, AuditEvent, AuditTrail, Outcome, hidden_email
from netra_auth.identities.by_mail.letters import Kind, Purpose, kind_for, written
from netra_auth.identities.by_mail.requests import MAIL_SECONDS
from netra_auth.limits import table
from netra_auth.limits.failures import Failures
from netra_auth.limits.keys import counted
from netra_auth.limits.refusals import Caller
from netra_auth.mail.mailer import Letter, Mailer, MailUndelivered, RecipientRefused
from netra_auth.metrics.recorder import Metrics
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import mail_requests, users
from netra_auth.store.repositories.mail_requests import MailRow

_log = event_logger("netra_auth.by_mail")

CLAIM_SECONDS: Final = 90
"""Longer than a mailer takes and the store besides; so long a mail waits whose sender died."""
FIRST_PAUSE_SECONDS: Final = 5
LONGEST_PAUSE_SECONDS: Final = 600
_AT_ONCE: Final = 4
_BATCH: Final = 20


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A mail that is this sender's to send, and what it is to be."""

    row: MailRow
    kind: Kind
    token: Secret | None


class MailSender:
    """Sends the mails of one store."""

    def __init__(
        self,
        database: Database,
        mailer: Mailer,
        issuer_url: str,
        failures: Failures,
        audit: AuditTrail,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._database = database
        self._mailer = mailer
        self._issuer_url = issuer_url
        self._failures = failures
        self._audit = audit
        self._metrics = metrics
        self._clock = clock
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def send_due(self) -> None:
        """Send every mail that is due, a few at a time.

        Raises:
            DatabaseUnavailable: The store cannot be reached; what is left is sent later.
        """
        while True:
            async with self._database.reading() as connection:
                due = await mail_requests.due(connection, self._clock.timestamp(), _BATCH)
            if not due:
                return
            ends = await asyncio.gather(*map(self._send, due), return_exceptions=True)
            for end in ends:
                if isinstance(end, BaseException):
                    raise end

    async def _send(self, mail_id: str) -> None:
        async with self._turn:
            claimed = await self._claim(mail_id)
            if claimed is None:
                return
            text = written(claimed.kind, self._issuer_url, claimed.token)
            letter = Letter(
                letter_id=row_id("let"),
                to=claimed.row.address,
                subject=text.subject,
                text=text.text,
                written_at=self._clock.timestamp(),
            )
            try:
                await self._mailer.send(letter)
            except MailUndelivered as error:
                await self._put_off(claimed, error)
            except RecipientRefused as error:
                await self._give_up(claimed.row, error.reason)
            else:
                await self._note_sent(claimed)

    async def _claim(self, mail_id: str) -> _Claimed | None:
        now = self._clock.timestamp()
        async with self._database.transaction() as transaction:
            row = await mail_requests.claim(
                transaction.connection, mail_id, at=now, until=now + CLAIM_SECONDS
            )
            if row is None:
                return None  # Another sender has it.
            kind, reason = await self._decide(transaction, row, now)
            if kind is None:
                await mail_requests.remove(transaction.connection, row)
                await self._audit.note(transaction, _ended(row, Outcome.REFUSED, reason))
                transaction.after_commit(lambda: self._metrics.mail(row.purpose, "withheld"))
                return None
            token = Secret(random_token()) if kind.has_link else None
            if token is not None:
                await mail_requests.put_token(transaction.connection, row, token_hash(token))
            return _Claimed(row, kind, token)

    async def _decide(
        self, transaction: Transaction, row: MailRow, now: float
    ) -> tuple[Kind | None, str]:
        """Say which mail to send, or why none."""
        if row.expires_at <= now:
            return None, "it could not be sent in time"
        if row.attempts == 1 and await self._is_too_much(transaction, row):
            return None, "too many to this address"
        account = await users.by_email(transaction.connection, row.address)
        return kind_for(Purpose(row.purpose), has_account=account is not None), "no such account"

    async def _is_too_much(self, transaction: Transaction, row: MailRow) -> bool:
        whom = [counted(table.MAIL, row.purpose, row.address)]
        caller = Caller(origin=UPKEEP, subject=hidden_email(row.address))
        return await self._failures.count(transaction, whom, caller) is not None

    async def _give_up(self, row: MailRow, reason: str) -> None:
        async with self._database.transaction() as transaction:
            await mail_requests.remove(transaction.connection, row)
            await self._audit.note(transaction, _ended(row, Outcome.REFUSED, reason))
        self._metrics.mail(row.purpose, "given_up")
        _log.warning(
            "mail_given_up",
            mail_id=row.mail_id,
            purpose=row.purpose,
            attempts=row.attempts,
            reason=reason,
        )

    async def _put_off(self, claimed: _Claimed, error: MailUndelivered) -> None:
        row, now = claimed.row, self._clock.timestamp()
        # The last attempt is made right before its time is over, however long the pauses are.
        at = min(now + pause_after(row.attempts), row.expires_at - 1)
        if at <= now:
            await self._give_up(row, error.reason)
            return
        async with self._database.transaction() as transaction:
            await mail_requests.put_off(transaction.connection, row, at)
        self._metrics.mail(row.purpose, "put_off")
        _log.warning(
            "mail_put_off",
            mail_id=row.mail_id,
            purpose=row.purpose,
            attempts=row.attempts,
            reason=error.reason,
            pause_seconds=round(at - now),
        )

    async def _note_sent(self, claimed: _Claimed) -> None:
        row = claimed.row
        async with self._database.transaction() as transaction:
            if claimed.token is None:
                await mail_requests.remove(transaction.connection, row)
            else:
                expires_at = self._clock.timestamp() + MAIL_SECONDS
                await mail_requests.keep_sent(transaction.connection, row, expires_at)
            await self._audit.note(transaction, _ended(row, Outcome.SUCCESS, claimed.kind.value))
        self._metrics.mail(row.purpose, "sent")


def pause_after(attempts: int) -> float:
    """Give how long to wait after so many attempts: twice as long each time, within bounds."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** (attempts - 1), LONGEST_PAUSE_SECONDS)


def token_hash(token: Secret) -> str:
    """Give the SHA-256 under which a link is stored."""
    return sha256(token.reveal().encode("utf-8", "surrogatepass")).hexdigest()


def _ended(row: MailRow, outcome: Outcome, reason: str) -> Act:
    return Act(
        event=AuditEvent.MAIL_SENT,
        outcome=outcome,
        origin=UPKEEP,
        subject=hidden_email(row.address),
        reason=f"{row.purpose}: {reason}",
    )
