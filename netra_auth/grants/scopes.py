"""How scopes and audiences are asked for and cut down. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from netra_auth.grants.errors import OAuthCode, OAuthError

OPENID: Final = "openid"
PROFILE: Final = "profile"
EMAIL: Final = "email"
OFFLINE_ACCESS: Final = "offline_access"

_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*\Z")
"""RFC 6749 section 3.3: tokens separated by single spaces."""


def granted_scopes(asked: str | None, allowed: Iterable[str]) -> tuple[str, ...]:
    """Give the scopes asked for, or all that are allowed when none are; never more than allowed.

    Raises:
        OAuthError: `invalid_scope`: malformed, or more than is allowed (checklist 25).
    """
    allowed = tuple(allowed)
    if asked is None:
        return allowed
    if _SCOPE.match(asked) is None:
        raise OAuthError(OAuthCode.INVALID_SCOPE, "The scope is malformed.")
    wanted = tuple(dict.fromkeys(asked.split(" ")))
    if not set(wanted) <= set(allowed):
        raise OAuthError(OAuthCode.INVALID_SCOPE, "The scope is more than may be asked for.")
    return wanted


def granted_audiences(asked: str | None, allowed: Iterable[str]) -> tuple[str, ...]:
    """Give the audiences asked for (separated by spaces), or all that are allowed.

    Raises:
        OAuthError: `invalid_target`: an audience that is not allowed.
    """
    allowed = tuple(allowed)
    if asked is None:
        return allowed
    wanted = tuple(dict.fromkeys(asked.split()))
    if not wanted or not set(wanted) <= set(allowed):
        raise OAuthError(OAuthCode.INVALID_TARGET, "The audience may not be asked for.")
    return wanted
