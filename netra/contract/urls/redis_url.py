"""What the URL of a Redis must look like. Pure: no network is asked."""

from dataclasses import dataclass, field
from typing import Final

from netra.contract.flaws import Flaw, ViolationKind
from netra.contract.urls.parts import default_password_flaw, split_url

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
        url = split_url(value)
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
        return default_password_flaw(url, user_of="the Redis user") if deployed else None
