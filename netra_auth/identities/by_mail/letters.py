"""What mails say, and which one answers what was asked for. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from netra.secret import Secret
from netra.wire.auth_api import FORGOTTEN_PASSWORD_PATH, LOGIN_PATH, MAILED_LINK_PATH


class Purpose(StrEnum):
    """What a mail is asked for."""

    REGISTRATION = "registration"
    NEW_PASSWORD = "new_password"  # noqa: S105 - the name of a purpose


class Kind(StrEnum):
    """What a mail is, in the words of the audit record."""

    FINISH = "a link to finish a registration"
    HAS_ACCOUNT = "that there is an account"
    RESET = "a link to a new password"

    @property
    def has_link(self) -> bool:
        """Tell whether the mail has a link that opens something."""
        return self is not Kind.HAS_ACCOUNT


@dataclass(frozen=True, slots=True)
class Written:
    """A mail's subject and text."""

    subject: str
    text: str


def kind_for(purpose: Purpose, *, has_account: bool) -> Kind | None:
    """Give the mail that answers a request, None where nobody is to be told anything."""
    if purpose is Purpose.REGISTRATION:
        return Kind.HAS_ACCOUNT if has_account else Kind.FINISH
    return Kind.RESET if has_account else None


def written(kind: Kind, issuer_url: str, token: Secret | None) -> Written:
    """Write a mail; `token` is what its link opens with, where it has one."""
    link = "" if token is None else f"{issuer_url}{MAILED_LINK_PATH}?token={token.reveal()}"
    place = issuer_url.partition("://")[2]
    if kind is Kind.FINISH:
        return Written(
            f"Finish your registration at {place}",
            f"Somebody, probably you, asked for an account with this address at\n{issuer_url}\n\n"
            f"To choose a password and finish, open this within an hour:\n\n{link}\n\n"
            "If it was not you, there is nothing to do: without it no account is made.\n",
        )
    if kind is Kind.RESET:
        return Written(
            f"A new password at {place}",
            f"Somebody, probably you, forgot the password of your account at\n{issuer_url}\n\n"
            f"To choose a new one, open this within an hour:\n\n{link}\n\n"
            "It works once. If it was not you, there is nothing to do: your password stays.\n",
        )
    return Written(
        f"You have an account at {place}",
        f"Somebody, perhaps you, asked for an account with this address at\n{issuer_url}\n\n"
        f"You have one already. To log in:\n\n{issuer_url}{LOGIN_PATH}\n\n"
        f"If you forgot your password:\n\n{issuer_url}{FORGOTTEN_PASSWORD_PATH}\n\n"
        "If it was not you, there is nothing to do: nobody was told that you have one.\n",
    )
