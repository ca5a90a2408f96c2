"""What the URL of a Redis must look like. Pure: no network is asked."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from netra.contract.flaws import Flaw, ViolationKind, is_placeholder

_SCHEMES: Final = ("redis", "rediss")


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """The URL of one Redis, with TLS (`rediss`) or without."""

    text: str = (
        "redis://HOST[:PORT][/NUMBER], or rediss for TLS (USER:PASSWORD or :PASSWORD before @HOST"
        " where it has one)"
    )
    inner_whitespace: str = field(default="", init=False)

    def flaw(self, value: str, *, deployed: bool) -> Flaw | None:
        """Find what is wrong with a value; a default password is refused where deployed."""
        url = _split(value)
        number = "" if url is None else url.path.removeprefix("/")
        if (
            url is None
            or url.scheme not in _SCHEMES
            or not url.hostname
            or url.query
            or url.fragment
            or (number and not (number.isascii() and number.isdigit()))
        ):
            return Flaw(
                ViolationKind.MALFORMED, "does not have the declared form", f"Write {self.text}."
            )
        password = unquote(url.password or "")
        if deployed and password and (is_placeholder(password) or password == url.username):
            return Flaw(
                ViolationKind.PLACEHOLDER,
                "holds a well-known default password",
                "Give the Redis user a random password.",
            )
        return None


def _split(value: str) -> SplitResult | None:
    try:
        url = urlsplit(value)
        _ = url.port  # Raises where the port is no port.
    except ValueError:
        return None
    return url
