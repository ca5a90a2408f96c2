"""The port by which mails leave: a letter, who takes it, and how it is said that nobody did."""

from dataclasses import dataclass, field
from typing import Protocol

from netra.errors import ContentInvalid, CouldNotDecide


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be told to whom.

    Attributes:
        letter_id: Another one for each letter, also where one is written anew.
        to: The address.
        subject: One line.
        text: Plain text; it may hold a link that only its reader may know.
        written_at: When, in seconds since the epoch.
    """

    letter_id: str
    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    written_at: float


class MailUndelivered(CouldNotDecide):
    """Nobody took the letter now; `reason` names neither its address nor what a server said."""

    code = "mail_undelivered"
    public_text = "A mail could not be sent."


class RecipientRefused(ContentInvalid):
    """No mail to this address will ever be taken; `reason` does not name it."""

    code = "recipient_refused"
    public_text = "No mail can be sent to this address."


class Mailer(Protocol):
    """Hands letters to whoever delivers them."""

    async def send(self, letter: Letter) -> None:
        """Hand a letter in; when this returns, somebody else answers for it.

        Raises:
            MailUndelivered: It was not taken; try again later.
            RecipientRefused: It will never be taken.
        """
