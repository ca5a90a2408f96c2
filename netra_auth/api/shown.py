"""How a page shows what is stored: times, devices by a name people know, scopes in words. Pure."""

from types import MappingProxyType
from typing import Final

from netra.clock import as_datetime
from netra_auth.grants.scopes import EMAIL, OFFLINE_ACCESS, OPENID, PROFILE

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""Marks in the order in which they decide: every browser claims to be the ones before it."""
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_UNKNOWN: Final = "An unknown device"
_LONGEST: Final = 60
_IN_WORDS: Final = MappingProxyType(
    {
        OPENID: "Know that you logged in, when, and by which id it will know you again",
        PROFILE: "See when your account was last changed",
        EMAIL: "See your e-mail address",
        OFFLINE_ACCESS: "Stay connected while you are away, for up to 30 days or until you log out",
    }
)


def device_name(user_agent: str) -> str:
    """Name a device by what its browser called itself; unproven, good enough to recognise it."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), None)
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), None)
    if browser and system:
        return f"{browser} on {system}"
    return browser or user_agent[:_LONGEST] or _UNKNOWN


def moment(timestamp: float) -> str:
    """Write a time for people, to the minute."""
    when = as_datetime(timestamp)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def wishes(scope: str) -> tuple[str, ...]:
    """Say in words what a program may, or wants to, do for a person."""
    return tuple(_IN_WORDS[name] for name in scope.split() if name in _IN_WORDS)
