"""The principal of a run: how it is recorded when it was verified, and restored for the run alone.

Nothing else restores a principal. Whether its person may still act is asked at the auth service by
whoever takes the run up again.
"""

from typing import Final, Literal

import msgspec

from netra.errors import InternalError
from netra.policy import CredentialMethod
from netra.principal import Role, UserPrincipal

_VERSION: Final = 1


class PrincipalUnreadable(InternalError):
    """What stands recorded is no principal, so nothing can be done under it."""


class _Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: Literal[1]
    user_id: str
    session_id: str
    client_id: str
    scopes: tuple[str, ...]
    roles: tuple[Role, ...]
    token_id: str
    expires_at: float
    method: CredentialMethod


_DECODE: Final = msgspec.json.Decoder(_Recorded)


def recorded(principal: UserPrincipal, method: CredentialMethod) -> str:
    """Write a verified principal, and how its credential came, for the run it asked for."""
    written = _Recorded(
        version=_VERSION,
        user_id=principal.user_id,
        session_id=principal.session_id,
        client_id=principal.client_id,
        scopes=tuple(sorted(principal.scopes)),
        roles=tuple(sorted(principal.roles)),
        token_id=principal.token_id,
        expires_at=principal.expires_at,
        method=method,
    )
    return msgspec.json.encode(written).decode()


def restored(text: str, *, owner_id: str, now: float) -> tuple[UserPrincipal, CredentialMethod]:
    """Give the principal a run was asked for by.

    A role is given back only while the token that proved it would still hold: whether the person
    has it after that is not known here.

    Args:
        text: What `recorded` wrote.
        owner_id: Whose run it is; the record of anybody else is refused.
        now: Seconds since the epoch.

    Raises:
        PrincipalUnreadable: It is no such record, or another person's.
    """
    try:
        read = _DECODE.decode(text)
    except msgspec.MsgspecError as error:
        raise PrincipalUnreadable("a run's principal cannot be read") from error
    if read.user_id != owner_id:
        raise PrincipalUnreadable("a run's principal is not the run's owner")
    principal = UserPrincipal(
        user_id=read.user_id,
        session_id=read.session_id,
        client_id=read.client_id,
        scopes=frozenset(read.scopes),
        roles=frozenset(read.roles) if now < read.expires_at else frozenset(),
        token_id=read.token_id,
        expires_at=read.expires_at,
    )
    return principal, read.method
