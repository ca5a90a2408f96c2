"""Every limit there is: its name, what it counts, for whom, how many and in which time. Pure.

A limit's window begins with the first hit and ends after its time. The page
`docs/flows/limits_and_lockout.md` has the same table in words; a test compares the two.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute


class Scope(StrEnum):
    """For whom a limit counts."""

    ADDRESS = "address"
    """An IPv4 address, or an IPv6 network of 64 bits."""
    ACCOUNT = "account"
    ACCOUNT_AT_ADDRESS = "account at an address"
    DEVICE = "known browser"
    CLIENT_AT_ADDRESS = "client id at an address"
    SERVICE = "service"
    PRINCIPAL = "person or service"
    MAILBOX = "e-mail address, known or not, and purpose"
    SENDER = "address, or service that proved itself"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many of something for somebody within a time."""

    item: RateLimitItem
    scope: Scope
    counts: str

    @property
    def name(self) -> str:
        """What it is called in the audit record and in a counter's key."""
        return self.item.namespace


def _minutes(name: str, amount: int, minutes: int = 1) -> RateLimitItem:
    return RateLimitItemPerMinute(amount, minutes, name)


def _hour(name: str, amount: int) -> RateLimitItem:
    return RateLimitItemPerHour(amount, 1, name)


def _day(name: str, amount: int) -> RateLimitItem:
    return RateLimitItemPerDay(amount, 1, name)


_LOGINS: Final = "refused passwords"

# An unknown browser meets these in order; the first one that is reached refuses.
LOGIN_ADDRESS: Final = Limit(_minutes("login_address", 50, 15), Scope.ADDRESS, _LOGINS)
LOGIN_ACCOUNT_AT_ADDRESS: Final = Limit(
    _minutes("login_account_at_address", 5, 15), Scope.ACCOUNT_AT_ADDRESS, _LOGINS
)
# Together they make the delay grow: whoever goes on guessing waits an hour, then a day.
LOGIN_ACCOUNT_HOUR: Final = Limit(_hour("login_account_hour", 20), Scope.ACCOUNT, _LOGINS)
LOGIN_ACCOUNT_DAY: Final = Limit(_day("login_account_day", 60), Scope.ACCOUNT, _LOGINS)
# A browser the person used before meets these instead.
LOGIN_DEVICE: Final = Limit(_minutes("login_device", 10, 15), Scope.DEVICE, _LOGINS)
LOGIN_DEVICE_DAY: Final = Limit(_day("login_device_day", 60), Scope.DEVICE, _LOGINS)

REGISTRATION: Final = Limit(
    _hour("registration", 200), Scope.ADDRESS, "registrations and forgotten passwords, done or not"
)
# Counted when a mail is to be sent, not when it is asked for: nobody who asks is told of it.
MAIL: Final = Limit(
    _hour("mail", 3), Scope.MAILBOX, "mails asked for; what is beyond is not sent, and not told"
)

# A right credential never meets these: it is verified first. Their windows are short, so that a
# service that was given a wrong secret goes on hearing so: the backend asks every ten seconds.
CLIENT_ADDRESS: Final = Limit(
    _minutes("client_address", 60), Scope.ADDRESS, "refused client credentials"
)
CLIENT_AT_ADDRESS: Final = Limit(
    _minutes("client_at_address", 30), Scope.CLIENT_AT_ADDRESS, "refused client credentials"
)
GRANT_ADDRESS: Final = Limit(
    _minutes("grant_address", 60, 15), Scope.ADDRESS, "refused codes and refresh tokens"
)

FAILURES: Final = (
    LOGIN_ADDRESS,
    LOGIN_ACCOUNT_AT_ADDRESS,
    LOGIN_ACCOUNT_HOUR,
    LOGIN_ACCOUNT_DAY,
    LOGIN_DEVICE,
    LOGIN_DEVICE_DAY,
    REGISTRATION,
    MAIL,
    CLIENT_ADDRESS,
    CLIENT_AT_ADDRESS,
    GRANT_ADDRESS,
)
"""Counted in the store: they hold across instances and restarts."""

SERVICE_TOKENS: Final = Limit(
    _minutes("service_tokens", 1200), Scope.SERVICE, "requests at the token endpoint"
)
SERVICE_INTROSPECTIONS: Final = Limit(
    _minutes("service_introspections", 6000), Scope.SERVICE, "introspections"
)
SERVICE_REVOCATIONS: Final = Limit(
    _minutes("service_revocations", 1200), Scope.SERVICE, "revocations"
)
PUBLIC_CLIENT: Final = Limit(
    _minutes("public_client", 600),
    Scope.ADDRESS,
    "requests of clients without a secret at the token, introspection and revocation endpoints",
)
API: Final = Limit(
    _minutes("api", 1200), Scope.PRINCIPAL, "requests with an access token, the admin API's too"
)
AUTHORIZATION: Final = Limit(
    _minutes("authorization", 300), Scope.PRINCIPAL, "authorization requests of who is logged in"
)
PAGES_ADDRESS: Final = Limit(
    _minutes("pages_address", 600),
    Scope.ADDRESS,
    "login, registration and authorization requests of who is not logged in",
)
PAGES_DEVICE: Final = Limit(
    _minutes("pages_device", 300), Scope.DEVICE, "the same, of a browser somebody used before"
)
REFUSALS_NOTED: Final = Limit(
    _minutes("refusals_noted", 60),
    Scope.SENDER,
    "refused access tokens, forged forms and wrong grants that get an audit row each; none is"
    " answered otherwise",
)

REQUESTS: Final = (
    SERVICE_TOKENS,
    SERVICE_INTROSPECTIONS,
    SERVICE_REVOCATIONS,
    PUBLIC_CLIENT,
    API,
    AUTHORIZATION,
    PAGES_ADDRESS,
    PAGES_DEVICE,
    REFUSALS_NOTED,
)
"""Counted in the process, or in Redis where one is configured."""
