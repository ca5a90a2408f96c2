"""Using the link of a mail: once, for what it was sent for, by whoever holds the mailbox."""

from dataclasses import dataclass, field

from netra.clock import Clock
from netra.errors import NotFound, RequestInvalid
from netra.secret import Secret
from netra_auth.audit import ANONYMOUS_ACTOR, Origin
from netra_auth.identities.by_mail.letters import Purpose
from netra_auth.identities.by_mail.sending import token_hash
from netra_auth.identities.users import EmailTaken, Proof, Registrant, Users
from netra_auth.store.engine import Database, Transaction
from netra_auth.store.repositories import mail_requests


class MailedLinkOver(RequestInvalid):
    """The link was used, is too old, was replaced by another, or never was one."""

    code = "mailed_link_over"
    public_text = "This link does not work any more. Ask for another mail."


@dataclass(frozen=True, slots=True)
class MailedLink:
    """A link that is in force: what for, and for whom."""

    purpose: Purpose
    address: str = field(repr=False)


class MailedLinks:
    """Looks at links, which changes nothing, and uses them up."""

    def __init__(self, database: Database, users: Users, clock: Clock) -> None:
        self._database = database
        self._users = users
        self._clock = clock

    async def find(self, token: Secret) -> MailedLink:
        """Say what a link is for.

        Raises:
            MailedLinkOver: It is not in force.
            DatabaseUnavailable: The store cannot be reached.
        """
        async with self._database.reading() as connection:
            row = await mail_requests.by_token(
                connection, token_hash(token), self._clock.timestamp()
            )
        if row is None:
            raise MailedLinkOver("no link in force has this token")
        return MailedLink(Purpose(row.purpose), row.address)

    async def register(
        self, token: Secret, link: MailedLink, password: Secret, origin: Origin
    ) -> None:
        """Make the account that a link was sent for.

        Raises:
            MailedLinkOver: It was used meanwhile.
            PasswordUnacceptable: The password breaks the rules; the link works on.
            EmailTaken: Somebody made the account meanwhile; the link is used up.
            DatabaseUnavailable: The store cannot be reached.
        """
        registrant = Registrant(link.address, password)
        try:
            await self._users.register(registrant, origin, self._proof(token))
        except EmailTaken:
            async with self._database.transaction() as transaction:
                await self._proof(token)(transaction)
            raise

    async def reset_password(
        self, token: Secret, link: MailedLink, password: Secret, origin: Origin
    ) -> None:
        """Set the new password that a link was sent for; nobody is logged in by that.

        Raises:
            MailedLinkOver: It was used meanwhile, or the account is gone.
            PasswordUnacceptable: The password breaks the rules; the link works on.
            DatabaseUnavailable: The store cannot be reached.
        """
        try:
            await self._users.reset_password(
                link.address, password, ANONYMOUS_ACTOR, origin, self._proof(token)
            )
        except NotFound:
            raise MailedLinkOver("the account is gone") from None

    def _proof(self, token: Secret) -> Proof:
        async def use_up(transaction: Transaction) -> None:
            now = self._clock.timestamp()
            if not await mail_requests.take(transaction.connection, token_hash(token), now):
                raise MailedLinkOver("it was used meanwhile")

        return use_up
