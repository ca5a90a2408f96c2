"""The cookies of this service: their names, and how they are set."""

from dataclasses import dataclass
from typing import Final

from fastapi import Response

_HOST_PREFIX: Final = "__Host-"
"""A browser then takes the cookie only over TLS, from this host, for the whole site."""


@dataclass(frozen=True, slots=True)
class CookieNames:
    """What the cookies are called here."""

    session: str
    csrf: str
    pending: str
    device: str
    link: str

    @classmethod
    def for_issuer(cls, *, secure: bool) -> "CookieNames":
        """Give the names; over TLS they carry the `__Host-` prefix."""
        prefix = _HOST_PREFIX if secure else ""
        kinds = ("session", "csrf", "pending", "device", "link")
        return cls(*(f"{prefix}netra_{kind}" for kind in kinds))


def set_cookie(
    response: Response, name: str, value: str, max_age_seconds: int, *, secure: bool
) -> None:
    """Set a cookie that no script reads and no other site's form sends."""
    response.set_cookie(
        name, value, max_age=max_age_seconds, path="/", secure=secure, httponly=True, samesite="lax"
    )


def clear_cookie(response: Response, name: str, *, secure: bool) -> None:
    """Make the browser forget a cookie."""
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
