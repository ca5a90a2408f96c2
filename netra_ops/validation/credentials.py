"""Whom a walk or a command acts as, and where the credentials come from. Nothing is sent here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from netra.contract.formats import ServiceUrl
from netra.secret import Secret
from netra_ops.findings import UsageRefused


@dataclass(frozen=True, slots=True)
class ServiceCredential:
    """A registered service's id and secret."""

    service_id: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class Person:
    """A user's e-mail address and password."""

    email: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a golden path is walked with.

    Attributes:
        auth_url: Where the auth service is asked.
        service: The service whose own path is walked.
        person: The user whose path is walked; None to make a throw-away one.
        operator: Who may make and delete users; needed when `person` is None.
        issued_as: The issuer, where the auth service is asked elsewhere than people ask it.
    """

    auth_url: str
    service: ServiceCredential
    person: Person | None = None
    operator: ServiceCredential | None = None
    issued_as: str | None = None

    @property
    def issuer(self) -> str:
        """Give what the auth service calls itself, and where people log in."""
        return self.issued_as or self.auth_url


_Text = Annotated[str, msgspec.Meta(min_length=1)]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    auth_url: _Text
    email: _Text
    password: _Text
    service_id: _Text
    service_secret: _Text


def from_file(path: Path) -> Credentials:
    """Read a credentials file.

    Raises:
        UsageRefused: It cannot be read, or is not of the right form; says nothing of its content.
    """
    try:
        content = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise UsageRefused(f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        wanted = ", ".join(_File.__struct_fields__)
        raise UsageRefused(
            f"{path} is not a JSON object with the texts {wanted}, and nothing else."
        ) from None
    return Credentials(
        auth_url=service_url(content.auth_url, "auth_url"),
        service=ServiceCredential(content.service_id, Secret(content.service_secret)),
        person=Person(content.email, Secret(content.password)),
    )


def service_url(text: str, name: str) -> str:
    """Take a text for the base URL of a service.

    Raises:
        UsageRefused: It is none, or one to which no secret may be sent.
    """
    address = text.removesuffix("/")
    form = ServiceUrl()
    if form.flaw(address, deployed=False):
        raise UsageRefused(f"{name} must be {form.text}.")
    return address
