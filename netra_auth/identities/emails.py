"""What an e-mail address must be to name an account. Pure; that mail arrives is not checked."""

import unicodedata
from typing import Final

from netra.errors import ContentInvalid
from netra.principal import SERVICE_NAMESPACE

MAX_LENGTH: Final = 254
_REFUSED_CATEGORIES: Final = ("C", "Z")
"""Unicode's control, format, private, unassigned, surrogate and separator characters."""


class EmailUnacceptable(ContentInvalid):
    """The text cannot name an account; `detail` says why."""

    code = "email_unacceptable"
    public_text = "This is not an e-mail address that can be registered."


def normalised_email(text: str) -> str:
    """Give the one spelling under which an address is stored and looked up.

    Raises:
        EmailUnacceptable: It is not an address, or it lies in the namespace of services
            (checklist 41), in whatever spelling.
    """
    # Normalising takes time quadratic in a run of combining marks, so the length comes first; an
    # honest spelling is never four times as long as what it becomes.
    if len(text) > 4 * MAX_LENGTH:
        raise EmailUnacceptable(detail=f"It may have at most {MAX_LENGTH} characters.")
    email = unicodedata.normalize("NFKC", text).strip().casefold()
    # Folding can undo normalisation; a second pass makes the result stable.
    email = unicodedata.normalize("NFKC", email)
    if len(email) > MAX_LENGTH:
        raise EmailUnacceptable(detail=f"It may have at most {MAX_LENGTH} characters.")
    if email.startswith(SERVICE_NAMESPACE):
        raise EmailUnacceptable(detail="This namespace belongs to services.")
    if any(unicodedata.category(character)[0] in _REFUSED_CATEGORIES for character in email):
        raise EmailUnacceptable(detail="It holds a space or a character that cannot be seen.")
    name, at, domain = email.partition("@")
    if not (name and at and domain) or "@" in domain:
        raise EmailUnacceptable(detail="It needs one @ with something on both sides.")
    return email
