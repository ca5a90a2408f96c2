"""What the URL of a mail server must look like, and what it says. Pure: no network is asked."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from netra.contract.flaws import Flaw, ViolationKind
from netra.contract.formats import Host, is_loopback
from netra.contract.urls.parts import default_password_flaw, split_url
from netra.secret import Secret

_PORTS: Final = {"smtp": 587, "smtps": 465}
"""Submission with STARTTLS (RFC 6409) and within TLS (RFC 8314 section 3.3)."""


class Encryption(StrEnum):
    """How what is said to a mail server is kept from others."""

    TLS = "tls"
    """From the first byte on."""
    STARTTLS = "starttls"
    """From the first command on; a server that does not offer it gets no mail."""
    NONE = "none"
    """Not at all: nothing leaves this machine."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed in, and as whom."""

    host: str
    port: int
    encryption: Encryption
    username: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class MailUrl:
    """The URL of the mail server that takes this service's mails."""

    text: str = (
        "smtp://HOST[:PORT], where STARTTLS must be offered unless HOST is a loopback address, or"
        " smtps for TLS from the start (USER:PASSWORD before @HOST where it has one, what is"
        " special in them percent-encoded)"
    )
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:
        """Find what is wrong with a value; a default password is refused where deployed."""
        url = split_url(value)
        if url is None or not _is_whole(url):
            return Flaw(
                ViolationKind.MALFORMED, "does not have the declared form", f"Write {self.text}."
            )
        return default_password_flaw(url, user_of="the mail server's user") if deployed else None


def mail_server_of(url: Secret) -> MailServer:
    """Read a URL in which no flaw was found."""
    parts = urlsplit(url.reveal())
    host = parts.hostname or ""
    encryption = Encryption.NONE if is_loopback(host) else Encryption.STARTTLS
    return MailServer(
        host,
        parts.port or _PORTS[parts.scheme],
        Encryption.TLS if parts.scheme == "smtps" else encryption,
        unquote(parts.username) if parts.username else None,
        Secret(unquote(parts.password)) if parts.password else None,
    )


def _is_whole(url: SplitResult) -> bool:
    """Tell whether there is a server and nothing besides, and who logs in there with what."""
    if url.scheme not in _PORTS or not url.hostname or url.port == 0:
        return False
    if Host().flaw(url.hostname, deployed=False) is not None:
        return False
    if url.path or url.query or url.fragment:
        return False
    named = [unquote(part) for part in (url.username, url.password) if part]
    has_both_or_neither = len(named) in (0, 2) and (bool(named) or "@" not in url.netloc)
    return has_both_or_neither and all(part.isprintable() for part in named)
