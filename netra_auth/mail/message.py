"""A letter's form on the wire (RFC 5322): plain text in UTF-8. Pure."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from netra_auth.mail.mailer import Letter, RecipientRefused

_LONGEST_LINE: Final = 998
"""What a line may have (RFC 5322 section 2.1.1): no link is broken in two."""
_PART: Final = r"""[^\x00-\x20\x7f-\xa0()<>\[\]:;@\\,"]+"""
_ADDRESS: Final = re.compile(rf"({_PART})@({_PART})\Z")
"""One address, and nothing that a header or a command could take for more."""


def message_of(letter: Letter, sender: str) -> EmailMessage:
    """Write a letter as a message.

    Raises:
        RecipientRefused: No message can be addressed to it, such as to one with a line end.
    """
    message = EmailMessage(policy=SMTP.clone(max_line_length=_LONGEST_LINE))
    message["To"] = _recipient(letter.to)
    message["From"] = Address(addr_spec=sender)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(letter.written_at, UTC))
    message["Message-ID"] = f"<{letter.letter_id}@{domain_of(sender)}>"
    # Nobody's holiday notice answers it (RFC 3834 section 5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, charset="utf-8", cte="8bit")
    return message


def domain_of(address: str) -> str:
    """Give what stands behind the @."""
    return address.rpartition("@")[2]


def _recipient(address: str) -> Address:
    """Give the spelling that mail servers know: domains of other scripts in ASCII (RFC 5890)."""
    found = _ADDRESS.match(address)
    try:
        if found is not None:
            name, domain = found.groups()
            return Address(username=name, domain=domain.encode("idna").decode("ascii"))
    except ValueError:
        pass  # What it says has the address in it.
    raise RecipientRefused("it is no address that a message can have")
