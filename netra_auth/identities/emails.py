"""What an e-mail address must be to name an account. Pure; whether mail arrives is not known."""

import unicodedata
from typing import Final

from netra.errors import ContentInvalid
from netra_auth.identities.look_alikes import is_invisible, looks_like_a_service

MAX_LENGTH: Final = 254
_ATOM: Final = frozenset("!#$%&'*+-/=?^_`{|}~.")
"""What may stand before the @ besides letters and digits, unquoted (RFC 5322 section 3.2.3)."""
_HOST: Final = frozenset("-.")
_WRITING: Final = ("L", "M", "N")
"""Letters, marks and digits of every script (RFC 6531)."""


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
    if looks_like_a_service(email):
        raise EmailUnacceptable(detail="This namespace belongs to services.")
    if any(is_invisible(character) for character in email):
        raise EmailUnacceptable(detail="It holds a space or a character that cannot be seen.")
    name, at, domain = email.partition("@")
    if not (name and at and domain) or "@" in domain:
        raise EmailUnacceptable(detail="It needs one @ with something on both sides.")
    # No colon, nor what passes for one, can stand in an address: whatever the table of look-alikes
    # may lack, the namespace of services stays out of reach.
    if not (_holds_only(name, _ATOM) and _holds_only(domain, _HOST)):
        raise EmailUnacceptable(detail="It holds a character that no e-mail address has.")
    return email


def _holds_only(text: str, others: frozenset[str]) -> bool:
    return all(c in others or unicodedata.category(c)[0] in _WRITING for c in text)
