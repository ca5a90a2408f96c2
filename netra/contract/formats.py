"""What the values of the declared variables must look like. Pure: no file or network is asked.

What no value may have, of whatever kind, is in `netra.contract.flaws`.
"""

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qs

from netra.contract.flaws import (
    GENERATE,
    Flaw,
    ViolationKind,
    secret_flaw,
)
from netra.contract.patterns.matching import matches
from netra.contract.service_registry import RegistryInvalid, parse_registry
from netra.contract.urls.parts import default_password_flaw, split_url
from netra.principal import is_service_id

_SHORTEST_SECRET: Final = 32
_KEY_BYTES: Final = 32
_HIGHEST_PORT: Final = 65535
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_SEGMENT: Final = r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*"
_PATH = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_SHORTEST_KEY: Final = 8
_KEY_FROM: Final = "Take the key from whoever gives out access to that API."
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class OneOf:
    """One word of a list."""

    words: tuple[str, ...]
    inner_whitespace: str = field(default="", init=False)

    @property
    def text(self) -> str:
        """Say it in words."""
        return f"{', '.join(self.words[:-1])} or {self.words[-1]}"

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        return None if value in self.words else _malformed(self.text)


@dataclass(frozen=True, slots=True)
class SelfRegistration:
    """Whether and how people register themselves."""

    text: str = (
        "by-mail, closed, or allowed (in the environment local alone: it tells strangers which"
        " addresses have accounts)"
    )
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:
        """Find what is wrong with a value."""
        if value == "allowed" and deployed:
            return Flaw(
                ViolationKind.CONFLICTING,
                "is allowed outside the environment local: by registering, strangers are told"
                " which addresses have accounts",
                "Write by-mail, which proves an address before anything is told, or closed.",
            )
        return None if value in ("allowed", "by-mail", "closed") else _malformed(self.text)


@dataclass(frozen=True, slots=True)
class Matching:
    """A text of a certain pattern, which `text` says in words.

    Known are the patterns that `netra.contract.patterns` reads, and no text is matched for longer
    than a moment.
    """

    pattern: str
    text: str
    inner_whitespace: str = ""

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        match matches(self.pattern, value):
            case None:
                return Flaw(
                    ViolationKind.MALFORMED,
                    "is too long to be held against its pattern",
                    f"Write {self.text}.",
                )
            case is_so:
                return None if is_so else _malformed(self.text)


@dataclass(frozen=True, slots=True)
class ServiceId:
    """A service's own name."""

    text: str = "lower-case letters, digits and single hyphens, at most 63 characters"
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        return None if is_service_id(value) else _malformed(self.text)


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """A whole number within bounds."""

    least: int
    most: int
    inner_whitespace: str = field(default="", init=False)

    @property
    def text(self) -> str:
        """Say it in words."""
        return f"a whole number from {self.least} to {self.most}"

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        if re.fullmatch(r"0|[1-9][0-9]{0,8}", value) and self.least <= int(value) <= self.most:
            return None
        return _malformed(f"{self.text}, in digits alone")


@dataclass(frozen=True, slots=True)
class StrongSecret:
    """A secret that cannot be guessed, of at least 32 printable ASCII characters."""

    text: str = "a random secret of at least 32 printable ASCII characters without spaces"
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        if flaw := secret_flaw(value):
            return flaw
        if len(value) < _SHORTEST_SECRET:
            return Flaw(ViolationKind.TOO_SHORT, "is too short to be a secret", GENERATE)
        return None


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A key of exactly 32 bytes, in base64url."""

    text: str = "32 random bytes in base64url (43 characters, with or without a final `=`)"
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        if flaw := secret_flaw(value):
            return flaw
        size = _decoded_size(value)
        if size == _KEY_BYTES:
            return None
        fix = "Make one with `openssl rand -base64 32 | tr '+/' '-_'`."
        if size is not None and size < _KEY_BYTES:
            return Flaw(ViolationKind.TOO_SHORT, "is too short for a key of 32 bytes", fix)
        return Flaw(ViolationKind.MALFORMED, "is not 32 bytes in base64url", fix)


@dataclass(frozen=True, slots=True)
class ServiceUrl:
    """The base URL of a service: scheme, host and port, as a token's issuer is compared."""

    text: str = (
        "https://HOST[:PORT] (http only where HOST is a loopback address) without path,"
        " trailing slash, query, fragment or user"
    )
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        return _origin_flaw(value)


@dataclass(frozen=True, slots=True)
class ApiUrl:
    """The base URL of somebody else's API: as `ServiceUrl`, and with a path."""

    text: str = (
        "https://HOST[:PORT][/PATH] (http only where HOST is a loopback address) without"
        " trailing slash, query, fragment or user"
    )
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        scheme, _, rest = value.partition("://")
        host, slash, path = rest.partition("/")
        if slash and not _PATH.fullmatch(path):
            return _malformed(self.text)
        return _origin_flaw(f"{scheme}://{host}")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key somebody else gave out, of at least 8 printable ASCII characters."""

    text: str = "the key as it was given out, of at least 8 printable ASCII characters"
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        if flaw := secret_flaw(value):
            return Flaw(flaw.problem, flaw.says, _KEY_FROM)
        if len(value) < _SHORTEST_KEY:
            return Flaw(ViolationKind.TOO_SHORT, "is too short to be a key", _KEY_FROM)
        return None


@dataclass(frozen=True, slots=True)
class Origins:
    """A list of browser origins."""

    text: str = (
        "origins (https://HOST[:PORT]; http only where HOST is a loopback address)"
        " joined by commas, without spaces"
    )
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        flaws = (_origin_flaw(item) for item in value.split(","))
        return next((flaw for flaw in flaws if flaw), None)


@dataclass(frozen=True, slots=True)
class Networks:
    """A list of IP addresses and networks, none of which is the whole internet."""

    text: str = "IP addresses or networks (CIDR) joined by commas, without spaces"
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        for item in value.split(","):
            try:
                network = ipaddress.ip_network(item)
            except ValueError:
                return _malformed(self.text)
            if network.prefixlen == 0:
                return Flaw(
                    ViolationKind.MALFORMED,
                    "trusts every address there is",
                    "List the addresses of the proxies alone.",
                )
        return None


@dataclass(frozen=True, slots=True)
class Host:
    """An address to listen on."""

    text: str = "an IP address or a host name"
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        return None if _is_address(value) or _HOST.match(value) else _malformed(self.text)


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """The URL of a store that this project has a driver for."""

    text: str = (
        "sqlite+aiosqlite:///PATH (four slashes before an absolute path) or"
        " postgresql+asyncpg://USER@HOST[:PORT]/DATABASE (USER:PASSWORD where it has one)"
    )
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:
        """Find what is wrong with a value; a default password is refused where deployed."""
        url = split_url(value)
        if url is None:
            return _malformed(self.text)
        if url.scheme == "sqlite+aiosqlite":
            return self._file_flaw(url)
        if url.scheme != "postgresql+asyncpg":
            return _malformed(self.text)
        named_host = url.hostname or parse_qs(url.query).get("host")
        if not named_host or not url.path.strip("/") or url.fragment:
            return _malformed(self.text)
        return default_password_flaw(url, user_of="the database user") if deployed else None

    def _file_flaw(self, url: SplitResult) -> Flaw | None:
        path = url.path.removeprefix("/")
        if url.netloc or not path or url.query or url.fragment or path == ":memory:":
            return _malformed(f"{self.text}; a store in memory would be lost at each restart")
        return None


@dataclass(frozen=True, slots=True)
class Registry:
    """The list of services that `netra.contract.service_registry` reads."""

    text: str = (
        "a JSON list of objects with service_id, secret_sha256 (64 hexadecimal digits), scopes"
        " and audiences"
    )
    inner_whitespace: str = field(default=" \t\r\n", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:  # noqa: ARG002 - the protocol's
        """Find what is wrong with a value."""
        try:
            parse_registry(value)
        except RegistryInvalid as error:
            return Flaw(ViolationKind.MALFORMED, str(error), f"Write {self.text}.")
        return None


FILE_PATH: Final = Matching(r"[^\x00]+", "the path of a file", inner_whitespace=" ")
DIRECTORY_PATH: Final = Matching(
    r"/[^\x00]*", "the absolute path of a directory", inner_whitespace=" "
)
PORT: Final = WholeNumber(0, _HIGHEST_PORT)


def _malformed(must_be: str) -> Flaw:
    return Flaw(ViolationKind.MALFORMED, "does not have the declared form", f"Write {must_be}.")


def _origin_flaw(value: str) -> Flaw | None:
    """Find what is wrong with `scheme://host[:port]`, which is compared as a string."""
    url = split_url(value)
    if url is None or url.scheme not in _DEFAULT_PORTS or not url.hostname or url.port == 0:
        return _malformed("https://HOST[:PORT]")
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    port = "" if url.port is None else f":{url.port}"
    if value.rstrip("/") == f"{url.scheme}://{host}{port}" != value:
        return Flaw(
            ViolationKind.MALFORMED,
            "ends in a slash",
            "Write it without: it is compared character by character.",
        )
    if value != f"{url.scheme}://{host}{port}" or not (
        _is_address(url.hostname) or _HOST.match(url.hostname)
    ):
        return _malformed(
            "https://HOST[:PORT] in lower case, without path, query, fragment or user"
        )
    if url.port == _DEFAULT_PORTS[url.scheme]:
        return Flaw(
            ViolationKind.MALFORMED,
            "names the scheme's own port",
            "Leave the port out: the text is compared character by character.",
        )
    if url.scheme == "http" and not is_loopback(url.hostname):
        return Flaw(
            ViolationKind.MALFORMED,
            "sends credentials in clear text to another machine",
            "Write https; http is for loopback addresses alone.",
        )
    return None


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address (without brackets) means this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _decoded_size(value: str) -> int | None:
    """Give the number of bytes that canonical base64url stands for, or None."""
    bare = value.removesuffix("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", bare):
        return None
    try:
        decoded = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return None
    canonical = base64.urlsafe_b64encode(decoded).decode().rstrip("=")
    return len(decoded) if canonical == bare else None
